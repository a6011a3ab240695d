package verilog

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/rtltest"
	"rampart/ir/rtl"
)

// writeFiles puts files into a folder of the test and lists the Verilog among them.
func writeFiles(t *testing.T, files []File) (dir string, sources []string) {
	t.Helper()
	dir = t.TempDir()
	for _, f := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644))
		if strings.HasSuffix(f.Name, ".v") {
			sources = append(sources, f.Name)
		}
	}
	return dir, sources
}

// tool runs a program, which must be installed, and gives all that it says and whether it succeeded.
func tool(t *testing.T, install, dir, name string, args ...string) (string, bool) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Fatal(diag.MissingTool{Tool: name, Install: install})
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err == nil
}

// lint is what verilator -Wall and iverilog -Wall say about files: nothing, of good ones.
func lint(t *testing.T, top string, files []File) string {
	t.Helper()
	dir, sources := writeFiles(t, files)
	said, _ := tool(t, "apt-get install verilator", dir, "verilator",
		append([]string{"--lint-only", "-Wall", "--top-module", top}, sources...)...)
	also, ok := tool(t, "apt-get install iverilog", dir, "iverilog",
		append([]string{"-g2005", "-Wall", "-s", top, "-o", os.DevNull}, sources...)...)
	if !ok {
		also += "iverilog failed\n"
	}
	return said + also
}

func emit(t *testing.T, d *rtl.Design) []File {
	t.Helper()
	files, err := Emit(d)
	require.NoError(t, err)
	for _, f := range files {
		assert.NotContains(t, string(f.Data), "lint_off")
		assert.NotContains(t, string(f.Data), "verilator")
	}
	return files
}

func TestLintIsSilent(t *testing.T) {
	for _, path := range goldens(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			d, _ := readDesign(t, path)
			assert.Empty(t, lint(t, d.Top.Name, emit(t, d)))
		})
	}
	for _, truth := range rtltest.Truths() {
		t.Run(truth.Name, func(t *testing.T) {
			assert.Empty(t, lint(t, truth.Design.Top.Name, emit(t, truth.Design)))
		})
	}
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			d := rtltest.Random(seed, 10+int(seed)*7%90)
			assert.Empty(t, lint(t, d.Top.Name, emit(t, d)))
		})
	}
}

// The linters are shown faults of the kinds that emitted text must not have.
func TestLintSeesFaults(t *testing.T) {
	good := "module m (\n    input wire clk,\n    input wire [3:0] a,\n    output reg [3:0] q\n);\n" +
		"    always @(posedge clk) q <= a;\nendmodule\n"
	require.Empty(t, lint(t, "m", []File{{"m.v", []byte(good)}}))
	for what, swap := range map[string][2]string{
		"WIDTH":        {"q <= a;", "q <= a[2:0];"},
		"UNUSEDSIGNAL": {"q <= a;", "q <= {4{a[0]}};"},
		"syntax":       {"q <= a;", "q <= a"},
	} {
		bad := strings.Replace(good, swap[0], swap[1], 1)
		require.NotEqual(t, good, bad)
		assert.Contains(t, lint(t, "m", []File{{"m.v", []byte(bad)}}), what)
	}
}

func TestSameDesignSameBytes(t *testing.T) {
	for seed := range uint64(10) {
		assert.Equal(t, emit(t, rtltest.Random(seed, 60)), emit(t, rtltest.Random(seed, 60)))
	}
}

// Many random designs pass the width rules that legalise checks, which need no tool.
func TestWidthRulesHoldOnRandomDesigns(t *testing.T) {
	for seed := range uint64(300) {
		emit(t, rtltest.Random(1000+seed, 10+int(seed)%90))
	}
}
