package hlsc

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/internal/diag"
	"rampart/ir/fixed"
	"rampart/ir/plan"
)

var (
	update = flag.Bool("update", false, "rewrite the golden files")
	seeds  = flag.Int("seeds", 8, "how many random networks to try")
)

var (
	strict    = []string{"-Wall", "-Wextra", "-Wpedantic", "-Werror"}
	sanitised = append([]string{"-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"}, strict...)
	optimised = append([]string{"-O2"}, strict...)
)

// differs builds the files, runs frames through them and compares with fixed.EvalAll; it names the first
// difference, or is empty.
func differs(t *testing.T, net *fixed.Net, p *plan.Plan, files []File, flags []string, frames [][]*fixed.Tensor) string {
	t.Helper()
	prog, err := buildFiles(t.Context(), p, files, t.TempDir(), flags)
	require.NoError(t, err)
	got, faults, err := prog.Watch(t.Context(), frames)
	require.NoError(t, err)
	require.Len(t, got, len(frames))
	for i, inputs := range frames {
		values := map[*fixed.Value]*fixed.Tensor{}
		want, err := fixed.EvalAll(t.Context(), net, inputs, func(v *fixed.Value, x *fixed.Tensor) { values[v] = x })
		require.NoError(t, err)
		if raised := alarms(net, values); !slices.Equal(raised, faults[i]) {
			return fmt.Sprintf("frame %d: C finds faults in %v, fixed in %v", i, faults[i], raised)
		}
		for o, tensor := range want {
			for k, v := range tensor.Data {
				if got[i][o].Data[k] != v {
					return fmt.Sprintf("frame %d, output %s, element %d: C says %d, fixed %d", i, net.Outputs[o].Name, k, got[i][o].Data[k], v)
				}
			}
		}
	}
	return ""
}

// alarms are the nodes that find something wrong.
func alarms(net *fixed.Net, values map[*fixed.Value]*fixed.Tensor) (raised []string) {
	for _, n := range net.Nodes {
		var in []*fixed.Tensor
		for _, v := range n.In {
			in = append(in, values[v])
		}
		if at := fixed.Raised(n, in); at != nil && slices.Contains(at.Data, 1) {
			raised = append(raised, n.Name)
		}
	}
	return raised
}

func TestEqualsFixed(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprintf("seed%d", seed), func(t *testing.T) {
			t.Parallel()
			d := newDice(uint64(seed))
			net := d.Net(5)
			require.NoError(t, fixed.Check(net))
			folding, flags := d.folding, sanitised
			if seed%4 == 3 {
				folding, flags = foldOne, optimised
			}
			p := trivialPlan(net, folding)
			files, err := Emit(p)
			require.NoError(t, err)
			if diff := differs(t, net, p, files, flags, d.frames(net, 2)); diff != "" {
				t.Errorf("%s\n%s", diff, fixed.Print(net))
			}
		})
	}
}

// lastConv is the convolution that a network of the tests ends with, before its argmax.
func lastConv(t *testing.T, net *fixed.Net) *fixed.Conv {
	for i := len(net.Nodes) - 1; i >= 0; i-- {
		if op, ok := net.Nodes[i].Op.(*fixed.Conv); ok {
			return op
		}
	}
	require.Fail(t, "the network has no convolution")
	return nil
}

