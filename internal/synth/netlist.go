package main

import (
	"fmt"
	"strings"
)

// netlist is what yosys' write_json writes, as far as it is read here.
type netlist struct {
	Creator string `json:"creator"` // yosys and its version
	Modules map[string]struct {
		Attributes map[string]string `json:"attributes"`
		Cells      map[string]struct {
			Type string `json:"type"`
		} `json:"cells"`
	} `json:"modules"`
}

// result is what a flow made of a design.
type result struct {
	Flow      string         `json:"flow"`
	Script    string         `json:"script"`
	Yosys     string         `json:"yosys"`
	DSP       int            `json:"dsp"`
	BlockRAM  int            `json:"ramb18"`   // of 18 kbit; one of 36 kbit counts twice
	LUTRAM    int            `json:"lutram"`   // cells
	LUT       int            `json:"luts"`     // without those in carry chains and distributed RAM
	FlipFlops int            `json:"ffs"`      // without those in DSP blocks and block RAMs
	Cells     map[string]int `json:"cells"`    // of every kind
	Memories  []placed       `json:"memories"` // the large ones
}

// placed says where a memory went.
type placed struct {
	Memory   string `json:"memory"`
	Kind     string `json:"kind"`
	Bits     int    `json:"bits"`
	In       class  `json:"in"`
	Units    int    `json:"units"`    // block RAMs of 18 kbit, or cells; 0 in logic
	Constant bool   `json:"constant"` // nothing writes it
}

// largeBits is the size above which a memory is worth a block RAM or distributed RAM.
const largeBits = 1024

// count adds up the cells of all instances below the top module, and looks where the large memories are.
func (f flow) count(n *netlist, d design) (*result, error) {
	r := &result{Flow: f.Name, Script: f.Script, Yosys: n.Creator}
	var err error
	if r.Cells, err = n.below(d.top, map[string]map[string]int{}); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Name, err)
	}
	total := map[class]int{}
	for kind, number := range r.Cells {
		c, units := f.classify(kind)
		total[c] += number * units
	}
	r.DSP, r.BlockRAM, r.LUTRAM, r.LUT, r.FlipFlops = total[dsp], total[blockRAM], total[lutRAM], total[lut], total[flipFlop]
	for _, m := range d.memories {
		if bits := m.Width * m.Depth; bits > largeBits {
			p := placed{Memory: m.Path, Kind: string(m.Kind), Bits: bits, In: logic, Constant: m.Index != nil}
			p.In, p.Units = f.place(n, m.Module, m.Path[strings.LastIndexByte(m.Path, '.')+1:])
			r.Memories = append(r.Memories, p)
		}
	}
	return r, nil
}

// below counts the cells of a module and of all below it, by kind.
func (n *netlist) below(module string, known map[string]map[string]int) (map[string]int, error) {
	if counts, ok := known[module]; ok {
		return counts, nil
	}
	m, ok := n.Modules[module]
	if !ok {
		return nil, fmt.Errorf("the netlist has no module %s", module)
	}
	counts := map[string]int{}
	for _, cell := range m.Cells {
		of, ours := n.Modules[cell.Type]
		switch {
		case ours && of.Attributes["blackbox"] == "" && of.Attributes["whitebox"] == "":
			inner, err := n.below(cell.Type, known)
			if err != nil {
				return nil, err
			}
			for kind, number := range inner {
				counts[kind] += number
			}
		case strings.HasPrefix(cell.Type, "$") && cell.Type != "$scopeinfo": // which is a note, not a cell
			return nil, fmt.Errorf("a cell %s of module %s was not mapped", cell.Type, module)
		default:
			counts[cell.Type]++
		}
	}
	known[module] = counts
	return counts, nil
}

// place finds a memory of a module: its RAM cells have the memory's name and numbers behind it.
func (f flow) place(n *netlist, module, memory string) (in class, units int) {
	in = logic
	for name, cell := range n.Modules[module].Cells {
		if !strings.HasPrefix(name, memory+".") || strings.Trim(name[len(memory):], ".0123456789") != "" {
			continue
		}
		if c, number := f.classify(cell.Type); c == blockRAM || c == lutRAM {
			in, units = c, units+number
		}
	}
	return in, units
}
