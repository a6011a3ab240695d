// Package hlsc lowers a plan to C99 for high-level synthesis tools: one function and file per stage, the
// weights as constant arrays in headers, a top function that calls the stages on frame buffers, and a test
// bench. In: a plan whose network passed fixed.Check. Out: files whose results equal fixed.Eval bit for bit
// when any C99 compiler builds them. Folding shows as loops over PE and SIMD with pragmas to unroll them.
// It knows no floats and no vendor: pragmas are written in the style of Vitis, and are nothing but where
// RAMPART_HLS is defined.
//
// Frames lie in buffers in the order of the streams, rows then columns then channels, each channel in the
// narrowest C integer that holds its format.
package hlsc

import (
	"fmt"
	"regexp"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// File is one emitted file.
type File struct {
	Name string // within the output folder
	Data []byte
}

// Emit lowers a plan. The same plan gives the same bytes. The error says which name cannot be one in C, or
// which output is an input that no stage touches.
func Emit(p *plan.Plan) ([]File, error) {
	if err := check(p); err != nil {
		return nil, err
	}
	files := []File{commonHeader()}
	for _, st := range p.Stages {
		files = append(files, stageFiles(st)...)
	}
	return append(files, topHeader(p), topSource(p), bench(p)), nil
}

// stageFiles lowers one stage.
func stageFiles(st *plan.Stage) []File {
	switch st.Kind {
	case plan.Conv:
		return convStage(st)
	case plan.Pool:
		return []File{poolStage(st)}
	case plan.Scale:
		return scaleStage(st)
	case plan.Fork:
		return []File{forkStage(st)}
	case plan.Concat:
		return []File{concatStage(st)}
	case plan.ArgMax:
		return []File{argmaxStage(st)}
	case plan.Clip:
		return clipStage(st)
	case plan.Vote:
		return voteStage(st)
	}
	panic(fmt.Sprintf("BUG: hlsc: stage %s has kind %q", st.Name, st.Kind))
}

func check(p *plan.Plan) error {
	seen := map[string]bool{}
	legal := func(what, name string) error {
		if !word.MatchString(name) || seen[what+name] {
			return fmt.Errorf("emit C: %q is no name for a %s, or used twice", name, what)
		}
		seen[what+name] = true
		return nil
	}
	for _, st := range p.Stages {
		if err := legal("stage", st.Name); err != nil {
			return err
		}
	}
	for _, s := range p.Streams {
		if err := legal("stream", s.Name); err != nil {
			return err
		}
	}
	for _, s := range p.Outputs {
		if s.From == nil {
			return fmt.Errorf("emit C: output %s is a network input", s.Name)
		}
	}
	return nil
}

// word is what can follow a prefix in a C name.
var word = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// The prefixes keep names out of the way of C's keywords and library.
func functionName(st *plan.Stage) string { return "stage_" + st.Name }
func bufferName(s *plan.Stream) string   { return "frame_" + s.Name }

// cType is the narrowest C integer of a format.
func cType(f fixed.Format) string {
	bits := 32
	switch {
	case f.Bits <= 8:
		bits = 8
	case f.Bits <= 16:
		bits = 16
	}
	if f.Signed {
		return fmt.Sprintf("int%d_t", bits)
	}
	return fmt.Sprintf("uint%d_t", bits)
}

// buffer declares a frame buffer for the values of v.
func buffer(v *fixed.Value, name string) string {
	return fmt.Sprintf("%s %s[%d][%d][%d]", cType(v.Format), name, v.Shape.H, v.Shape.W, v.Shape.C)
}

// signature is the head of a stage's function: its inputs, then its outputs, then where it has one its alarm.
func signature(st *plan.Stage) string {
	args := ""
	for i, s := range st.In {
		args += ", " + buffer(s.Value, numbered("in", i, len(st.In)))
	}
	for i, s := range st.Out {
		args += ", " + buffer(s.Value, numbered("out", i, len(st.Out)))
	}
	if alarmed(st) {
		args += ", uint8_t *fault"
	}
	return fmt.Sprintf("void %s(%s)", functionName(st), args[2:])
}

// numbered is a parameter's name, with a number where there are several.
func numbered(name string, i, count int) string {
	if count == 1 {
		return name
	}
	return fmt.Sprintf("%s%d", name, i)
}
