package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/sim/functional"
)

func parsed(t *testing.T, text string) Fault {
	t.Helper()
	f, err := Parse(text)
	require.NoError(t, err)
	return f
}

func TestFramesInWhichFaultsAreFelt(t *testing.T) {
	felt := func(p *Population, text string) (frames []int64) {
		for frame := range int64(5) {
			p.Changes(parsed(t, text), frame, func(*Store, int64, functional.Change) { frames = append(frames, frame) })
		}
		return frames
	}
	parameters := tensors(Fixed)
	activations := NewPopulation(ActivationSpace, Fixed, []Store{output("a", "conv", 1, 2, 3, 8)})
	assert.Equal(t, []int64{0, 1, 2, 3, 4}, felt(parameters, "a.weight[1].2"))
	assert.Equal(t, []int64{2, 3, 4}, felt(parameters, "a.weight[1].2@frame2"))
	assert.Equal(t, []int64{0, 1, 2, 3, 4}, felt(activations, "a.output[1].2"))
	assert.Equal(t, []int64{2}, felt(activations, "a.output[1].2@frame2"))
}

// A patch of every parameter and output of a network does to the network what the fault says.
func TestPatches(t *testing.T) {
	net := nettest.New(3).Net(6)
	net.Nodes[0].Name = "an odd name"
	fields := map[string]bool{}
	for _, p := range []*Population{Parameters(net), Activations(net)} {
		patcher := NewPatcher(p, net)
		for _, s := range p.Stores {
			fields[s.Field()] = true
			f := parsed(t, TensorName(s.Layer, s.Field())+"["+"0].1=1")
			patches := patcher.Patches(f, 0)
			require.Len(t, patches, 1)
			n := net.Nodes[patches[0].Node]
			assert.Equal(t, s.Layer, n.Name)
			assert.Equal(t, functional.Patch{Node: patches[0].Node, Kind: patches[0].Kind, Change: functional.Change{Set: 2}}, patches[0])
			assert.Equal(t, s.Field(), patches[0].Kind.String())
			if conv, ok := n.Op.(*fixed.Conv); ok && s.Field() == "weight" {
				assert.EqualValues(t, len(conv.Weight), s.Words)
			}
		}
	}
	assert.Equal(t, map[string]bool{"weight": true, "bias": true, "mult": true, "shift": true, "output": true}, fields)
}
