package protect

import (
	"fmt"
	"strings"

	"rampart/internal/diag"
	"rampart/ir/rtl"
)

// Surroundings is what the passes must know of a design besides itself.
type Surroundings struct {
	Layer          func(path string) string // of a memory or a register: the node of the network, or the stage
	In, Out        []Stream                 // of the top module
	CyclesPerImage int64                    // between images that come without pause
	Latency        int64                    // from an image's first beat to its last one, in cycles
}

// Protected is a design with protection, and what was done to it.
type Protected struct {
	Design   *rtl.Design
	Stored   map[string]*Stored // by path: memories with a code
	Copies   map[string]string  // by path of a second or third copy of a memory: the first one's
	Rules    map[string]*Rule   // by path: of memories and registers that are protected; copies are left out
	Watchdog *Watchdog          // nil for none
}

// Apply builds the protection that a policy asks for into a design, which is changed. Errors are diag.Problems
// that name the policy's lines.
func Apply(d *rtl.Design, p *Policy, s Surroundings) (*Protected, error) {
	r := &Protected{Stored: map[string]*Stored{}, Copies: map[string]string{}}
	b := &builder{file: p.file}
	if p.Watchdog != nil {
		w := p.Watchdog.within(s)
		if len(s.In) != 1 {
			return nil, diag.Problem{File: p.file, At: "watchdog", What: fmt.Sprintf("the network has %d inputs, and a watchdog guards one", len(s.In)), Remedy: "leave it out"}
		}
		var err error
		if b.dog, err = addWatchdog(d, s.In[0], s.Out, w); err != nil {
			return nil, err
		}
		r.Watchdog = &w
	}
	var err error
	if b.rules, err = p.assign(d, s.Layer); err != nil {
		return nil, err
	}
	r.Rules = b.rules
	top, err := b.variants(d)
	if err != nil {
		return nil, err
	}
	r.Design = rtl.NewDesign(top)
	if err := rtl.Check(r.Design); err != nil {
		return nil, fmt.Errorf("protected hardware: %w", err)
	}
	for _, st := range r.Design.States() {
		if st.Mem == nil {
			continue
		}
		if w := b.words[st.Mem]; w != nil {
			r.Stored[st.Path] = w
		}
		if of := b.copies[st.Mem]; of != nil {
			r.Copies[st.Path] = original(st.Path, of.Name)
		}
	}
	return r, nil
}

// original is the path of the memory that a path, of a copy of it, is for.
func original(path, name string) string {
	module := strings.TrimSuffix(path, "."+wordsName)
	return module[:strings.LastIndexByte(module, '.')+1] + name
}

// within fills in what a watchdog leaves open: twice the time that an image alone may take, and room for as many
// images as are under way without a fault and one more.
func (w Watchdog) within(s Surroundings) Watchdog {
	if w.Cycles == 0 {
		w.Cycles = 2 * (s.Latency + s.CyclesPerImage)
	}
	if w.Images == 0 {
		w.Images = int((s.Latency+s.CyclesPerImage-1)/s.CyclesPerImage) + 2
	}
	return w
}
