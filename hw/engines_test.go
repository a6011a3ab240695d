package hw_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/codegen/verilog"
	"rampart/hw"
	"rampart/internal/diag"
	"rampart/internal/nettest"
	"rampart/internal/rtltest"
	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
	"rampart/sim/gengo"
	"rampart/sim/interp"
	"rampart/sim/verilator"
	"rampart/sim/worker"
)

// guards is a convolution with a checksum and copies of two of its three channels, a vote, bounds with an alarm.
func guards(t *testing.T) (*plan.Plan, *fixed.Net) {
	t.Helper()
	d := nettest.New(8)
	in, copies, voted, out := value("in", 2), value("copies", 6), value("voted", 3), value("out", 3)
	conv := &fixed.Conv{
		Window: fixed.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Before: [2]int{1, 1}, After: [2]int{1, 1}},
		Group:  1, WeightBits: 6, BiasBits: 16, AccBits: 18, Checksum: true, Bias: make([]int64, 6),
		Scale: fixed.Scale{Mult: []int64{3, 2, 3, 3, 3, 3}, MultBits: 2, Shift: []int{7, 7, 7, 7, 7, 7}, Lo: -32, Hi: 31},
	}
	for range 3 * 18 {
		conv.Weight = append(conv.Weight, int32(d.Within(-32, 31)))
	}
	of := []int{0, 2, 2}
	for _, o := range of {
		conv.Weight = append(conv.Weight, conv.Weight[o*18:(o+1)*18]...)
	}
	net := &fixed.Net{Name: "guards", Inputs: []*fixed.Value{in}, Outputs: []*fixed.Value{out}, Nodes: []*fixed.Node{
		{Name: "conv", In: []*fixed.Value{in}, Out: copies, Op: conv},
		{Name: "vote", In: []*fixed.Value{copies}, Out: voted, Op: &fixed.Vote{Copies: of}},
		{Name: "clip", In: []*fixed.Value{voted}, Out: out, Op: &fixed.Clip{Lo: []int64{-20, -10, -32}, Hi: []int64{20, 31, 9}, Flag: true}},
	}}
	require.NoError(t, fixed.Check(net))
	p, err := plan.New(t.Context(), net, plan.Target{Cycles: 20 * 9 * 2})
	require.NoError(t, err)
	return p, net
}

// The guards behave alike in the interpreter, in generated Go and in Verilator, alarms too: in every cycle, with
// pauses, under flips and stuck bits of any state. Verilator has nothing to say of the Verilog.
func TestGuardsOnEveryEngine(t *testing.T) {
	p, net := guards(t)
	d := nettest.New(1)
	require.NoError(t, compare(t.Context(), p, plan.NewSchedule(p, nil), net, [][]*fixed.Tensor{d.Inputs(net), d.Inputs(net)}))
	h, err := hw.Build(p)
	require.NoError(t, err)
	assert.Empty(t, lint(t, h.Design))

	ref, err := interp.New(h.Design)
	require.NoError(t, err)
	goes, err := gengo.Build(t.Context(), h.Design, t.TempDir(), gengo.Options{})
	require.NoError(t, err)
	veri, err := verilator.Build(t.Context(), h.Design, t.TempDir(), verilator.Options{Quick: true})
	require.NoError(t, err)
	engines := []rtltest.Engine{{Name: "interp", Machine: ref}}
	for i, built := range []*worker.Built{goes, veri} {
		m, err := built.Start(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, m.Close()) })
		engines = append(engines, rtltest.Engine{Name: []string{"go", "verilator"}[i], Machine: m})
	}
	rtltest.Lockstep(t, h.Design, []uint64{1, 2, 4}, 4000, engines...)
}

// lint is what verilator -Wall says of a design.
func lint(t *testing.T, d *rtl.Design) string {
	t.Helper()
	files, err := verilog.Emit(d)
	require.NoError(t, err)
	dir, args := t.TempDir(), []string{"--lint-only", "-Wall", "--top-module", d.Top.Name}
	for _, f := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666))
		if filepath.Ext(f.Name) == ".v" {
			args = append(args, f.Name)
		}
	}
	if _, err := exec.LookPath("verilator"); err != nil {
		t.Fatal(diag.MissingTool{Tool: "verilator", Install: "apt-get install verilator"})
	}
	cmd := exec.CommandContext(t.Context(), "verilator", args...)
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)
	return string(said)
}
