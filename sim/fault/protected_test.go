package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/ir/protect"
	"rampart/ir/rtl"
)

// Check bits are of a memory's kind and tensor, but of no number; copies hold what the first one holds.
func TestHardwareUnderProtection(t *testing.T) {
	m := rtl.NewModule("top", "")
	at := m.In("in_data", rtl.U(1))
	for _, name := range []string{"weights", "bias"} {
		mem := m.Mem(name, rtl.MemWeights, rtl.S(4).Vec(2), 2, [][]int64{{1, -2}, {3, -4}})
		m.Out(name+"_word", m.ReadPort(mem, name+"_q", at, nil))
	}
	policy, err := protect.Read("p.yaml", []byte("name: p\nrules:\n- {memories: weights, use: secded}\n- {memories: bias, use: tmr}\n"))
	require.NoError(t, err)
	with, err := protect.Apply(rtl.NewDesign(m), policy, protect.Surroundings{Layer: func(string) string { return "conv" }})
	require.NoError(t, err)
	memories := []hw.Memory{
		{Path: "weights", Node: "conv", Stage: "conv", Tensor: "conv.weight"}, {Path: "bias", Node: "conv", Stage: "conv", Tensor: "conv.bias"},
	}
	p := Hardware(with.Design, memories, with)
	i, ok := p.Find("weights")
	require.True(t, ok)
	coded := p.Stores[i]
	assert.Equal(t, []int{13, 8, 4}, []int{coded.Bits, coded.Data, coded.Lane})
	assert.Equal(t, "conv.weight", coded.Tensor)
	at5, ok := coded.Of(5)
	assert.Equal(t, 1, at5)
	assert.True(t, ok)
	_, ok = coded.Of(8)
	assert.False(t, ok, "the first check bit")
	copies := 0
	for _, s := range p.Stores {
		if s.Tensor == "conv.bias" {
			copies++
			assert.Equal(t, []int{8, 8, 4}, []int{s.Bits, s.Data, s.Lane})
		}
	}
	assert.Equal(t, 3, copies)

	whole := part{store: i, words: 2}
	for b := range coded.Bits {
		whole.bits = append(whole.bits, b)
	}
	bits := map[string]int{}
	for _, s := range divide(p, []part{whole}, []By{ByKind, ByBit}) {
		bits[s.Name] += len(s.parts[0].bits)
	}
	assert.Equal(t, map[string]int{"weights bit 0": 2, "weights bit 1": 2, "weights bit 2": 2, "weights bit 3": 2, "weights check": 5}, bits)
}
