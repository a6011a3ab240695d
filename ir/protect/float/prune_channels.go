package float

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"rampart/ir/graph"
)

// unit is families that can only go together: those on both sides of a normalisation or of a depthwise kernel.
type unit struct {
	root      *family // which a dense convolution makes
	blocked   string
	magnitude float64
	gone      bool
}

// units are those of a network's families.
type units map[*family]*unit

// channels removes the least channels.
func (p Prune) channels(g *graph.Graph, r *Report) error {
	fs := trace(g)
	us := fs.units(g)
	before := graph.Describe(g)
	p.unchosen(g, r)
	removed, left := p.choose(fs, us)
	if err := us.cut(g, fs); err != nil {
		return err
	}
	after := graph.Describe(g)
	r.figure("channels removed", float64(removed))
	r.figure("parameters before", float64(before.Parameters))
	r.figure("parameters after", float64(after.Parameters))
	r.figure("MACs before", float64(before.MACs))
	r.figure("MACs after", float64(after.MACs))
	r.Left = left
	return nil
}

// choose marks the units that go, and notes the channels that cannot.
func (p Prune) choose(fs *families, us units) (removed int, notes []Note) {
	var left channels
	var all []*unit // that may go, in the order of the network
	rest := map[*graph.Node]int{}
	for _, f := range fs.all {
		u := us[f]
		if u.root != f || f.writer == nil || !p.chosen(f.writer) {
			continue
		}
		rest[f.writer]++
		if u.blocked != "" {
			left.add(f.writer.Name, u.blocked, f.channel)
			continue
		}
		all = append(all, u)
	}
	return p.remove(all, rest), left.notes()
}

// remove marks the least units, and leaves each convolution a channel. Rest is how many each has.
func (p Prune) remove(all []*unit, rest map[*graph.Node]int) (removed int) {
	allowed := map[*graph.Node]int{} // of each layer, or of nil for the network
	scope := func(u *unit) *graph.Node {
		if p.Scope == PerLayer {
			return u.root.writer
		}
		return nil
	}
	if p.Scope == PerLayer {
		for n, channels := range rest {
			allowed[n] = int(p.Share * float64(channels))
		}
	} else {
		allowed[nil] = int(p.Share * float64(len(all)))
	}
	least := slices.Clone(all)
	slices.SortStableFunc(least, func(a, b *unit) int { return cmp.Compare(a.magnitude, b.magnitude) })
	for _, u := range least {
		if allowed[scope(u)] > 0 && rest[u.root.writer] > 1 {
			u.gone = true
			allowed[scope(u)]--
			rest[u.root.writer]--
			removed++
		}
	}
	return removed
}

// units joins families that go together, and tells how large what makes them is.
func (fs *families) units(g *graph.Graph) units {
	us := units{}
	for _, f := range fs.all {
		us[f] = &unit{root: f, blocked: f.blocked, magnitude: 1}
	}
	for _, n := range g.Nodes {
		in, out := fs.in(n), fs.out(n)
		k, isKernel := kernelOf(n)
		bn, isNorm := n.Op.(*graph.BatchNorm)
		switch {
		case isNorm:
			for c := range in {
				scale, _ := bn.Affine(c)
				us.join(in[c], out[c], math.Abs(scale))
			}
		case isKernel && k.group > 1 && k.group == k.in && k.in == k.out:
			k.each(func(i, o int, weights []float32) { us.join(in[i], out[o], mean(weights)) })
		case isKernel && k.group > 1:
			for _, f := range slices.Concat(in, out) {
				us.block(f, fmt.Sprintf("%s is in groups of several channels", n.Name))
			}
		case isKernel:
			k.each(func(i, o int, weights []float32) {
				if i == 0 {
					us[out[o]].magnitude = 0
				}
				us[out[o]].magnitude += mean(weights) / float64(k.in)
			})
		}
	}
	return us
}

// join makes one unit of two families that a factor lies between. The second one is younger.
func (us units) join(in, out *family, factor float64) {
	u, young := us[in], us[out]
	us.block(in, young.blocked)
	u.magnitude *= factor
	us[out] = u
}

func (us units) block(f *family, why string) {
	us[f].blocked = cmp.Or(us[f].blocked, why)
}

func mean(weights []float32) float64 {
	sum := 0.0
	for _, w := range weights {
		sum += math.Abs(float64(w))
	}
	return sum / float64(len(weights))
}

// cut takes the units that are gone out of a network.
func (us units) cut(g *graph.Graph, fs *families) error {
	for _, n := range g.Nodes {
		in, out := us.kept(fs, n.In[0]), us.kept(fs, n.Out)
		switch op := n.Op.(type) {
		case *graph.Conv:
			op.Weight, op.Group, op.Out = keep(n, in, out)
			op.Bias = pick(op.Bias, out)
		case *graph.ConvTranspose:
			op.Weight, op.Group, op.Out = keep(n, in, out)
			op.Bias = pick(op.Bias, out)
		case *graph.BatchNorm:
			op.Gamma, op.Beta = pick(op.Gamma, out), pick(op.Beta, out)
			op.Mean, op.Var = pick(op.Mean, out), pick(op.Var, out)
		}
	}
	for _, n := range g.Nodes { // shapes last: kernels know theirs by the values' old ones
		shapes := make([]graph.Shape, len(n.In))
		for i, v := range n.In {
			shapes[i] = v.Shape
		}
		s, err := n.Op.Infer(shapes)
		if err != nil {
			return fmt.Errorf("%s: %w", n.Name, err)
		}
		n.Out.Shape = s
	}
	return nil
}

// kept tells which channels of a value stay.
func (us units) kept(fs *families, v *graph.Value) []bool {
	stay := make([]bool, len(fs.of[v]))
	for c, f := range fs.of[v] {
		stay[c] = !us[f].gone
	}
	return stay
}

// keep is a node's weights between channels that stay, and its groups and output channels then. Groups of a
// depthwise kernel go with their channels; others stay as they are.
func keep(n *graph.Node, in, out []bool) (weights []float32, group, outs int) {
	k, _ := kernelOf(n)
	weights = []float32{}
	k.each(func(i, o int, w []float32) {
		if in[i] && out[o] {
			weights = append(weights, w...)
		}
	})
	outs = count(out)
	if k.group > 1 && k.group == k.in && k.in == k.out {
		return weights, outs, outs
	}
	return weights, k.group, outs
}

func count(stay []bool) int {
	n := 0
	for _, s := range stay {
		if s {
			n++
		}
	}
	return n
}

// pick is the values of the channels that stay; nil of none.
func pick(values []float32, stay []bool) []float32 {
	if values == nil {
		return nil
	}
	var some []float32
	for c, v := range values {
		if stay[c] {
			some = append(some, v)
		}
	}
	return some
}
