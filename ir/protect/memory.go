package protect

import (
	"rampart/ir/protect/code"
	"rampart/ir/rtl"
)

// Stored says how a protected memory keeps its words: bit i of the packed word is bit i of what is stored, check
// bits come behind, and idle bits that fill up the type.
type Stored struct {
	Rule   *Rule
	Word   rtl.Type // of the data
	Type   rtl.Type // of what is stored
	Layout *code.Layout
}

// kinds are the codes of the techniques that have one.
var kinds = map[Technique]code.Kind{Parity: code.Parity, SECDED: code.SECDED, DAEC: code.DAEC}

// defaultGroup is the data bits of a code word that corrects, where the policy does not say.
const defaultGroup = 64

// newStored lays words out as a rule says. The error says why the rule cannot apply.
func newStored(word rtl.Type, r *Rule) (*Stored, error) {
	spec := code.Spec{Kind: kinds[r.Use], Width: word.Width(), Group: r.Group.Bits, Interleave: r.Interleave}
	if r.OnError == Zero {
		spec.OnError = code.Zero
	}
	switch {
	case r.Group.Lane, r.Group == (Group{}) && r.Use == Parity && r.OnError == Zero:
		spec.Group = word.Bits
	case r.Group == (Group{}) && r.Use != Parity:
		spec.Group = defaultGroup
	}
	l, err := code.NewLayout(spec)
	if err != nil {
		return nil, err
	}
	return &Stored{Rule: r, Word: word, Type: storedType(l.Stored()), Layout: l}, nil
}

// memory protects a memory of the module.
func (v *variant) memory(mem *rtl.Mem, rule *Rule) error {
	if rule.Use == TMR {
		v.three(mem)
		return nil
	}
	s, err := newStored(mem.Word, rule)
	if err != nil {
		return err
	}
	v.words[mem] = s
	mem.Word, mem.Init = s.Type, s.encodeAll(mem.Init)
	for _, w := range mem.Writes {
		w.Data = s.encode(v.m, w.Data)
	}
	for _, r := range mem.Reads {
		first := len(v.m.Nodes)
		r.Q.Type = s.Type
		d := decoder{Stored: s, m: v.m, q: r.Q}
		data := d.decode().Named(r.Q.Name + "_data")
		v.m.Substitute(r.Q, data, first)
		v.seen(r, d.corrected, d.detected)
	}
	return nil
}

// seen counts what the decoder of a read port finds in words that it has just read.
func (v *variant) seen(r *rtl.Read, corrected, detected []*rtl.Node) {
	fresh := func(n *rtl.Node) *rtl.Node { return n }
	if r.Enable != nil {
		read := v.m.Delay(r.Q.Name+"_fresh", r.Enable)
		fresh = func(n *rtl.Node) *rtl.Node { return n.And(read) }
	}
	for _, n := range corrected {
		v.events.correct(fresh(n))
	}
	for _, n := range detected {
		v.events.detect(fresh(n))
	}
}

// storedType is a type of equal lanes for so many bits, or a few more.
func storedType(bits int) rtl.Type {
	lanes := (bits + rtl.MaxBits - 1) / rtl.MaxBits
	return rtl.U((bits + lanes - 1) / lanes).Vec(lanes)
}

// encodeAll is what is stored of a memory's first contents. Where they are all zero so is what is stored.
func (s *Stored) encodeAll(words [][]int64) [][]int64 {
	var all [][]int64
	for _, w := range words {
		stored := make([]int64, s.Type.Lanes)
		bits := make([]uint64, (s.Type.Width()+63)/64)
		copy(bits, s.Layout.Encode(code.PackLanes(w, s.Word.Bits)))
		code.UnpackLanes(stored, bits, s.Type.Bits, false)
		all = append(all, stored)
	}
	return all
}

