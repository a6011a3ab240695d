package protect

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// Cost is what a rule does to one memory, and what that takes of a device.
type Cost struct {
	Line       int         `json:"line"` // of the policy
	Use        Technique   `json:"use"`
	Memory     string      `json:"memory"`
	Kind       rtl.MemKind `json:"kind"`
	DataBits   int64       `json:"data_bits"`   // without the protection
	StoredBits int64       `json:"stored_bits"` // with it, of all copies
	Before     int         `json:"ramb18"`      // without it; 0 in distributed RAM, see plan.Memory
	After      int         `json:"ramb18_protected"`
	// Idle tells that check bits lie in block RAM that was there and idle: After is Before, which is not 0.
	Idle bool `json:"check_bits_fit"`
}

// Costs lists the protected memories by the lines of their rules, those of a rule in the order of the design.
func (p *Protected) Costs() []Cost {
	copies := map[string]int64{}
	for _, of := range p.Copies {
		copies[of]++
	}
	var all []Cost
	for _, st := range p.Design.States() {
		rule := p.Rules[st.Path]
		if st.Mem == nil || rule == nil {
			continue
		}
		word, stored, times := st.Type.Width(), st.Type.Width(), 1+copies[st.Path]
		if s := p.Stored[st.Path]; s != nil {
			word = s.Word.Width()
		}
		c := Cost{
			Line: rule.Line, Use: rule.Use, Memory: st.Path, Kind: st.Kind,
			DataBits: int64(word) * int64(st.Depth), StoredBits: int64(stored) * int64(st.Depth) * times,
			Before: blocks(word, st.Depth, 1), After: blocks(stored, st.Depth, int(times)),
		}
		c.Idle = c.Before > 0 && c.After == c.Before
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b Cost) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// blocks is the number of block RAMs of memories of one shape.
func blocks(width, depth, banks int) int {
	m := plan.Memory{Banks: banks, Width: width, Depth: depth}
	if m.InLUTRAM() {
		return 0
	}
	return m.RAMB18()
}

// PrintCosts writes costs as a table with a line for each rule.
func PrintCosts(w io.Writer, all []Cost) {
	t := tabwriter.NewWriter(w, 2, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "line\ttechnique\tmemories\tdata bits\tstored bits\tRAMB18\tprotected\tin idle columns\t")
	for len(all) > 0 {
		var sum Cost
		n, idle := 0, 0
		for n < len(all) && all[n].Line == all[0].Line {
			sum.DataBits, sum.StoredBits = sum.DataBits+all[n].DataBits, sum.StoredBits+all[n].StoredBits
			sum.Before, sum.After = sum.Before+all[n].Before, sum.After+all[n].After
			if all[n].Idle {
				idle++
			}
			n++
		}
		fmt.Fprintf(t, "%d\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t\n", all[0].Line, all[0].Use, n, sum.DataBits, sum.StoredBits, sum.Before, sum.After, idle)
		all = all[n:]
	}
	t.Flush()
}

// Entry is what a memory map says of the protection of a memory, so that others can decode what is stored.
type Entry struct {
	Use     Technique   `json:"technique"`
	CopyOf  string      `json:"copy_of,omitempty"`
	Width   int         `json:"stored_width"` // bits of a stored word; those behind data and check bits are idle
	OnError Reaction    `json:"on_error,omitempty"`
	Groups  []CodeGroup `json:"groups,omitempty"` // code words of a stored word
}

// CodeGroup is a code word: its bits within the stored word, and their columns of the parity-check matrix, those of the
// data bits first.
type CodeGroup struct {
	Data    []int    `json:"data_bits"`
	Checks  []int    `json:"check_bits"`
	Columns []uint64 `json:"columns"`
}

// Entry is that of a memory of the design; nil for one without protection.
func (p *Protected) Entry(st *rtl.State) *Entry {
	if of := p.Copies[st.Path]; of != "" {
		return &Entry{Use: TMR, CopyOf: of, Width: st.Type.Width()}
	}
	rule, s := p.Rules[st.Path], p.Stored[st.Path]
	if rule == nil {
		return nil
	}
	e := &Entry{Use: rule.Use, Width: st.Type.Width()}
	if s == nil {
		return e
	}
	if e.OnError = rule.OnError; e.OnError == "" {
		e.OnError = Flag
	}
	for i := range s.Layout.Groups {
		g := &s.Layout.Groups[i]
		e.Groups = append(e.Groups, CodeGroup{Data: g.DataBits(), Checks: g.CheckBits(), Columns: g.Code.Columns})
	}
	return e
}
