package verilator_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/internal/nettest"
	"rampart/internal/rtltest"
	"rampart/ir/plan"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/interp"
	"rampart/sim/verilator"
	"rampart/sim/worker"
)

// quick is for programs that run for a moment only.
var quick = verilator.Options{Quick: true}

// start builds d, runs it and ends it with the test.
func start(t *testing.T, d *rtl.Design, opts verilator.Options) sim.Machine {
	t.Helper()
	b, err := verilator.Build(t.Context(), d, t.TempDir(), opts)
	require.NoError(t, err)
	return run(t, b)
}

func run(t *testing.T, b *worker.Built) sim.Machine {
	t.Helper()
	m, err := b.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m
}

// pair is d in both engines, the interpreter first.
func pair(t *testing.T, d *rtl.Design, m sim.Machine) []rtltest.Engine {
	t.Helper()
	ref, err := interp.New(d)
	require.NoError(t, err)
	return []rtltest.Engine{{Name: "interp", Machine: ref}, {Name: "verilator", Machine: m}}
}

// Every operation has the right result for every combination of types.
func TestTruths(t *testing.T) {
	for _, truth := range rtltest.Truths() {
		t.Run(truth.Name, func(t *testing.T) {
			truth.Verify(t, start(t, truth.Design, quick))
		})
	}
}

func TestPins(t *testing.T) { rtltest.VerifyPins(t, start(t, rtltest.Summing(), quick)) }

// Random designs behave as in the interpreter in every cycle, through flips of every kind of state,
// saves and restores.
func TestRandomDesigns(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := rtltest.Random(seed, 10+10*int(seed))
			rtltest.Lockstep(t, d, []uint64{1, 2, 3, 4}, 400, pair(t, d, start(t, d, quick))...)
		})
	}
}

// So does the hardware of a random network, compiled as for use.
func TestHardwareOfANetwork(t *testing.T) {
	dice := nettest.New(4)
	p, err := plan.New(t.Context(), dice.Net(3), plan.Target{Multipliers: 40})
	require.NoError(t, err)
	h, err := hw.Build(p)
	require.NoError(t, err)
	rtltest.Lockstep(t, h.Design, []uint64{1, 4}, 3000, pair(t, h.Design, start(t, h.Design, verilator.Options{}))...)
}

// stateful has a register, a memory and a read port of each size that Verilator keeps differently, in
// the top module and below it. Nothing but faults and copying ever changes the memories.
func stateful() *rtl.Design {
	inner := rtl.NewModule("inner", "State of all sizes.")
	step := inner.In("step", rtl.U(1))
	var mixed []*rtl.Node
	for _, bits := range []rtl.Type{rtl.U(1), rtl.S(7), rtl.U(8), rtl.U(9), rtl.S(16), rtl.U(31), rtl.U(32), rtl.S(33), rtl.U(64), rtl.U(13).Vec(5), rtl.U(1).Vec(130)} {
		name := fmt.Sprintf("w%d", bits.Width())
		mem := inner.Mem(name+"__mem", rtl.MemLine, bits, 5, nil)
		at := inner.Reg(name+"_at", rtl.U(3), 0)
		at.SetIf(step, at.Q.AddI(1))
		word := inner.ReadPort(mem, name+"_word", at.Q, step)
		inner.WritePort(mem, at.Q, word, step)
		held := inner.DelayIf("_"+name, step, word)
		mixed = append(mixed, held.Bitcast(rtl.U(1).Vec(bits.Width())))
	}
	inner.Out("all__bits", inner.Join(mixed...))

	top := rtl.NewModule("stateful", "Two of them.")
	valid := top.In("in_valid", rtl.U(1))
	data := top.In("in_data", rtl.U(3))
	ready := top.In("out_ready", rtl.U(1))
	a := top.Inst("a__0", inner, map[string]*rtl.Node{"step": valid})
	b := top.Inst("b", inner, map[string]*rtl.Node{"step": valid.And(ready)})
	seen := top.DelayIf("seen", valid, data)
	top.Out("in_ready", top.Bit(true))
	top.Out("out_valid", seen.EqI(5))
	top.Out("out_data", top.Join(a.Port("all__bits"), b.Port("all__bits")))
	return rtl.NewDesign(top)
}

// Every bit of every state can be flipped, is the bit that the site names, and shows at once in the
// outputs that hang on it.
func TestFlipsOfEveryState(t *testing.T) {
	d := stateful()
	engines := pair(t, d, start(t, d, quick))
	rtltest.Lockstep(t, d, []uint64{0, 1, 2}, 300, engines...)
	for _, st := range d.States() {
		for _, bit := range []int{0, st.Type.Width() / 2, st.Type.Width() - 1} {
			site := rtl.Site{Path: st.Path, Mem: st.Depth > 0, Word: max(0, st.Depth-1), Bit: bit}
			before, err := engines[1].Hash()
			require.NoError(t, err)
			for _, e := range engines {
				require.NoError(t, e.Flip(site))
			}
			want, err := engines[0].Hash()
			require.NoError(t, err)
			got, err := engines[1].Hash()
			require.NoError(t, err)
			require.Equal(t, want, got, "%s", site)
			require.NotEqual(t, before, got, "%s", site)
		}
	}
	s := &sim.Stimulus{Inputs: [][]byte{{5}}, Limit: 20, Want: []int{1}}
	want, err := engines[0].Run(t.Context(), s)
	require.NoError(t, err)
	got, err := engines[1].Run(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, want, got, "outputs follow from the flipped state in the very next cycle")
}

// The comparison sees a Verilog file that was altered in one operator.
func TestAlteredVerilogIsCaught(t *testing.T) {
	m := rtl.NewModule("counts", "Counts beats.")
	valid, data, ready := m.In("in_valid", rtl.U(1)), m.In("in_data", rtl.U(8)), m.In("out_ready", rtl.U(1))
	total := m.Reg("total", rtl.U(8), 0)
	total.SetIf(valid, total.Q.Add(data))
	m.Out("in_ready", m.Bit(true))
	m.Out("out_valid", total.Q.EqI(77))
	m.Out("out_data", total.Q)
	m.Delay("late", ready)
	d := rtl.NewDesign(m)

	right, err := verilator.Build(t.Context(), d, t.TempDir(), quick)
	require.NoError(t, err)
	stimulus, err := rtltest.RandomStimulus(d, 1, 200, 0)
	require.NoError(t, err)
	require.NoError(t, rtltest.Compare(t.Context(), d, stimulus, 1, pair(t, d, run(t, right))...))

	file := filepath.Join(right.Dir, "counts.v")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	altered := strings.Replace(string(text), "total <= total + in_data;", "total <= total - in_data;", 1)
	require.NotEqual(t, string(text), altered)
	require.NoError(t, os.WriteFile(file, []byte(altered), 0o644))
	require.NoError(t, verilator.Compile(t.Context(), d, right.Dir, quick))
	err = rtltest.Compare(t.Context(), d, stimulus, 1, pair(t, d, run(t, right))...)
	require.ErrorAs(t, err, &diag.Difference{})
}
