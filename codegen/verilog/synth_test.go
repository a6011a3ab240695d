package verilog

import (
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
)

// gain multiplies a stream by a gain looked up for it and delays it in a line memory: what every
// convolution is made of, in a module below the top.
func gain() *rtl.Design {
	m := rtl.NewModule("gain", "One multiplier between two memories.")
	step, addr := m.In("step", rtl.U(1)), m.In("addr", rtl.U(10))
	table := make([][]int64, 1024)
	for i := range table {
		table[i] = []int64{int64(i*37%65536) - 32768}
	}
	at := m.DelayIf("at", step, addr)
	weights := m.Mem("weights", rtl.MemWeights, rtl.S(16), 1024, table)
	w := m.ReadPort(weights, "weight", at, step)
	line := m.Mem("line", rtl.MemLine, rtl.S(16), 1000, nil)
	x := m.ReadPort(line, "pixel", at, step)
	m.WritePort(line, m.DelayIf("at_1", step, at), m.In("x", rtl.S(16)), step)
	product := m.DelayIf("product", step, w.Mul(x))
	acc := m.Reg("acc", rtl.S(40), 0)
	acc.SetIf(step, acc.Q.Add(product).To(rtl.S(40)))
	m.Out("y", acc.Q)

	top := rtl.NewModule("gain_top", "Uses it twice.")
	in := map[string]*rtl.Node{"step": top.In("step", rtl.U(1)), "addr": top.In("addr", rtl.U(10)), "x": top.In("x", rtl.S(16))}
	a, b := top.Inst("a", m, in), top.Inst("b", m, in)
	top.Out("y", a.Port("y"))
	top.Out("z", b.Port("y"))
	return rtl.NewDesign(top)
}

var statLine = regexp.MustCompile(`(?m)^\s+([A-Z][A-Z0-9_]+)\s+(\d+)$`)

// cells counts the cells of module below the top that synthesis makes of the files.
func cells(t *testing.T, files []File, top, module, synth string) map[string]int {
	t.Helper()
	dir, sources := writeFiles(t, files)
	said, ok := tool(t, "apt-get install yosys", dir, "yosys", "-p",
		"read_verilog "+strings.Join(sources, " ")+"; "+synth+" -top "+top+"; stat")
	require.True(t, ok, said)
	_, stat, found := strings.Cut(said[strings.LastIndex(said, "Printing statistics"):], "=== "+module+" ===")
	require.True(t, found, said)
	stat, _, _ = strings.Cut(stat, "===")
	count := map[string]int{}
	for _, m := range statLine.FindAllStringSubmatch(stat, -1) {
		n, err := strconv.Atoi(m[2])
		require.NoError(t, err)
		count[m[1]] = n
	}
	return count
}

// Synthesis keeps the hierarchy, which no tool may then mistake. Memories become block RAM and multipliers
// DSP blocks, without a word to the synthesis tool.
func TestSynthesisFindsBlocks(t *testing.T) {
	files := emit(t, gain())
	for _, c := range []struct {
		synth           string
		rams, dsps, ban []string
	}{
		{"synth_xilinx", []string{"RAMB18E1", "RAMB36E1"}, []string{"DSP48E1"}, []string{"RAM64M", "RAM32M", "RAM128X1D"}},
		{"synth_ecp5 -noflatten", []string{"DP16KD", "PDPW16KD"}, []string{"MULT18X18D"}, []string{"TRELLIS_DPR16X4"}},
	} {
		t.Run(c.synth, func(t *testing.T) {
			got := cells(t, files, "gain_top", "gain", c.synth)
			t.Log(got)
			assert.Equal(t, 2, sum(got, c.rams), "one block RAM a memory: %v", got)
			assert.Equal(t, 1, sum(got, c.dsps), "one DSP block: %v", got)
			assert.Zero(t, sum(got, c.ban), "no memory in logic: %v", got)
		})
	}
}

// The count sees a memory that cannot be a block RAM: one that is read without a clock.
func TestSynthesisCountSeesMisses(t *testing.T) {
	text := `module gain_top(input wire clk, input wire [9:0] a, input wire [7:0] d, output wire [7:0] y);
gain u(.clk(clk), .a(a), .d(d), .y(y)); endmodule
module gain(input wire clk, input wire [9:0] a, input wire [7:0] d, output wire [7:0] y);
reg [7:0] m [0:1023]; always @(posedge clk) m[a] <= d; assign y = m[a]; endmodule
`
	got := cells(t, []File{{"m.v", []byte(text)}}, "gain_top", "gain", "synth_xilinx")
	assert.Zero(t, sum(got, []string{"RAMB18E1", "RAMB36E1", "DSP48E1"}))
	assert.NotZero(t, sum(got, []string{"RAM64M", "RAM128X1S", "RAM256X1S", "RAM128X1D"}), "%v", got)
}

func sum(count map[string]int, names []string) int {
	n := 0
	for _, name := range names {
		n += count[name]
	}
	return n
}
