package functional_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/sim/functional"
	"rampart/sim/functional/kernel"
)

// observer is a session on an engine that observes masks alone.
type observer struct{ *session }

func observe(t *testing.T, net *fixed.Net, in []*fixed.Tensor, k *kernel.Set) observer {
	t.Helper()
	e, err := functional.New(net, k, functional.Observe(functional.Masks(net)...))
	require.NoError(t, err)
	s := &session{t: t, net: net, e: e, w: e.Worker()}
	s.run(in)
	return observer{s}
}

// check says how Strike or Dense differ from the oracle in what is observed.
func (o observer) check(patches []functional.Patch) error {
	want, err := oracle(o.t.Context(), o.net, o.in, patches)
	if err != nil {
		return err
	}
	masks := functional.Masks(o.net)
	seen := map[*fixed.Value]*fixed.Tensor{} // what the report should be of: others as if they were golden
	for v, t := range o.golden {
		seen[v] = t
		if slices.Contains(masks, v) {
			seen[v] = want[v]
		}
	}
	for _, how := range []struct {
		name string
		f    func([]functional.Patch) *functional.Diff
	}{{"strike", o.w.Strike}, {"dense", o.w.Dense}} {
		d := how.f(patches)
		if err := wrongDiff(how.name, o.net, o.golden, seen, d); err != nil {
			return err
		}
		for _, v := range masks {
			if !slices.Equal(o.w.Faulty(v).Data, want[v].Data) {
				return fmt.Errorf("%s: %s is not as it should be", how.name, v.Name)
			}
		}
	}
	return unequal("golden", o.net, o.golden, o.w.Tensor)
}

func TestMasksOfRandomNetworks(t *testing.T) {
	for _, k := range sets() {
		t.Run(k.Name, func(t *testing.T) {
			for seed := range uint64(100) {
				d := nettest.New(seed)
				net := d.Net(d.Within(1, 7))
				o := observe(t, net, d.Inputs(net), k)
				o.e.SetFew(d.Pick(0, 1, 32))
				for range 20 {
					ps := anyPatches(d, net)
					require.NoError(t, o.check(ps), "seed %d: %+v\n%s", seed, ps, fixed.Print(net))
				}
			}
		})
	}
}

// segmenter is a chain of convolutions whose end is a tail of one step or two, with scores far enough apart that many
// pixels are certain.
func (b *builder) segmenter() *fixed.Net {
	in := b.value(fixed.Shape{C: b.Within(1, 5), H: b.Within(2, 9), W: b.Within(2, 90)})
	in.Name = "in"
	b.net.Inputs = []*fixed.Value{in}
	channels := func() int { return b.Pick(2, 3, 6, 8, 8, 16, 36) }
	x := b.conv(in, channels(), square(3, 1, 1, 1), false, 1)
	k := b.Within(0, 2)
	last := b.conv(x, channels(), square(2*k+1, 1, 1, b.Within(k, k+1)), false, 1)
	for i, n := range b.net.Nodes {
		c := n.Op.(*fixed.Conv)
		for j := range c.Scale.Shift {
			c.Scale.Shift[j] += i * b.IntN(3)
		}
	}
	narrow := b.bits
	b.bits = 16
	scores := b.conv(last, b.Within(2, 20), square(1, 1, 1, 0), false, 1)
	b.bits = narrow
	scores.Format.Signed, scores.Zero = true, 0
	head := &b.net.Nodes[len(b.net.Nodes)-1].Op.(*fixed.Conv).Scale
	head.Lo, head.Hi = scores.Format.Range()
	for j := range head.Shift {
		head.Shift[j] -= b.Pick(2, 6, 8)
	}
	if b.IntN(4) == 0 {
		head.Mult, head.MultBits, head.Shift = nil, 0, make([]int, scores.Shape.C)
	}
	mask := &fixed.Value{Name: "mask", Shape: fixed.Shape{C: 1, H: scores.Shape.H, W: scores.Shape.W}, Format: fixed.Format{Bits: 8}}
	b.add(&fixed.ArgMax{}, mask, scores)
	b.net.Outputs = []*fixed.Value{scores, mask}
	return b.net
}

// segment draws a segmenter and strikes it, with bounds that are too low by so many steps of the scores.
func segment(t *testing.T, k *kernel.Set, seed uint64, loose int) (o observer, err error) {
	d := nettest.New(seed)
	b := builder{Dice: d, net: &fixed.Net{Name: "segmenter"}, bits: d.Pick(8, 8, 8, 5, 12)}
	net := b.segmenter()
	require.NoError(t, fixed.Check(net), "seed %d", seed)
	o = observe(t, net, d.Inputs(net), k)
	o.e.SetFew(d.Pick(0, 0, 32))
	for range 24 {
		if loose > 0 {
			require.Equal(t, 2, o.w.LoosenTail(loose))
		}
		ps := anyPatches(d, net)
		if d.IntN(3) > 0 {
			ps = []functional.Patch{anyPatch(d, net, d.Within(-1, 1))}
		}
		if err := o.check(ps); err != nil {
			return o, fmt.Errorf("seed %d: %+v: %w\n%.3000s", seed, ps, err, fixed.Print(net))
		}
	}
	return o, nil
}

