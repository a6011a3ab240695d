package verilog_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/codegen/verilog"
	"rampart/hw"
	"rampart/internal/diag"
	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// Icarus Verilog, which knows unknown values, agrees with the evaluator and the schedule on whole
// networks: every output bit, every output beat's cycle, for two images.
func TestIcarusRunsNetworks(t *testing.T) {
	if _, err := exec.LookPath("iverilog"); err != nil {
		t.Fatal(diag.MissingTool{Tool: "iverilog", Install: "apt-get install iverilog"})
	}
	for _, seed := range []uint64{1, 4, 5, 6} { // small ones: it is slow
		t.Run(fmt.Sprint(seed), func(t *testing.T) { icarus(t, nettest.New(seed)) })
	}
}

func icarus(t *testing.T, d nettest.Dice) {
	net := d.Net(4)
	p, err := plan.New(t.Context(), net, plan.Target{Multipliers: 200})
	require.NoError(t, err)
	h, err := hw.Build(p)
	require.NoError(t, err)
	files, err := verilog.Emit(h.Design)
	require.NoError(t, err)
	const images = 2
	dir := t.TempDir()
	var inputs [images][]*fixed.Tensor
	var fed, want []int
	for _, in := range p.Inputs {
		var column []*fixed.Tensor
		for i := range inputs {
			inputs[i] = append(inputs[i], d.Tensor(in.Value))
			column = append(column, inputs[i][len(inputs[i])-1])
		}
		beats := hw.Pack(in, column)
		fed = append(fed, images*in.FrameBeats())
		require.NoError(t, os.WriteFile(filepath.Join(dir, in.Name+".hex"), hexBeats(beats, len(beats)/images/in.FrameBeats()), 0o666))
	}
	for _, out := range p.Outputs {
		want = append(want, images*out.FrameBeats())
	}
	files = append(files, verilog.Bench(h.Design.Top, fed, want, 1_000_000))
	args := []string{"-g2005", "-o", "bench"}
	for _, f := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666))
		if filepath.Ext(f.Name) == ".v" {
			args = append(args, f.Name)
		}
	}
	run(t, dir, "iverilog", args...)
	got := readBench(t, p, run(t, dir, "vvp", "-n", "bench"))

	schedule := plan.NewSchedule(p, nil)
	require.NoError(t, schedule.Run(t.Context(), images))
	for k, out := range p.Outputs {
		var expected []*fixed.Tensor
		for _, in := range inputs {
			outputs, err := fixed.EvalAll(t.Context(), net, in, nil)
			require.NoError(t, err)
			expected = append(expected, outputs[k])
		}
		require.Equal(t, schedule.Outputs()[k], got[k].cycles[:want[k]], "cycles of %s", out.Name)
		size := len(got[k].beats) / len(got[k].cycles)
		require.Equal(t, pure(out, hw.Pack(out, expected)), pure(out, got[k].beats[:want[k]*size]), "images of %s", out.Name)
	}
}

// pure is what beats say of channels, padding lanes apart.
func pure(s *plan.Stream, beats []byte) []*fixed.Tensor {
	images, _ := hw.Unpack(s, beats)
	return images
}

func run(t *testing.T, dir, tool string, args ...string) []byte {
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return out
}

// hexBeats writes beats of size bytes, little-endian, as lines for $readmemh.
func hexBeats(beats []byte, size int) []byte {
	var b bytes.Buffer
	for beat := range slices.Chunk(beats, size) {
		beat = slices.Clone(beat)
		slices.Reverse(beat)
		fmt.Fprintln(&b, hex.EncodeToString(beat))
	}
	return b.Bytes()
}

type printed struct {
	cycles []int64
	beats  []byte
}

// readBench reads the lines that a bench printed, by output stream.
func readBench(t *testing.T, p *plan.Plan, out []byte) []printed {
	got := make([]printed, len(p.Outputs))
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var cycle int64
		var name, data string
		if n, _ := fmt.Sscan(lines.Text(), &cycle, &name, &data); n != 3 {
			require.NotEqual(t, "hang", lines.Text())
			continue
		}
		k := slices.IndexFunc(p.Outputs, func(s *plan.Stream) bool { return s.Name == name })
		require.GreaterOrEqual(t, k, 0, lines.Text())
		if len(data)%2 == 1 {
			data = "0" + data
		}
		beat, err := hex.DecodeString(data)
		require.NoError(t, err, lines.Text())
		slices.Reverse(beat)
		got[k].cycles = append(got[k].cycles, cycle)
		got[k].beats = append(got[k].beats, beat...)
	}
	return got
}
