package network

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// Report tells what Apply did.
type Report struct {
	Layers []*Layer `json:"layers"`   // that have guards, in the network's order
	Left   []Note   `json:"left_out"` // layers that rules match and that have not what these give
}

// Layer tells what one layer has, and what that costs.
type Layer struct {
	Layer     string           `json:"layer"` // the node
	Stage     string           `json:"stage"` // as plans call it
	Clip      *ClipReport      `json:"clip,omitempty"`
	Checksum  bool             `json:"checksum"`
	Duplicate *DuplicateReport `json:"duplicate,omitempty"`
	Costs     []Cost           `json:"costs"` // of each guard
}

// ClipReport tells of bounds.
type ClipReport struct {
	Per      Per     `json:"per"`
	Lo       []int64 `json:"low,omitempty"` // by channel; left out where there are upper bounds alone
	Hi       []int64 `json:"high"`
	Narrowed bool    `json:"narrowed"` // they are the layer's own clamp, at no cost
	Flag     bool    `json:"flag"`
	Outside  int64   `json:"outside"` // numbers of the calibration images that they change
	Numbers  int64   `json:"numbers"` // of so many
}

// DuplicateReport tells of channels that are computed several times.
type DuplicateReport struct {
	Channels []int `json:"channels"`
	Copies   int   `json:"copies"` // of each, in all
}

// Cost is what a guard of a layer adds.
type Cost struct {
	Guard      string `json:"guard"`       // clip, checksum or duplicate
	MACs       int64  `json:"macs"`        // multiplications for an image
	MemoryBits int64  `json:"memory_bits"` // of constants

	node *fixed.Node // whose stage decides about it; nil where it is certain
}

// Note is a remark on a layer.
type Note struct {
	Layer string `json:"layer"`
	What  string `json:"what"`
}

// Total sums up the costs of all layers.
func (r *Report) Total() (c Cost) {
	for _, l := range r.Layers {
		for _, one := range l.Costs {
			c.MACs, c.MemoryBits = c.MACs+one.MACs, c.MemoryBits+one.MemoryBits
		}
	}
	return c
}

// Price makes the costs of checksums and bounds those of a plan of the network that Apply gave: how many channels
// are computed at a time, and which lanes are padding. Before, checksums have the least that they can cost.
func (r *Report) Price(p *plan.Plan) {
	for _, l := range r.Layers {
		for i := range l.Costs {
			c := &l.Costs[i]
			at := slices.IndexFunc(p.Stages, func(s *plan.Stage) bool { return s.Node == c.node })
			if c.node == nil || at < 0 {
				continue
			}
			s := p.Stages[at]
			if c.Guard == checksumKey {
				words, bits := s.Checksums()
				steps := int64(s.Walk[0].Out) * int64(s.Walk[1].Out) * int64(s.Groups()*s.Steps())
				c.MACs = steps * int64(s.Fold.SIMD())
				c.MemoryBits = int64(len(words)) * int64(s.Fold.SIMD()*bits)
				continue
			}
			c.MemoryBits = 0
			for _, m := range s.Memories() {
				if m.Kind == rtl.MemRequant {
					c.MemoryBits += m.Bits()
				}
			}
		}
	}
}

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	var b strings.Builder
	for _, l := range r.Layers {
		for _, c := range l.Costs {
			fmt.Fprintf(&b, "%s: %s", l.Stage, l.describe(c.Guard))
			if c.MACs+c.MemoryBits == 0 {
				b.WriteString("; free\n")
				continue
			}
			fmt.Fprintf(&b, "; %d multiplications, %d bits of memory\n", c.MACs, c.MemoryBits)
		}
	}
	for _, n := range r.Left {
		fmt.Fprintf(&b, "left out: %s: %s\n", n.Layer, n.What)
	}
	t := r.Total()
	fmt.Fprintf(&b, "%d layers; %d more multiplications for an image, %d more bits of memory\n", len(r.Layers), t.MACs, t.MemoryBits)
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("printing what guards there are: %w", err)
	}
	return nil
}

// describe says what a guard of the layer is, in short.
func (l *Layer) describe(guard string) string {
	switch guard {
	case checksumKey:
		return "checksum"
	case duplicateKey:
		return fmt.Sprintf("channels %s computed %d times", list(l.Duplicate.Channels), l.Duplicate.Copies)
	}
	c := l.Clip
	text := "bounds of " + ends(c.Hi)
	if c.Lo != nil {
		text = fmt.Sprintf("bounds of %s to %s", ends(c.Lo), ends(c.Hi))
	}
	if c.Per == PerChannel {
		text += " by channel"
	}
	if c.Narrowed {
		text += ", in its own clamp"
	}
	if c.Flag {
		text += ", with an alarm"
	}
	if c.Outside > 0 {
		text += fmt.Sprintf(", which change %d of %d numbers of the calibration", c.Outside, c.Numbers)
	}
	return text
}

// ends is a number, or where there are several the least and the greatest.
func ends(v []int64) string {
	lo, hi := slices.Min(v), slices.Max(v)
	if lo == hi {
		return fmt.Sprint(lo)
	}
	return fmt.Sprintf("(%d..%d)", lo, hi)
}

// list writes numbers with commas between, the first of many.
func list(v []int) string {
	const most = 12
	var words []string
	for _, x := range v[:min(most, len(v))] {
		words = append(words, fmt.Sprint(x))
	}
	if len(v) > most {
		words = append(words, fmt.Sprintf("and %d more", len(v)-most))
	}
	return strings.Join(words, ", ")
}