// small is a network of every kind of stage, whose numbers a person can follow.
func small() *fixed.Net {
	u8, s8 := fixed.Format{Bits: 8}, fixed.Format{Bits: 8, Signed: true}
	value := func(name string, c, h, w int, f fixed.Format) *fixed.Value {
		return &fixed.Value{Name: name, Shape: fixed.Shape{C: c, H: h, W: w}, Format: f}
	}
	ramp := func(n int) []int32 {
		out := make([]int32, n)
		for i := range out {
			out[i] = int32(i*7%11 - 5)
		}
		return out
	}
	window := func(k, s, pad int) fixed.Window {
		return fixed.Window{Kernel: [2]int{k, k}, Stride: [2]int{s, s}, Dilation: [2]int{1, 1}, Before: [2]int{pad, pad}, After: [2]int{pad, pad}}
	}
	image, enc := value("image", 2, 4, 6, u8), value("enc", 3, 4, 6, u8)
	down, up := value("down", 3, 2, 3, u8), value("up", 2, 4, 6, u8)
	again, both := value("again", 3, 4, 6, u8), value("both", 5, 4, 6, u8)
	logits, classes := value("logits", 3, 4, 6, s8), value("classes", 1, 4, 6, u8)
	return &fixed.Net{
		Name: "small", Inputs: []*fixed.Value{image}, Outputs: []*fixed.Value{logits, classes},
		Nodes: []*fixed.Node{
			{Name: "enc", In: []*fixed.Value{image}, Out: enc, Op: &fixed.Conv{
				Window: window(3, 1, 1), Group: 1, WeightBits: 4, Weight: ramp(54), Bias: []int64{100, -20, 0}, BiasBits: 32, AccBits: 20,
				Scale: fixed.Scale{Mult: []int64{9, 17, 30}, MultBits: 5, Shift: []int{6, 7, 8}, Lo: 0, Hi: 255},
			}},
			{Name: "down", In: []*fixed.Value{enc}, Out: down, Op: &fixed.MaxPool{Window: window(2, 2, 0)}},
			{Name: "up", In: []*fixed.Value{down}, Out: up, Op: &fixed.Conv{
				Window: window(2, 2, 0), Transposed: true, Group: 1, WeightBits: 4, Weight: ramp(24), Bias: []int64{40, 7}, BiasBits: 32, AccBits: 20,
				Scale: fixed.Scale{Shift: []int{3, 3}, Rounding: fixed.HalfEven, Lo: 0, Hi: 255},
			}},
			{Name: "again", In: []*fixed.Value{enc}, Out: again, Op: &fixed.Requant{
				Scale: fixed.Scale{Mult: []int64{3, 3, 3}, MultBits: 2, Shift: []int{2, 2, 2}, Lo: 0, Hi: 255},
			}},
			{Name: "both", In: []*fixed.Value{up, again}, Out: both, Op: &fixed.Concat{}},
			{Name: "logits", In: []*fixed.Value{both}, Out: logits, Op: &fixed.Conv{
				Window: window(1, 1, 0), Group: 1, WeightBits: 4, Weight: ramp(15), Bias: []int64{0, 1, 2}, BiasBits: 32, AccBits: 20,
				Scale: fixed.Scale{Shift: []int{2, 2, 2}, Lo: -128, Hi: 127},
			}},
			{Name: "classes", In: []*fixed.Value{logits}, Out: classes, Op: &fixed.ArgMax{}},
		},
	}
}

func smallPlan(net *fixed.Net) *plan.Plan {
	return trivialPlan(net, func(st *plan.Stage) plan.Folding {
		return map[string]plan.Folding{
			"enc": {PE: 2, TapY: 3, TapX: 3, Cw: 1}, "down": {TapY: 1, TapX: 1, Cw: 3},
			"up": {PE: 1, TapY: 1, TapX: 1, Cw: 2}, "logits": {PE: 3, TapY: 1, TapX: 1, Cw: 5},
		}[st.Name]
	})
}

func TestGolden(t *testing.T) {
	net := small()
	require.NoError(t, fixed.Check(net))
	files, err := Emit(smallPlan(net))
	require.NoError(t, err)
	got := &txtar.Archive{Comment: []byte("C of a network with every kind of stage.\n")}
	for _, f := range files {
		got.Files = append(got.Files, txtar.File{Name: f.Name, Data: f.Data})
	}
	golden := filepath.Join("testdata", "small.txtar")
	if *update {
		require.NoError(t, os.WriteFile(golden, txtar.Format(got), 0o666))
	}
	want, err := txtar.ParseFile(golden)
	require.NoError(t, err)
	require.Len(t, got.Files, len(want.Files))
	for i, f := range want.Files {
		assert.Equal(t, f.Name, got.Files[i].Name)
		assert.Equal(t, string(f.Data), string(got.Files[i].Data), f.Name)
	}
	assert.Empty(t, differs(t, net, smallPlan(net), files, sanitised, newDice(1).frames(net, 3)))
}

// The comparison sees one changed weight, bias, shift and border.
func TestDifferenceIsSeen(t *testing.T) {
	net := small()
	frames := newDice(1).frames(net, 2)
	for name, change := range map[string]func(*fixed.Net){
		"weight": func(n *fixed.Net) { lastConv(t, n).Weight[4]++ },
		"bias":   func(n *fixed.Net) { lastConv(t, n).Bias[0] += 4 },
		"shift":  func(n *fixed.Net) { lastConv(t, n).Scale.Shift[1]-- },
		"border": func(n *fixed.Net) { n.Inputs[0].Zero = 3 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			changed := small()
			change(changed)
			p := smallPlan(changed)
			files, err := Emit(p)
			require.NoError(t, err)
			assert.NotEmpty(t, differs(t, net, p, files, optimised, frames))
		})
	}
}

