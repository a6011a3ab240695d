package main

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/filetest"
)

// Every command's object lists the files that it made, all of them and no other; what it writes does not, so
// that it is the same in any folder.
func TestWrittenFilesAreListed(t *testing.T) {
	s := newShell(t)
	for _, c := range []struct{ line, record string }{
		{"inspect net.onnx", ""},
		{"eval net.onnx --images images.npy -o float", "float/summary.json"},
		{"compile net.onnx --calib images.npy -o some/../builds/build", "builds/build/build.json"},
		{"verify builds/build --engines fixed", ""},
		{"simulate builds/build --images images.npy -o out/", "out/summary.json"},
		{"simulate builds/build --images images.npy -o waved --engine interp --wave w.vcd --wave-to 30", "waved/summary.json"},
		{"inject builds/build --images images.npy --engine interp --fault enc.weights[0].7@1 -o faults", "faults/faults.json"},
	} {
		before := filetest.Tree(t, ".")
		got := object(t, s.ok(c.line+" --json"))
		var made []any
		for name := range filetest.Tree(t, ".") {
			if _, old := before[name]; !old {
				made = append(made, name)
			}
		}
		assert.ElementsMatch(t, made, got["written"], c.line)
		if c.record == "" {
			assert.NotContains(t, got, "written", c.line)
			continue
		}
		assert.True(t, slices.Contains(made, any(c.record)), c.line)
		data, err := os.ReadFile(c.record)
		require.NoError(t, err)
		assert.NotContains(t, object(t, string(data)), "written", c.line)
	}
}

func TestWaveformIsTold(t *testing.T) {
	s := newShell(t)
	s.build()
	out := s.ok("simulate build --images images.npy -o out --engine interp --wave w.vcd --wave-to 30")
	assert.Contains(t, out, "written to out\nwaveform in w.vcd\n")
}