// encode is what is stored of a value.
func (s *Stored) encode(m *rtl.Module, data *rtl.Node) *rtl.Node {
	width := s.Word.Width()
	checks := make([]*rtl.Node, s.Layout.Stored()-width)
	for i := range s.Layout.Groups {
		for j, at := range s.Layout.Groups[i].CheckBits() {
			mask := s.Layout.Mask(i, j)
			code.Flip(mask, at)
			checks[at-width] = parity(m, data, mask)
		}
	}
	parts := append([]*rtl.Node{data}, checks...)
	if idle := s.Type.Width() - s.Layout.Stored(); idle > 0 {
		parts = append(parts, m.Const(rtl.U(idle), 0))
	}
	return m.Pack(s.Type, parts...)
}

// decoder makes the logic behind a read port.
type decoder struct {
	*Stored
	m *rtl.Module
	q *rtl.Node // what was read

	corrected, detected []*rtl.Node // a bit of each group: what was seen in it
}

// decode is the data of the word that was read.
func (d *decoder) decode() *rtl.Node {
	data := d.q.Slice(0, d.Word)
	var flips, bad []*rtl.Node // by group: its bits that are inverted; that more is wrong
	for i, g := range d.Layout.Groups {
		s := d.syndrome(i)
		wrong := s.EqI(0).Not()
		if corrections := g.Code.Corrections(); len(corrections) > 0 {
			inverted := d.inverted(g.Code, s)
			fixed := d.fixed(g.Code, s, inverted, corrections)
			d.corrected = append(d.corrected, fixed)
			wrong = wrong.And(fixed.Not())
			flips = append(flips, inverted)
		}
		d.detected = append(d.detected, wrong)
		bad = append(bad, wrong.Stretch(g.Code.Data))
	}
	if len(flips) > 0 {
		data = data.Xor(d.arrange(flips)).To(d.Word)
	}
	if d.Rule.OnError == Zero {
		data = data.And(d.arrange(bad).Not()).To(d.Word)
	}
	return data
}

// syndrome is that of a group.
func (d *decoder) syndrome(group int) *rtl.Node {
	var bits []*rtl.Node
	for j := range d.Layout.Groups[group].Code.Checks {
		mask := make([]uint64, (d.Type.Width()+63)/64)
		copy(mask, d.Layout.Mask(group, j))
		bits = append(bits, parity(d.m, d.q, mask))
	}
	return d.m.Join(bits...).Bitcast(rtl.U(len(bits)))
}

// fixed tells whether a syndrome is one that is corrected: data bits are inverted, or it is that of a check bit alone,
// or of check bits together.
func (d *decoder) fixed(c *code.Code, s, inverted *rtl.Node, all []code.Correction) *rtl.Node {
	any := some(inverted).Or(power(s))
	var others []int64
	for _, k := range all {
		if k.First >= c.Data && k.Count > 1 {
			others = append(others, int64(k.Syndrome))
		}
	}
	if len(others) > 0 {
		any = any.Or(some(s.Eq(d.m.Node(rtl.OpConst, s.Type.Vec(len(others)), others))))
	}
	return any
}

// inverted is the data bits of a code word that the syndrome says to invert, one to a lane.
func (d *decoder) inverted(c *code.Code, s *rtl.Node) *rtl.Node {
	var any *rtl.Node
	for at := 0; ; at++ {
		syndromes := make([]int64, c.Data)
		more := false
		for i := range syndromes {
			all := c.Inverting(i)
			syndromes[i] = int64(all[min(at, len(all)-1)])
			more = more || at < len(all)
		}
		if !more {
			return any
		}
		hit := s.Eq(d.m.Node(rtl.OpConst, s.Type.Vec(c.Data), syndromes))
		if any == nil {
			any = hit
		} else {
			any = any.Or(hit)
		}
	}
}

// arrange brings bits of the groups' data to the order of the word, and gives them its type.
func (d *decoder) arrange(perGroup []*rtl.Node) *rtl.Node {
	from := make([]int, d.Word.Width())
	at, ordered := 0, true
	for _, g := range d.Layout.Groups {
		for _, bit := range g.DataBits() {
			from[bit] = at
			ordered = ordered && bit == at
			at++
		}
	}
	all := d.m.Join(perGroup...)
	if ordered {
		return all.Bitcast(d.Word)
	}
	var bits []*rtl.Node
	for _, f := range from {
		bits = append(bits, all.Lanes(f, 1))
	}
	return d.m.Join(bits...).Bitcast(d.Word)
}
