package rtltest

import (
	"slices"

	"rampart/ir/rtl"
)

// domain is the types that one truth design tries its operations on.
type domain struct {
	name  string
	pools [3]int // bits of input for the first and second operand and for selectors

	elems    []rtl.Type                      // element types of first operands
	partners func(rtl.Type) []rtl.Type       // element types of second operands
	results  func(bits int) []rtl.Type       // element types of results, for operands of so many bits
	lanes    func(a, b rtl.Type) int         // lanes of elementwise results
	spread   [][2]bool                       // which of two operands have all lanes, rather than one
	vectors  []rtl.Type                      // operands of the other operations
	index    []rtl.Type                      // indices of select
	beats    func(total, seed int) [][]int64 // input bits, one per element
}

// probeTable says, per operation, how a domain tries it.
var probeTable = map[rtl.Op]func(d *domain, op rtl.Op) []Probe{
	rtl.OpConst:   constProbes,
	rtl.OpAdd:     binaryProbes,
	rtl.OpSub:     binaryProbes,
	rtl.OpMul:     binaryProbes,
	rtl.OpAnd:     binaryProbes,
	rtl.OpOr:      binaryProbes,
	rtl.OpXor:     binaryProbes,
	rtl.OpNot:     unaryProbes,
	rtl.OpShl:     shiftProbes,
	rtl.OpShr:     shiftProbes,
	rtl.OpEq:      compareProbes,
	rtl.OpLt:      compareProbes,
	rtl.OpMin:     binaryProbes,
	rtl.OpMax:     binaryProbes,
	rtl.OpMux:     muxProbes,
	rtl.OpCast:    unaryProbes,
	rtl.OpSat:     unaryProbes,
	rtl.OpSum:     sumProbes,
	rtl.OpParity:  parityProbes,
	rtl.OpStretch: stretchProbes,
	rtl.OpLanes:   lanesProbes,
	rtl.OpJoin:    joinProbes,
	rtl.OpSelect:  selectProbes,
	rtl.OpBitcast: bitcastProbes,
	rtl.OpSlice:   sliceProbes,
	rtl.OpPack:    packProbes,
}

// operand is a scalar or, where wide, a vector of n lanes of t.
func operand(pool int, t rtl.Type, n int, wide bool) Operand {
	if wide {
		t = t.Vec(n)
	}
	return Operand{pool, t}
}

func (d *domain) pairs(op rtl.Op, visit func(a, b rtl.Type, n int, wide [2]bool)) {
	for _, a := range d.elems {
		for _, b := range d.partners(a) {
			for _, wide := range d.spread {
				visit(a, b, d.lanes(a, b), wide)
			}
		}
	}
}

func binaryProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	d.pairs(op, func(a, b rtl.Type, n int, wide [2]bool) {
		for _, r := range d.results(max(a.Bits, b.Bits)) {
			ps = append(ps, Probe{Op: op, Type: r.Vec(n), Args: []Operand{operand(0, a, n, wide[0]), operand(1, b, n, wide[1])}})
		}
	})
	return ps
}

func shiftProbes(d *domain, op rtl.Op) []Probe {
	return slices.DeleteFunc(binaryProbes(d, op), func(p Probe) bool { return p.Args[1].Type.Signed })
}

func compareProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	d.pairs(op, func(a, b rtl.Type, n int, wide [2]bool) {
		ps = append(ps, Probe{Op: op, Type: rtl.U(1).Vec(n), Args: []Operand{operand(0, a, n, wide[0]), operand(1, b, n, wide[1])}})
	})
	return ps
}

func muxProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for i, p := range binaryProbes(d, op) {
		p.Args = append([]Operand{operand(2, rtl.U(1), p.Type.Lanes, i%2 == 1)}, p.Args...)
		ps = append(ps, p)
	}
	return ps
}

func unaryProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for _, a := range d.elems {
		for _, from := range d.partners(a) { // result widths around every partner's
			for _, wide := range d.spread {
				n := d.lanes(a, from)
				for _, r := range d.results(from.Bits) {
					ps = append(ps, Probe{Op: op, Type: r.Vec(n), Args: []Operand{operand(0, a, n, wide[0])}})
				}
			}
		}
	}
	return unique(ps)
}

// unique drops probes that are there already.
func unique(ps []Probe) []Probe {
	seen := map[string]bool{}
	return slices.DeleteFunc(ps, func(p Probe) bool {
		was := seen[p.String()]
		seen[p.String()] = true
		return was
	})
}

func sumProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for _, a := range d.vectors {
		for _, r := range d.results(a.Bits) {
			ps = append(ps, Probe{Op: op, Type: r, Args: []Operand{{0, a}}})
		}
	}
	return ps
}

func parityProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for _, a := range append(slices.Clone(d.elems), d.vectors...) {
		ps = append(ps, Probe{Op: op, Type: rtl.U(1), Args: []Operand{{0, a}}})
	}
	return ps
}

func stretchProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for _, a := range d.vectors {
		for _, k := range []int{1, 2, 3} {
			ps = append(ps, Probe{Op: op, Type: a.Vec(a.Lanes * k), Imms: []int64{int64(k)}, Args: []Operand{{0, a}}})
		}
	}
	return ps
}

func lanesProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for _, a := range d.vectors {
		for lo := range a.Lanes {
			for _, n := range []int{1, 2, 3, a.Lanes - lo} {
				if lo+n <= a.Lanes {
					ps = append(ps, Probe{Op: op, Type: a.Vec(n), Imms: []int64{int64(lo)}, Args: []Operand{{0, a}}})
				}
			}
		}
	}
	return unique(ps)
}

func joinProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	add := func(args ...Operand) {
		total := 0
		for _, a := range args {
			total += a.Type.Lanes
		}
		ps = append(ps, Probe{Op: op, Type: args[0].Type.Vec(total), Args: args})
	}
	for _, a := range d.vectors {
		add(Operand{0, a})
		add(Operand{0, a}, Operand{1, a.Elem()}, Operand{0, a})
		for _, b := range d.vectors {
			if a.Elem() == b.Elem() {
				add(Operand{0, a}, Operand{1, b})
			}
		}
	}
	return ps
}

func selectProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for _, a := range d.vectors {
		for n := 1; n <= a.Lanes; n++ {
			for _, i := range d.index {
				if a.Lanes%n == 0 {
					ps = append(ps, Probe{Op: op, Type: a.Vec(n), Args: []Operand{{0, a}, {1, i}}})
				}
			}
		}
	}
	return ps
}

func bitcastProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for _, a := range d.vectors {
		for _, signed := range []bool{false, true} {
			for bits := 1; bits <= rtl.MaxBits; bits++ {
				if a.Width()%bits == 0 {
					r := rtl.Type{Lanes: a.Width() / bits, Bits: bits, Signed: signed}
					ps = append(ps, Probe{Op: op, Type: r, Args: []Operand{{0, a}}})
				}
			}
		}
	}
	return ps
}

// sliceProbes begin and end at, just before and just behind the borders of lanes, and in the middle of them.
func sliceProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for _, a := range d.vectors {
		for _, lo := range []int{0, 1, a.Bits / 2, a.Bits - 1, a.Bits, a.Bits + 1, a.Width() / 2, a.Width() - 1} {
			for _, width := range []int{1, 2, a.Bits, a.Bits + 1, 2*a.Bits - 1, a.Width() - lo} {
				if lo >= a.Width() || width < 1 || lo+width > a.Width() {
					continue
				}
				for _, t := range d.shapes(width) {
					ps = append(ps, Probe{Op: op, Type: t, Imms: []int64{int64(lo)}, Args: []Operand{{0, a}}})
				}
			}
		}
	}
	return unique(ps)
}

func packProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	add := func(shapes int, args ...Operand) {
		width := 0
		for _, a := range args {
			width += a.Type.Width()
		}
		all := d.shapes(width)
		for _, t := range all[:min(shapes, len(all))] {
			ps = append(ps, Probe{Op: op, Type: t, Args: args})
		}
	}
	for i, a := range d.vectors {
		add(3, Operand{0, a})
		for _, b := range []rtl.Type{a, d.vectors[(i+1)%len(d.vectors)], rtl.U(1)} {
			add(3, Operand{0, a}, Operand{1, b})
			add(3, Operand{1, b}, Operand{0, a}, Operand{1, b})
		}
	}
	for _, a := range d.elems {
		for _, b := range d.partners(a) {
			add(1, Operand{0, a}, Operand{1, b}, Operand{0, a})
		}
	}
	return unique(ps)
}

// shapes are types of so many bits: the one of the fewest lanes, one of many, and one between, of both signs.
func (d *domain) shapes(width int) []rtl.Type {
	var ts []rtl.Type
	for bits := min(width, rtl.MaxBits); bits > 0 && len(ts) < 2; bits-- {
		if width%bits == 0 {
			ts = append(ts, rtl.Type{Lanes: width / bits, Bits: bits, Signed: len(ts) == 0})
		}
	}
	for bits := 1; bits < min(width, rtl.MaxBits); bits++ {
		if width%bits == 0 && width/bits <= 80 {
			return distinct(append(ts, rtl.Type{Lanes: width / bits, Bits: bits, Signed: true})...)
		}
	}
	return distinct(ts...)
}

func constProbes(d *domain, op rtl.Op) []Probe {
	var ps []Probe
	for _, t := range slices.Concat(d.elems, d.vectors) {
		for _, v := range cornerWords() {
			imms := make([]int64, t.Lanes)
			for l := range imms {
				imms[l] = t.Wrap(int64(v) + int64(l)*3)
			}
			ps = append(ps, Probe{Op: op, Type: t, Imms: imms})
		}
	}
	return unique(ps)
}
