package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// The top holds two of a module with a multiplier and two memories, of which the tests change the line
// that reads the buffer.
const sources = `module top(input wire clk, input wire [8:0] a, input wire [7:0] d, output wire [15:0] y, z);
half u(.clk(clk), .a(a), .d(d), .y(y)); half v(.clk(clk), .a(a), .d(~d), .y(z)); endmodule
module half(input wire clk, input wire [8:0] a, input wire [7:0] d, output reg [15:0] y);
reg [7:0] lines [0:DEPTH-1]; reg [7:0] gains [0:15]; reg [7:0] word, gain;
integer i; initial for (i = 0; i < 16; i = i + 1) gains[i] = 37 * i;
always @(posedge clk) begin lines[a] <= d; word <= lines[a + 9'd1]; gain <= gains[a[3:0]]; y <= word * gain; end
endmodule
`

// folder holds the sources with something replaced and a buffer of depth words.
func folder(t *testing.T, depth int, from, to string) design {
	t.Helper()
	text := strings.ReplaceAll(sources, "DEPTH", strconv.Itoa(depth))
	require.Contains(t, text, from)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "top.v"), []byte(strings.Replace(text, from, to, 1)), 0o644))
	d := design{top: "top", verilog: dir, estimate: plan.Resources{DSP: 2, RAMB18: 2, LUTRAMBits: 256}}
	for _, u := range []string{"u", "v"} {
		d.memories = append(d.memories,
			hw.Memory{Path: u + ".lines", Module: "half", Kind: rtl.MemLine, Width: 8, Depth: depth},
			hw.Memory{Path: u + ".gains", Module: "half", Kind: rtl.MemWeights, Width: 8, Depth: 16, Index: [][]int{}})
	}
	return d
}

func TestCounts(t *testing.T) {
	d := folder(t, 512, "", "")
	var results []*result
	for _, f := range flows {
		r, err := f.synthesise(t.Context(), d)
		require.NoError(t, err)
		assert.Equal(t, 2, r.DSP, "%s: %v", f.Name, r.Cells)
		assert.Equal(t, 2, r.BlockRAM, "%s: %v", f.Name, r.Cells)
		assert.Equal(t, []placed{
			{"u.lines", "line", 4096, blockRAM, 1, false},
			{"v.lines", "line", 4096, blockRAM, 1, false},
		}, r.Memories)
		assert.Positive(t, r.LUT)
		assert.Empty(t, d.check(r))
		assert.Contains(t, r.Yosys, "Yosys")
		results = append(results, r)
	}
	text := d.table(results)
	for _, line := range []string{"estimate 2 2 256 bits - -", "u.lines line 512 x 8 4096 1 block RAM 1 block RAM 1 block RAM"} {
		assert.Contains(t, strings.Join(strings.Fields(text), " "), line)
	}
}

// What FPGAs have blocks for and synthesis did without is found: a memory of which more than a word is
// written at once, and a network without a multiplication.
func TestFindings(t *testing.T) {
	d := folder(t, 144, "lines[a] <= d;", "lines[a] <= d; if (&d) for (i = 0; i < 144; i = i + 1) lines[i] <= 0;")
	file := filepath.Join(d.verilog, "top.v")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, bytes.Replace(text, []byte("word * gain"), []byte("word + gain"), 1), 0o644))
	r, err := flows[1].synthesise(t.Context(), d)
	require.NoError(t, err)
	assert.Equal(t, findings{
		"ecp5: no multiplier became a DSP block; the build's estimate is 2",
		"ecp5: no memory became a block RAM; the build's estimate is 2",
		"ecp5: u.lines, 1152 bits that are written, became flip-flops",
		"ecp5: v.lines, 1152 bits that are written, became flip-flops",
	}, d.check(r), "%v", r.Cells)
	assert.Greater(t, r.FlipFlops, 2*1152)
}

// Distributed RAM will do, constants may be logic, and what the estimate has none of may be missing.
func TestNoFindings(t *testing.T) {
	r := &result{DSP: 1, BlockRAM: 1, Memories: []placed{{"a", "line", 2000, lutRAM, 4, false}, {"b", "weights", 2000, logic, 0, true}}}
	assert.Empty(t, design{estimate: plan.Resources{DSP: 9, RAMB18: 9}}.check(r))
	assert.Empty(t, design{}.check(&result{}))
}

// Cells are those of all instances; a memory is found by the names of its cells.
func TestCountsOfANetlist(t *testing.T) {
	n := &netlist{}
	require.NoError(t, json.Unmarshal([]byte(`{"creator": "Yosys", "modules": {
		"top": {"cells": {"u": {"type": "m"}, "v": {"type": "m"}, "p": {"type": "DSP48E1"}}},
		"DSP48E1": {"attributes": {"blackbox": "1"}},
		"m": {"cells": {"a.0.0": {"type": "RAMB36E1"}, "a.0.1": {"type": "RAMB18E1"}, "a_b.0.0": {"type": "RAMB18E1"},
			"c.0.0": {"type": "RAM64M"}, "d": {"type": "LUT6"}, "e": {"type": "FDRE"}, "f": {"type": "CARRY4"}}}}}`), n))
	var memories []hw.Memory
	for _, name := range []string{"a", "a_b", "b", "c"} {
		memories = append(memories, hw.Memory{Path: "u." + name, Module: "m", Kind: rtl.MemLine, Width: 33, Depth: 32})
	}
	r, err := flows[0].count(n, design{top: "top", memories: memories})
	require.NoError(t, err)
	assert.Equal(t, [5]int{1, 8, 2, 2, 2}, [5]int{r.DSP, r.BlockRAM, r.LUTRAM, r.LUT, r.FlipFlops})
	assert.Equal(t, map[string]int{"DSP48E1": 1, "RAMB36E1": 2, "RAMB18E1": 4, "RAM64M": 2, "LUT6": 2, "FDRE": 2, "CARRY4": 2}, r.Cells)
	assert.Equal(t, []placed{
		{"u.a", "line", 1056, blockRAM, 3, false}, {"u.a_b", "line", 1056, blockRAM, 1, false},
		{"u.b", "line", 1056, logic, 0, false}, {"u.c", "line", 1056, lutRAM, 1, false},
	}, r.Memories)
}

func TestMissingTool(t *testing.T) {
	d := folder(t, 512, "", "")
	t.Setenv("PATH", t.TempDir())
	_, err := flows[0].synthesise(t.Context(), d)
	var missing diag.MissingTool
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, "apt-get install yosys", missing.Install)
	assert.Equal(t, 3, exitCode(err))
}

func TestBadInput(t *testing.T) {
	d := folder(t, 512, "endmodule", "endmodul")
	_, err := flows[0].synthesise(t.Context(), d)
	require.ErrorContains(t, err, "syntax error")
	for _, args := range [][]string{nil, {"one"}, {t.TempDir(), t.TempDir()}} {
		err := run(t.Context(), args, io.Discard, io.Discard)
		require.Error(t, err)
		assert.Equal(t, 2, exitCode(err))
	}
	assert.Equal(t, 1, exitCode(findings{"something"}))
}

func TestNetlistsThatAreNotDone(t *testing.T) {
	for text, want := range map[string]string{
		`{"modules": {}}`: "no module top",
		`{"modules": {"top": {"cells": {"x": {"type": "$mul"}}}}}`:       "cell $mul of module top was not mapped",
		`{"modules": {"top": {"cells": {"x": {"type": "$scopeinfo"}}}}}`: "",
	} {
		n := &netlist{}
		require.NoError(t, json.Unmarshal([]byte(text), n))
		_, err := flows[0].count(n, design{top: "top"})
		if want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
}
