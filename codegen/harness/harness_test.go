package harness

import (
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/ir/rtl"
	"rampart/sim"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// twice is a stream through two copies of a stage with a register, a memory and a read port.
func twice() *rtl.Design {
	stage := rtl.NewModule("stage", "Delays beats by a turn of its memory.")
	valid, data := stage.In("valid", rtl.U(1)), stage.In("data", rtl.S(11).Vec(3))
	at := stage.Reg("at", rtl.U(2), 0)
	at.SetIf(valid, at.Q.AddI(1))
	mem := stage.Mem("mem", rtl.MemLine, data.Type, 4, nil)
	stage.WritePort(mem, at.Q, data, valid)
	stage.Out("old", stage.ReadPort(mem, "word", at.Q, valid))
	stage.Out("full", stage.Delay("full_1", valid))

	top := rtl.NewModule("twice", "Two stages.")
	in := map[string]*rtl.Node{"valid": top.In("in_valid", rtl.U(1)), "data": top.In("in_data", data.Type)}
	top.In("out__2_ready", rtl.U(1))
	top.In("mode", rtl.U(9))
	a := top.Inst("a", stage, in)
	b := top.Inst("b", stage, map[string]*rtl.Node{"valid": a.Port("full"), "data": a.Port("old")})
	top.Out("in_ready", top.Bit(true))
	top.Out("out__2_data", b.Port("old"))
	top.Out("out__2_valid", b.Port("full"))
	return rtl.NewDesign(top)
}

func TestGolden(t *testing.T) {
	d := twice()
	ports, err := sim.Ports(d.Top)
	require.NoError(t, err)
	got := &txtar.Archive{Comment: []byte("What differs between designs: tables, and Verilator's control file.\n")}
	for _, f := range Emit(d, ports, 0x123) {
		if !slices.Contains(runtimeFiles, f.Name) {
			got.Files = append(got.Files, txtar.File{Name: f.Name, Data: f.Data})
		}
	}
	const path = "testdata/twice.txtar"
	if *update {
		require.NoError(t, os.WriteFile(path, txtar.Format(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(txtar.Format(got)), "run the test with -update where the change is meant")
}

func TestOnlyLargeRepeatedModulesAreKeptApart(t *testing.T) {
	leaf := func(name string, nodes int) *rtl.Module {
		m := rtl.NewModule(name, "")
		x := m.In("x", rtl.U(8))
		for range nodes {
			x = x.Not()
		}
		m.Out("y", m.Delay("held", x))
		return m
	}
	small, once, often := leaf("small", 3), leaf("once", sharedNodes), leaf("often", sharedNodes)
	middle := rtl.NewModule("middle", "")
	x := middle.In("x", rtl.U(8))
	middle.Out("y", middle.Inst("o", often, map[string]*rtl.Node{"x": x}).Port("y"))
	middle.Inst("s", small, map[string]*rtl.Node{"x": x})
	top := rtl.NewModule("top", "")
	in := map[string]*rtl.Node{"x": top.In("x", rtl.U(8))}
	top.Inst("m1", middle, in)
	top.Inst("m2", middle, in)
	top.Inst("once_1", once, in)
	d := rtl.NewDesign(top)
	assert.Equal(t, map[*rtl.Module]int{top: 1, middle: 2, small: 2, often: 2, once: 1}, instances(d))
	text := string(control(d))
	assert.Contains(t, text, "no_inline -module \"often\"\n")
	for _, m := range []string{"small", "once", "middle", "top"} {
		assert.NotContains(t, text, "no_inline -module \""+m+"\"\n")
	}
}

func TestNamesAsVerilatorHasThem(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "a_b": "a_b", "_a": "_a", "a__b": "a___05Fb", "a___b": "a___05F_b", "a____b": "a___05F___05Fb",
	} {
		assert.Equal(t, want, cName(name))
	}
}
