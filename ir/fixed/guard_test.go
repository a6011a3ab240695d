package fixed_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/fixed"
)

// guarded is a convolution with a checksum and copies of its channels, a vote over them, and bounds.
func guarded() *fixed.Net {
	value := func(name string, c int) *fixed.Value {
		return &fixed.Value{Name: name, Shape: fixed.Shape{c, 1, 2}, Format: fixed.Format{Bits: 8, Signed: true}, Zero: 10}
	}
	ones := [2]int{1, 1}
	x, copies, voted, high, both := value("x", 1), value("copies", 5), value("voted", 2), value("high", 2), value("both", 2)
	return &fixed.Net{
		Name: "guarded", Inputs: []*fixed.Value{x}, Outputs: []*fixed.Value{both},
		Nodes: []*fixed.Node{
			{Name: "conv", In: []*fixed.Value{x}, Out: copies, Op: &fixed.Conv{
				Window: fixed.Window{Kernel: ones, Stride: ones, Dilation: ones}, Group: 1, WeightBits: 4, BiasBits: 32, AccBits: 13,
				Weight: []int32{1, 2, 1, 2, 2}, Bias: make([]int64, 5), Checksum: true,
				Scale: fixed.Scale{Shift: make([]int, 5), Lo: -128, Hi: 127},
			}},
			{Name: "vote", In: []*fixed.Value{copies}, Out: voted, Op: &fixed.Vote{Copies: []int{0, 1, 1}}},
			{Name: "above", In: []*fixed.Value{voted}, Out: high, Op: &fixed.Clip{Hi: []int64{30, 40}}},
			{Name: "between", In: []*fixed.Value{high}, Out: both, Op: &fixed.Clip{Lo: []int64{-5, 0}, Hi: []int64{20, 30}, Flag: true}},
		},
	}
}

func TestDecideByHand(t *testing.T) {
	for name, c := range map[string]struct {
		votes []int64
		zero  int64
		want  int64
	}{
		"alone":                      {[]int64{7}, 0, 7},
		"the copy is nearer":         {[]int64{100, -3}, 0, -3},
		"the channel is nearer":      {[]int64{3, -100}, 0, 3},
		"nearer to a zero point":     {[]int64{2, 90}, 80, 90},
		"as near: the channel":       {[]int64{12, 8}, 10, 12},
		"as near: the channel below": {[]int64{8, 12}, 10, 8},
		"median of a wrong first":    {[]int64{-128, 5, 5}, 0, 5},
		"median of a wrong second":   {[]int64{5, 127, 5}, 0, 5},
		"median of a wrong third":    {[]int64{5, 5, 127}, 0, 5},
		"median of different":        {[]int64{9, -4, 2}, 0, 2},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, fixed.Decide(c.votes, c.zero)) })
	}
}

// The upper bound wins where the bounds have changed places.
func TestClipByHand(t *testing.T) {
	c := fixed.Clip{Lo: []int64{-3, 9}, Hi: []int64{4, 5}}
	for x, want := range map[int64][2]int64{-9: {-3, 5}, 0: {0, 5}, 4: {4, 5}, 9: {4, 5}} {
		assert.Equal(t, want, [2]int64{c.Apply(0, x), c.Apply(1, x)}, "%d", x)
	}
}

func TestRaised(t *testing.T) {
	net := guarded()
	require.NoError(t, fixed.Check(net))
	tensor := func(v *fixed.Value, data ...int32) []*fixed.Tensor {
		return []*fixed.Tensor{{Shape: v.Shape, Data: data}}
	}
	raised := func(node int, data ...int32) []int32 {
		n := net.Nodes[node]
		return fixed.Raised(n, tensor(n.In[0], data...)).Data
	}
	assert.Equal(t, make([]int32, 10), raised(0, 5, 6))
	assert.Equal(t, []int32{0, 0, 0, 0}, raised(1, 5, 6, 7, 8, 5, 6, 7, 8, 7, 8))
	assert.Equal(t, []int32{0, 1, 0, 0}, raised(1, 5, 6, 7, 8, 5, 7, 7, 8, 7, 8))
	assert.Equal(t, []int32{0, 0, 1, 0}, raised(1, 5, 6, 7, 8, 5, 6, 7, 8, 6, 8))
	assert.Equal(t, []int32{1, 0, 1, 0}, raised(3, -6, -5, 31, 30))
	assert.Nil(t, fixed.Raised(net.Nodes[2], tensor(net.Nodes[2].In[0], 100, 100, 100, 100)), "it has no alarm")
	net.Nodes[0].Op.(*fixed.Conv).Checksum = false
	assert.Nil(t, fixed.Raised(net.Nodes[0], tensor(net.Inputs[0], 0, 0)))
}