// Classes are exact whether they are computed or certain, and many are certain.
func TestMasksOfSegmenters(t *testing.T) {
	for _, k := range sets() {
		t.Run(k.Name, func(t *testing.T) {
			for seed := range uint64(60) {
				_, err := segment(t, k, seed, 0)
				require.NoError(t, err)
			}
		})
	}
}

// Bounds that are somewhat too low let classes through that change.
func TestLooseBoundIsSeen(t *testing.T) {
	found := 0
	for seed := range uint64(60) {
		if _, err := segment(t, kernel.Sets()[0], seed, 400); err != nil {
			found++
		}
	}
	assert.Greater(t, found, 10)
}

// tightrope is a network of one pixel whose two scores are its input and 200.
func tightrope() *fixed.Net {
	in := &fixed.Value{Name: "in", Shape: fixed.Shape{C: 1, H: 1, W: 1}, Format: fixed.Format{Bits: 8}}
	same := &fixed.Value{Name: "same", Shape: in.Shape, Format: in.Format}
	scores := &fixed.Value{Name: "scores", Shape: fixed.Shape{C: 2, H: 1, W: 1}, Format: fixed.Format{Bits: 16, Signed: true}}
	mask := &fixed.Value{Name: "mask", Shape: in.Shape, Format: fixed.Format{Bits: 8}}
	one := func(weight []int32, bias []int64, hi int64, lo int64) *fixed.Conv {
		return &fixed.Conv{Window: square(1, 1, 1, 0), Group: 1, WeightBits: 8, BiasBits: 16, AccBits: 32, Weight: weight, Bias: bias,
			Scale: fixed.Scale{Shift: make([]int, len(bias)), Lo: lo, Hi: hi}}
	}
	lo, hi := scores.Format.Range()
	return &fixed.Net{Name: "tightrope", Inputs: []*fixed.Value{in}, Outputs: []*fixed.Value{scores, mask}, Nodes: []*fixed.Node{
		{Name: "first", In: []*fixed.Value{in}, Out: same, Op: one([]int32{1}, []int64{0}, 255, 0)},
		{Name: "head", In: []*fixed.Value{same}, Out: scores, Op: one([]int32{1, 0}, []int64{0, 200}, hi, lo)},
		{Name: "argmax", In: []*fixed.Value{scores}, Out: mask, Op: &fixed.ArgMax{}},
	}}
}

// Where nothing is rounded the bound is met to the last step but what it is rounded up by: a limit two higher would
// miss a class.
func TestBoundIsTight(t *testing.T) {
	net := tightrope()
	require.NoError(t, fixed.Check(net))
	for _, c := range []struct {
		golden, flip int
		nodes        int
		changes      bool
		tight        bool
	}{
		{golden: 192, flip: 4, nodes: 1},                             // 196 below 200
		{golden: 192, flip: 8, nodes: 3, changes: true, tight: true}, // 200 ties, and the lowest class wins
		{golden: 192, flip: 16, nodes: 3, changes: true},             // 208
		{golden: 208, flip: 4, nodes: 1},                             // 212
		{golden: 208, flip: 24, nodes: 3},                            // 200 ties
		{golden: 208, flip: 25, nodes: 1},                            // 201
		{golden: 208, flip: 16, nodes: 3, changes: true},             // 192
	} {
		t.Run(fmt.Sprintf("%d^%d", c.golden, c.flip), func(t *testing.T) {
			o := observe(t, net, []*fixed.Tensor{{Shape: net.Inputs[0].Shape, Data: []int32{int32(c.golden)}}}, kernel.Sets()[0])
			ps := []functional.Patch{{Node: -1, Kind: functional.Output, Change: functional.Change{Flip: uint64(c.flip)}}}
			require.NoError(t, o.check(ps))
			d := o.w.Strike(ps)
			assert.Equal(t, c.changes, !d.Masked())
			assert.Equal(t, c.nodes, d.Stats.Nodes)
			require.Equal(t, 2, o.w.LoosenTail(2)) // one step, and one for what is rounded up
			assert.Equal(t, c.tight, o.check(ps) != nil)
		})
	}
}

func TestObserveRefuses(t *testing.T) {
	net := tightrope()
	_, err := functional.New(net, kernel.Sets()[0], functional.Observe(net.Nodes[0].Out))
	assert.ErrorContains(t, err, "value same is no output of network tightrope")
}
