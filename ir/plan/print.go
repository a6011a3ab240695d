package plan

import (
	"bytes"
	"fmt"
)

// Print gives the text form of a plan that passes Check: the estimate, one line per input, stage and
// output, and under a stage its folding and one line per stream it makes. What follows from the network
// is left out. Parse reads it back; the same plan gives the same bytes.
func Print(p *Plan) []byte {
	var b bytes.Buffer
	linef := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	linef("plan %s", p.Name)
	e := p.Estimate
	buffers := "ample"
	if e.LeastBuffers {
		buffers = "least"
	}
	linef("estimate cycles %d latency %d warmup %d buffers %s", e.CyclesPerFrame, e.LatencyCycles, e.WarmupFrames, buffers)
	for _, s := range p.Inputs {
		linef("input %s %q lanes %d", s.Name, s.Value.Name, s.Lanes)
	}
	for _, st := range p.Stages {
		fmt.Fprintf(&b, "%s %s", st.Kind, st.Name)
		if st.Node != nil {
			fmt.Fprintf(&b, " %q", st.Node.Name)
		}
		b.WriteString(" from")
		for _, in := range st.In {
			b.WriteString(" " + in.Name)
		}
		linef("")
		if f := st.Fold; st.Rows > 0 {
			linef("  fold outputs %d taps %dx%d channels %d rows %d", f.PE, f.TapY, f.TapX, f.Cw, st.Rows)
		}
		for _, s := range st.Out {
			linef("  to %s lanes %d depth %d", s.Name, s.Lanes, s.Depth)
		}
	}
	for _, s := range p.Outputs {
		linef("output %s", s.Name)
	}
	return b.Bytes()
}