func TestRangesBehindGuards(t *testing.T) {
	net := guarded()
	net.Nodes[0].Op.(*fixed.Conv).Scale.Hi = 35
	r := fixed.Ranges(net)
	assert.Equal(t, []fixed.Interval{{-128, 35}, {-128, 35}}, r[net.Nodes[1].Out])
	assert.Equal(t, []fixed.Interval{{-128, 30}, {-128, 35}}, r[net.Nodes[2].Out])
	assert.Equal(t, []fixed.Interval{{-5, 20}, {0, 30}}, r[net.Nodes[3].Out])

	// A copy that may be more than its channel widens what the vote gives.
	x := net.Inputs[0]
	wide := &fixed.Clip{Lo: []int64{0, 0, -9, 0, 0}, Hi: []int64{5, 5, 5, 5, 33}}
	v := *net.Nodes[0].Out
	v.Name = "clipped"
	vote := *net.Nodes[1]
	vote.In = []*fixed.Value{&v}
	other := &fixed.Net{Inputs: []*fixed.Value{x}, Outputs: []*fixed.Value{vote.Out}, Nodes: []*fixed.Node{
		net.Nodes[0], {Name: "clip", In: []*fixed.Value{net.Nodes[0].Out}, Out: &v, Op: wide}, &vote,
	}}
	require.NoError(t, fixed.Check(other))
	assert.Equal(t, []fixed.Interval{{-9, 5}, {0, 33}}, fixed.Ranges(other)[vote.Out])
}

func TestCheckFindsFaultsOfGuards(t *testing.T) {
	vote := func(n *fixed.Net) *fixed.Vote { return n.Nodes[1].Op.(*fixed.Vote) }
	clip := func(n *fixed.Net) *fixed.Clip { return n.Nodes[3].Op.(*fixed.Clip) }
	for want, fault := range map[string]func(n *fixed.Net){
		"node vote: its input and output differ in height":               func(n *fixed.Net) { n.Nodes[1].Out.Zero = 0 },
		"it makes 2 channels of 5, and has 2 copies":                     func(n *fixed.Net) { vote(n).Copies = []int{0, 1} },
		"it makes 5 channels of 5, and has 0 copies":                     func(n *fixed.Net) { vote(n).Copies, n.Nodes[1].Out.Shape.C = nil, 5 },
		"copy 2 is of channel 2, and there are 2":                        func(n *fixed.Net) { vote(n).Copies[2] = 2 },
		"copy 0 is of channel -1":                                        func(n *fixed.Net) { vote(n).Copies[0] = -1 },
		"copy 2 is of channel 0, after one of channel 1":                 func(n *fixed.Net) { vote(n).Copies[2] = 0 },
		"channel 1 has more than 2 copies":                               func(n *fixed.Net) { vote(n).Copies[0] = 1 },
		"node between: its input and output differ in shape":             func(n *fixed.Net) { n.Nodes[3].Out.Zero = 0 },
		"it has 2 channels, 2 lower and 1 upper bounds":                  func(n *fixed.Net) { clip(n).Hi = clip(n).Hi[:1] },
		"it has 2 channels, 1 lower and 2 upper bounds":                  func(n *fixed.Net) { clip(n).Lo = clip(n).Lo[:1] },
		"channel 1 is bounded by 31 and 30, in a format of -128 to 127":  func(n *fixed.Net) { clip(n).Lo[1] = 31 },
		"channel 0 is bounded by -129 and 20":                            func(n *fixed.Net) { clip(n).Lo[0] = -129 },
		"node above: channel 0 is bounded by -128 and 128":               func(n *fixed.Net) { n.Nodes[2].Op.(*fixed.Clip).Hi[0] = 128 },
		"number of bits of a value that a vote reads is 17, not in 2 to": func(n *fixed.Net) { widen(n, 17) },
	} {
		t.Run(want, func(t *testing.T) {
			n := guarded()
			fault(n)
			assert.ErrorContains(t, fixed.Check(n), want)
		})
	}
}

func widen(n *fixed.Net, bits int) {
	for _, node := range n.Nodes {
		node.Out.Format.Bits = bits
	}
}

func TestParseRefusesGuards(t *testing.T) {
	good := string(fixed.Print(guarded()))
	for want, change := range map[string][2]string{
		`line 5: "sum" stands where "checksum" is due`: {"s13 checksum", "s13 sum"},
		`line 13: a number is due`:                     {"copies 0 1", "copies 0 one"},
		`line 15: bounds are both or above, not`:       {"bounds above", "bounds below"},
		`line 17: channel 2 stands where 1 is due`:     {"channel 1 high 40", "channel 2 high 40"},
		`line 19: "alarm" stands where "flag" is due`:  {"both flag", "both alarm"},
		`line 20: "high" stands where "low" is due`:    {"channel 0 low -5 high", "channel 0 high -5 high"},
		`line 13: "flag" says nothing about this node`: {"  copies", "  flag"},
	} {
		t.Run(want, func(t *testing.T) {
			require.Contains(t, good, change[0])
			_, err := fixed.Parse("f", []byte(strings.Replace(good, change[0], change[1], 1)))
			assert.ErrorContains(t, err, "f: "+want)
		})
	}
}
