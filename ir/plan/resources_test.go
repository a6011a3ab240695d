package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"rampart/ir/rtl"
)

func TestRAMB18(t *testing.T) {
	for _, c := range []struct{ width, depth, want int }{
		{1, 16384, 1}, {1, 16385, 2}, {2, 8192, 1}, {2, 8193, 2},
		{4, 4096, 1}, {3, 4097, 2}, {8, 2048, 1}, {9, 2049, 2},
		{18, 1024, 1}, {10, 1025, 2}, {36, 512, 1}, {36, 513, 2}, {37, 512, 2}, {72, 1025, 8},
		{0, 100, 0}, {8, 0, 0},
	} {
		assert.Equal(t, c.want, Memory{Banks: 1, Width: c.width, Depth: c.depth}.RAMB18(), "%+v", c)
		assert.Equal(t, 3*c.want, Memory{Banks: 3, Width: c.width, Depth: c.depth}.RAMB18(), "%+v", c)
	}
}

func TestDSPs(t *testing.T) {
	for _, c := range []struct{ a, b, want int }{
		{9, 8, 1}, {18, 25, 1}, {25, 18, 1}, {26, 18, 2}, {25, 19, 2}, {49, 18, 2}, {33, 33, 4}, {1, 1, 1},
	} {
		assert.Equal(t, c.want, dsps(c.a, c.b), "%+v", c)
	}
}

// The first stage of the example: 3 inputs, 4 outputs, 3x3 kernel, image of 8x12, folded 2 x (1x3x3).
func TestResourcesOfAStage(t *testing.T) {
	_, p := example(t)
	s := stage(t, p, "conv0")
	assert.Equal(t, []Memory{
		{rtl.MemLine, 3, 3 * 8, 3 * 4},        // 3 rows of 12 columns over 3 banks
		{rtl.MemWeights, 1, 2 * 9 * 8, 2 * 3}, // 2 groups of 3 tap rows
		{rtl.MemBias, 1, 2 * 32, 2},
		{rtl.MemRequant, 1, 2 * 1, 2}, // shifts, all 0
		{rtl.MemFIFO, 1, 2 * 8, 7},
	}, s.Memories())
	bits := int64(3*24*12 + 144*6 + 64*2 + 2*2 + 16*7)
	assert.Equal(t, Resources{MemoryBits: bits, LUTRAMBits: bits, DSP: 18}, s.Resources())

	var sum Resources
	for _, s := range p.Stages {
		sum.add(s.Resources())
	}
	assert.Equal(t, sum, p.Estimate.Resources)
	stage(t, p, "fork_conv0").Out[2].Depth = 2050
	assert.Equal(t, 3, stage(t, p, "fork_conv0").Resources().RAMB18, "2049 words of 16 bits")
}