// With RAMPART_HLS the pragmas are there, one by one, and the code still compiles.
func TestPragmas(t *testing.T) {
	p := smallPlan(small())
	dir := t.TempDir()
	flags := append([]string{"-DRAMPART_HLS", "-Wno-unknown-pragmas"}, strict...)
	_, err := Build(t.Context(), p, dir, flags...)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "gcc", "-std=c99", "-DRAMPART_HLS", "-E", "-P", "stage_enc.c", "top.c")
	cmd.Dir = dir
	out, err := cmd.Output()
	require.NoError(t, err)
	for _, pragma := range []string{"DATAFLOW", "PIPELINE II=1", "UNROLL", "ARRAY_PARTITION variable=window complete dim=1",
		"ARRAY_PARTITION variable=stage_enc_weights cyclic factor=2 dim=1"} {
		assert.True(t, strings.Contains(string(out), "#pragma HLS "+pragma+"\n"), "no pragma %s", pragma)
	}
}

func TestMissingCompiler(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Build(t.Context(), smallPlan(small()), t.TempDir())
	var missing diag.MissingTool
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, "gcc", missing.Tool)
	assert.Contains(t, missing.Install, "apt-get install gcc")
}

func TestBenchRefusesBadFrames(t *testing.T) {
	prog, err := Build(t.Context(), smallPlan(small()), t.TempDir())
	require.NoError(t, err)
	frame := make([]byte, 4*2*4*6)
	frame[1] = 1 // 256, which 8 bits do not hold
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"part of a number": {frame[:2], "ends within a number"},
		"part of a frame":  {frame[4:12], "ends within a frame"},
		"out of range":     {frame, "a value is not in 0 to 255"},
	} {
		path := filepath.Join(t.TempDir(), "in")
		require.NoError(t, os.WriteFile(path, c.data, 0o666))
		cmd := exec.CommandContext(t.Context(), prog.exe, path, path+".logits", path+".classes")
		out, err := cmd.CombinedOutput()
		assert.Error(t, err, name)
		assert.Equal(t, 2, cmd.ProcessState.ExitCode(), name)
		assert.Contains(t, string(out), c.says, name)
	}
	for _, args := range [][]string{nil, {"none", "a", "b"}} {
		cmd := exec.CommandContext(t.Context(), prog.exe, args...)
		cmd.Dir = t.TempDir()
		assert.Error(t, cmd.Run())
		assert.Equal(t, 2, cmd.ProcessState.ExitCode())
	}
}

func TestEmitRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*plan.Plan){
		"blank in a name": func(p *plan.Plan) { p.Stages[1].Name = "a b" },
		"no name":         func(p *plan.Plan) { p.Streams[0].Name = "" },
		"same name twice": func(p *plan.Plan) { p.Stages[1].Name = p.Stages[2].Name },
		"input as output": func(p *plan.Plan) { p.Outputs = append(p.Outputs, p.Inputs[0]) },
	} {
		p := smallPlan(small())
		spoil(p)
		_, err := Emit(p)
		assert.Error(t, err, name)
	}
}

// Whatever a node is called, its name cannot leave the comment that it stands in.
func TestHostileNodeNames(t *testing.T) {
	net := small()
	p := smallPlan(net)
	net.Nodes[0].Name = "*/ int x; /* ??/\n\\ \x00é"
	_, err := Build(t.Context(), p, t.TempDir(), strict...)
	assert.NoError(t, err)
}

func TestInputThatNoStageReads(t *testing.T) {
	net := small()
	net.Inputs = append(net.Inputs, &fixed.Value{Name: "spare", Shape: fixed.Shape{C: 1, H: 2, W: 2}, Format: fixed.Format{Bits: 8}})
	require.NoError(t, fixed.Check(net))
	p := smallPlan(net)
	files, err := Emit(p)
	require.NoError(t, err)
	assert.Empty(t, differs(t, net, p, files, optimised, newDice(1).frames(net, 2)))
}

func TestSameBytes(t *testing.T) {
	var all [2]bytes.Buffer
	for i := range all {
		files, err := Emit(smallPlan(small()))
		require.NoError(t, err)
		for _, f := range files {
			all[i].WriteString(f.Name)
			all[i].Write(f.Data)
		}
	}
	assert.Equal(t, all[0].String(), all[1].String())
}
