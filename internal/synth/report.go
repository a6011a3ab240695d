package main

import (
	"bytes"
	"fmt"
	"strings"
	"text/tabwriter"

	"rampart/hw"
	"rampart/ir/plan"
)

// findings are what is wrong with what synthesis made.
type findings []string

func (f findings) Error() string { return strings.Join(f, "\n") }

// check says what did not become what FPGAs have for it.
func (d design) check(r *result) findings {
	var found findings
	if d.estimate.DSP > 0 && r.DSP == 0 {
		found = append(found, fmt.Sprintf("%s: no multiplier became a DSP block; the build's estimate is %d", r.Flow, d.estimate.DSP))
	}
	if d.estimate.RAMB18 > 0 && r.BlockRAM == 0 {
		found = append(found, fmt.Sprintf("%s: no memory became a block RAM; the build's estimate is %d", r.Flow, d.estimate.RAMB18))
	}
	for _, m := range r.Memories {
		if m.In == logic && !m.Constant {
			found = append(found, fmt.Sprintf("%s: %s, %d bits that are written, became flip-flops", r.Flow, m.Memory, m.Bits))
		}
	}
	return found
}

// table shows all results beside the estimate, and below where the large memories went.
func (d design) table(results []*result) string {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(cells ...any) {
		for _, c := range cells {
			fmt.Fprintf(w, "%v\t", c)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(&b, "%s, cells of the whole network\n", d.top)
	row("", "DSP", "RAM 18k", "LUT RAM", "LUT", "FF")
	row("estimate", d.estimate.DSP, d.estimate.RAMB18, fmt.Sprintf("%d bits", d.estimate.LUTRAMBits), "-", "-")
	for _, r := range results {
		row(r.Flow, r.DSP, r.BlockRAM, r.LUTRAM, r.LUT, r.FlipFlops)
	}
	_ = w.Flush() // a bytes.Buffer takes everything

	fmt.Fprintf(&b, "\nmemories of more than %d bits\n", largeBits)
	head := []any{"memory", "kind", "words", "bits", "estimate"}
	for _, r := range results {
		head = append(head, r.Flow)
	}
	row(head...)
	i := 0
	for _, m := range d.memories {
		if m.Width*m.Depth <= largeBits {
			continue
		}
		line := []any{m.Path, m.Kind, fmt.Sprintf("%d x %d", m.Depth, m.Width), m.Width * m.Depth, d.expected(m)}
		for _, r := range results {
			line = append(line, r.Memories[i])
		}
		row(line...)
		i++
	}
	_ = w.Flush()
	return b.String()
}

// expected is where the build's estimate has a memory.
func (d design) expected(m hw.Memory) string {
	e := plan.Memory{Kind: m.Kind, Banks: 1, Width: m.Width, Depth: m.Depth}
	if e.InLUTRAM() {
		return string(lutRAM)
	}
	return fmt.Sprintf("%d %s", e.RAMB18(), blockRAM)
}

func (p placed) String() string {
	if p.Units == 0 {
		return string(p.In)
	}
	return fmt.Sprintf("%d %s", p.Units, p.In)
}
