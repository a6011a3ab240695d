package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
)

// guarded is a 1x1 convolution of 2 to 5 channels with a checksum, and a vote that makes 3 of them.
func guarded() *fixed.Net {
	value := func(name string, c int) *fixed.Value {
		return &fixed.Value{Name: name, Shape: fixed.Shape{C: c, H: 2, W: 2}, Format: fixed.Format{Bits: 8}}
	}
	ones := [2]int{1, 1}
	in, copies, out := value("in", 2), value("copies", 5), value("out", 3)
	return &fixed.Net{Name: "guarded", Inputs: []*fixed.Value{in}, Outputs: []*fixed.Value{out}, Nodes: []*fixed.Node{
		{Name: "conv", In: []*fixed.Value{in}, Out: copies, Op: &fixed.Conv{
			Window: fixed.Window{Kernel: ones, Stride: ones, Dilation: ones}, Group: 1, WeightBits: 8, BiasBits: 32, AccBits: 20,
			Weight: []int32{127, -1, 127, 2, 127, -3, 4, 5, 6, -7}, Bias: make([]int64, 5), Checksum: true,
			Scale: fixed.Scale{Shift: make([]int, 5), Hi: 255},
		}},
		{Name: "vote", In: []*fixed.Value{copies}, Out: out, Op: &fixed.Vote{Copies: []int{0, 2}}},
	}}
}

func TestChecksumsByHand(t *testing.T) {
	p, err := New(t.Context(), guarded(), Target{Cycles: 8})
	require.NoError(t, err)
	s := stage(t, p, "conv")
	assert.Equal(t, Folding{PE: 5, TapY: 1, TapX: 1, Cw: 1}, s.Fold, "the checksum's lane is least where many outputs share it")
	s.Fold = Folding{PE: 3, TapY: 1, TapX: 1, Cw: 2} // the second turn has a channel of padding
	words, bits := s.Checksums()
	assert.Equal(t, [][]int64{{127 + 127 + 127, -1 + 2 - 3}, {4 + 6, 5 - 7}}, words)
	assert.Equal(t, 10, bits, "for 381")
	assert.Equal(t, 3*2+2, s.Multipliers())
	s.Node.Op.(*fixed.Conv).Checksum = false
	words, bits = s.Checksums()
	assert.Nil(t, words)
	assert.Zero(t, bits)
	assert.Equal(t, 3*2, s.Multipliers())
}

func TestVoteNeedsRoomForAPixel(t *testing.T) {
	p, err := New(t.Context(), guarded(), Target{})
	require.NoError(t, err)
	s := stage(t, p, "vote")
	require.Equal(t, 3, s.Out[0].Beats())
	s.Out[0].Depth = 4
	require.NoError(t, Check(p))
	s.Out[0].Depth = 3
	assert.ErrorContains(t, Check(p), "stage vote: its output buffer of 3 beats never has room for a pixel of 3")
}

func TestStageNames(t *testing.T) {
	for seed := range uint64(20) {
		d := nettest.New(seed)
		net := d.Net(d.Within(1, 7))
		net.Nodes[0].Name = "/a/b.0/Conv"
		names, err := StageNames(net)
		require.NoError(t, err)
		p, err := New(t.Context(), net, Target{})
		require.NoError(t, err)
		for _, s := range p.Stages {
			if s.Node != nil {
				require.Equal(t, s.Name, names[s.Node])
			}
		}
		assert.Equal(t, "b_0", names[net.Nodes[0]])
		assert.Len(t, names, len(net.Nodes))
	}
}
