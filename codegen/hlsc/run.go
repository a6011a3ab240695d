package hlsc

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"rampart/internal/diag"
	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// Program is an emitted test bench that gcc has built.
type Program struct {
	plan *plan.Plan
	dir  string // holds the program, and its frames while it runs
	exe  string
}

// Build emits the plan into the folder dir, which exists, and compiles it with gcc -std=c99 and the flags,
// -O2 where there are none. Where gcc is not installed the error is a diag.MissingTool.
func Build(ctx context.Context, p *plan.Plan, dir string, flags ...string) (*Program, error) {
	files, err := Emit(p)
	if err != nil {
		return nil, err
	}
	return buildFiles(ctx, p, files, dir, flags)
}

func buildFiles(ctx context.Context, p *plan.Plan, files []File, dir string, flags []string) (*Program, error) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		return nil, diag.MissingTool{Tool: "gcc", Install: "apt-get install gcc libc6-dev"}
	}
	if len(flags) == 0 {
		flags = []string{"-O2"}
	}
	prog := &Program{plan: p, dir: dir, exe: filepath.Join(dir, "bench")}
	args := append([]string{"-std=c99", "-o", "bench"}, flags...)
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o666); err != nil {
			return nil, fmt.Errorf("build C: %w", err)
		}
		if filepath.Ext(f.Name) == ".c" {
			args = append(args, f.Name)
		}
	}
	cmd := exec.CommandContext(ctx, gcc, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build C in %s: %w\n%s", dir, errors.Join(err, ctx.Err()), out)
	}
	return prog, nil
}

// Run runs frames through the program: inputs[i] holds a tensor per network input. It gives, for every
// frame, a tensor per network output.
func (prog *Program) Run(ctx context.Context, inputs [][]*fixed.Tensor) (outputs [][]*fixed.Tensor, err error) {
	outputs, _, err = prog.Watch(ctx, inputs)
	return outputs, err
}

// Watch is Run that also gives, for every frame, the names of the stages that found something wrong.
func (prog *Program) Watch(ctx context.Context, inputs [][]*fixed.Tensor) (outputs [][]*fixed.Tensor, faults [][]string, err error) {
	dir, err := os.MkdirTemp(prog.dir, "frames-")
	if err != nil {
		return nil, nil, fmt.Errorf("run C: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var args []string
	for i := range prog.plan.Inputs {
		var data []byte
		for _, frame := range inputs {
			for _, v := range frame[i].Data {
				data = binary.LittleEndian.AppendUint32(data, uint32(v))
			}
		}
		args = append(args, filepath.Join(dir, fmt.Sprintf("in%d", i)))
		if err := os.WriteFile(args[i], data, 0o666); err != nil {
			return nil, nil, fmt.Errorf("run C: %w", err)
		}
	}
	for i := range prog.plan.Outputs {
		args = append(args, filepath.Join(dir, fmt.Sprintf("out%d", i)))
	}
	cmd := exec.CommandContext(ctx, prog.exe, args...)
	var says, tells bytes.Buffer
	cmd.Stderr, cmd.Stdout = &says, &tells
	if err := cmd.Run(); err != nil {
		return nil, nil, fmt.Errorf("run %s: %w\n%s", prog.exe, errors.Join(err, ctx.Err()), strings.TrimSpace(says.String()))
	}
	outputs = make([][]*fixed.Tensor, len(inputs))
	for i, s := range prog.plan.Outputs {
		data, err := os.ReadFile(args[len(prog.plan.Inputs)+i])
		if err != nil {
			return nil, nil, fmt.Errorf("run C: %w", err)
		}
		tensors, err := decode(data, s, len(inputs))
		if err != nil {
			return nil, nil, fmt.Errorf("run %s: output %s: %w", prog.exe, s.Name, err)
		}
		for k, t := range tensors {
			outputs[k] = append(outputs[k], t)
		}
	}
	faults = make([][]string, len(inputs))
	for line := range strings.Lines(tells.String()) {
		var frame int
		var stage string
		if _, err := fmt.Sscanf(line, "fault %d %s", &frame, &stage); err != nil || frame < 0 || frame >= len(faults) {
			return nil, nil, fmt.Errorf("run %s: it prints %q", prog.exe, line)
		}
		faults[frame] = append(faults[frame], stage)
	}
	return outputs, faults, nil
}

// decode reads the frames of one output file.
func decode(data []byte, s *plan.Stream, frames int) ([]*fixed.Tensor, error) {
	size := 4
	if asBytes(s) {
		size = 1
	}
	n := s.Value.Shape.Size()
	if len(data) != frames*n*size {
		return nil, fmt.Errorf("%d bytes where %d frames make %d", len(data), frames, frames*n*size)
	}
	tensors := make([]*fixed.Tensor, frames)
	for k := range tensors {
		tensors[k] = fixed.NewTensor(s.Value.Shape)
		for i := range n {
			at := data[(k*n+i)*size:]
			if size == 1 {
				tensors[k].Data[i] = int32(at[0])
			} else {
				tensors[k].Data[i] = int32(binary.LittleEndian.Uint32(at))
			}
		}
	}
	return tensors, nil
}
