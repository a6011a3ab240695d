package hw

import (
	"fmt"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// Role is what a memory is to its stage.
type Role uint8

// The roles.
const (
	Weights   Role = iota // one read a step
	Checksums             // one read a step
	Bias                  // one read a beat of the output, as for the next four
	Mult
	Shift
	Low // a lower bound
	High
	Lines  // a bank of the line buffer: one read a step, one write a word
	Buffer // of an output stream: one write and one read a beat
)

// Place is where a memory stands in the plan.
type Place struct {
	Stage *plan.Stage
	Role  Role
	Bank  Bank         // Lines
	Out   *plan.Stream // the stream that a Buffer holds, or whose beats constants are read for
}

// Places tells the place of every memory of a plan's design by its path.
func Places(p *plan.Plan) map[string]Place {
	all := map[string]Place{}
	for _, s := range p.Stages {
		for i, out := range s.Out {
			all[s.Name+"."+bufferName(s, i)+".beats"] = Place{Stage: s, Role: Buffer, Out: out}
		}
		constants := func(scale fixed.Scale) {
			all[s.Name+".bias"] = Place{Stage: s, Role: Bias, Out: s.Out[0]}
			all[s.Name+".shift"] = Place{Stage: s, Role: Shift, Out: s.Out[0]}
			if scale.Mult != nil {
				all[s.Name+".mult"] = Place{Stage: s, Role: Mult, Out: s.Out[0]}
			}
		}
		switch s.Kind {
		case plan.Conv:
			all[s.Name+".weights"] = Place{Stage: s, Role: Weights}
			op := s.Node.Op.(*fixed.Conv)
			constants(op.Scale)
			if op.Checksum {
				all[s.Name+".checksums"] = Place{Stage: s, Role: Checksums}
			}
		case plan.Scale:
			constants(s.Node.Op.(*fixed.Requant).Scale)
		case plan.Clip:
			all[s.Name+".high"] = Place{Stage: s, Role: High, Out: s.Out[0]}
			if s.Node.Op.(*fixed.Clip).Lo != nil {
				all[s.Name+".low"] = Place{Stage: s, Role: Low, Out: s.Out[0]}
			}
		}
		for y := range s.Fold.TapY { // none where there is no window
			for x := range s.Fold.TapX {
				b := Bank{y, x}
				all[s.Name+".window."+linesName(s.Fold, b)] = Place{Stage: s, Role: Lines, Bank: b}
			}
		}
	}
	return all
}

// linesName is the name of a bank of a line buffer.
func linesName(f plan.Folding, b Bank) string {
	if f.TapY*f.TapX == 1 {
		return "lines"
	}
	return fmt.Sprintf("lines_%d_%d", b.Y, b.X)
}

// bufferName is the name of the buffer of a stage's output.
func bufferName(s *plan.Stage, out int) string {
	switch {
	case s.Kind != plan.Fork:
		return "out_fifo"
	case s.Out[out].Skip:
		return fmt.Sprintf("skip%d", out)
	}
	return fmt.Sprintf("out%d_fifo", out)
}
