package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"

	"rampart/hw"
	"rampart/internal/diag"
	"rampart/ir/plan"
)

// design is what is synthesised, and what its build says of it.
type design struct {
	top      string
	verilog  string // the folder of the sources
	estimate plan.Resources
	memories []hw.Memory
}

// class is what a cell of a netlist counts as.
type class string

const (
	dsp      class = "DSP"
	blockRAM class = "block RAM"
	lutRAM   class = "LUT RAM" // distributed RAM, which is look-up tables that can be written
	lut      class = "LUT"
	flipFlop class = "flip-flop"
	logic    class = "logic" // where a memory is in no RAM
)

// rule says what cells of a kind count as.
type rule struct {
	pattern string // as path.Match has it
	class   class
	units   int // how many: of 18 kbit for block RAMs
}

// flow is a way to synthesise. The hierarchy is kept: yosys 0.23 makes wrong netlists of these designs with
// synth_xilinx -flatten.
type flow struct {
	Name   string
	Script string // the command of yosys that does it
	rules  []rule // the first that matches holds
}

var flows = []flow{
	{"xilinx", "synth_xilinx", []rule{
		{"DSP48*", dsp, 1}, {"RAMB18*", blockRAM, 1}, {"RAMB36*", blockRAM, 2}, {"RAM[0-9]*", lutRAM, 1},
		{"LUT[1-6]", lut, 1}, {"FD[RSCP]E*", flipFlop, 1},
	}},
	{"ecp5", "synth_ecp5 -noflatten", []rule{
		{"MULT18X18D", dsp, 1}, {"DP16KD", blockRAM, 1}, {"PDPW16KD", blockRAM, 1}, {"TRELLIS_DPR16X4*", lutRAM, 1},
		{"LUT4", lut, 1}, {"TRELLIS_FF", flipFlop, 1},
	}},
}

// classify says what a cell counts as, and how often; not at all for most kinds.
func (f flow) classify(cell string) (class, int) {
	for _, r := range f.rules {
		if ok, err := path.Match(r.pattern, cell); err != nil {
			panic("BUG: synth: pattern " + r.pattern + ": " + err.Error())
		} else if ok {
			return r.class, r.units
		}
	}
	return "", 0
}

// synthesise runs yosys and counts what it made.
func (f flow) synthesise(ctx context.Context, d design) (*result, error) {
	yosys, err := exec.LookPath("yosys")
	if err != nil {
		return nil, diag.MissingTool{Tool: "yosys", Install: "apt-get install yosys"}
	}
	dir, err := os.MkdirTemp("", "rampart-synth-")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left of a failed run there tells nothing
	sources, err := filepath.Glob(filepath.Join(d.verilog, "*.v"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	names := make([]string, len(sources))
	for i, s := range sources {
		names[i] = filepath.Base(s)
	}
	file := filepath.Join(dir, "netlist.json")
	script := fmt.Sprintf("read_verilog %s; %s -top %s; write_json %s", strings.Join(names, " "), f.Script, d.top, file)
	cmd := exec.CommandContext(ctx, yosys, "-q", "-p", script)
	cmd.Dir = d.verilog // where $readmemh looks
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err = cmd.Run()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		text := said.String()
		return nil, fmt.Errorf("%s: yosys: %w\n%s", f.Name, err, text[max(0, len(text)-2000):])
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	n := &netlist{}
	if err := json.Unmarshal(data, n); err != nil {
		return nil, fmt.Errorf("%s: the netlist of yosys: %w", f.Name, err)
	}
	return f.count(n, d)
}
