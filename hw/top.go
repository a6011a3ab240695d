package hw

import (
	"fmt"

	"rampart/ir/fixed"
	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// Hardware is a design and what its memories hold.
type Hardware struct {
	Design *rtl.Design
	Map    []Memory // in the order of Design.States
}

// Build makes the design of a plan. Stages become modules of their own name below a module named
// after the network; its ports are the plan's input and output streams.
func Build(p *plan.Plan) (*Hardware, error) {
	b := newBuilder()
	top := rtl.NewModule(b.names.Claim(p.Name), fmt.Sprintf("Accelerator %s: %d stages.", p.Name, len(p.Stages)))
	valid, data := map[*plan.Stream]*rtl.Node{}, map[*plan.Stream]*rtl.Node{}
	for _, s := range p.Inputs {
		valid[s] = top.In(s.Name+"_valid", rtl.U(1))
		data[s] = top.In(s.Name+"_data", beatType(s))
	}
	ready := map[*plan.Stream]*rtl.Node{}
	for _, s := range p.Outputs {
		ready[s] = top.In(s.Name+"_ready", rtl.U(1))
	}
	insts := make([]*rtl.Instance, len(p.Stages))
	for i, s := range p.Stages {
		insts[i] = top.Inst(s.Name, b.stage(s), nil)
		for k, in := range s.In {
			ready[in] = insts[i].Port(port("in", k, s) + "_ready")
		}
		for k, out := range s.Out {
			valid[out] = insts[i].Port(port("out", k, s) + "_valid")
			data[out] = insts[i].Port(port("out", k, s) + "_data")
		}
	}
	for i, s := range p.Stages {
		for k, in := range s.In {
			insts[i].Connect(port("in", k, s)+"_valid", valid[in])
			insts[i].Connect(port("in", k, s)+"_data", data[in])
		}
		for k, out := range s.Out {
			insts[i].Connect(port("out", k, s)+"_ready", ready[out])
		}
	}
	for _, s := range p.Inputs {
		top.Out(s.Name+"_ready", ready[s])
	}
	for _, s := range p.Outputs {
		top.Out(s.Name+"_valid", valid[s])
		top.Out(s.Name+"_data", data[s])
	}
	d := rtl.NewDesign(top)
	if err := rtl.Check(d); err != nil {
		return nil, fmt.Errorf("hardware of %s: %w", p.Name, err)
	}
	return &Hardware{Design: d, Map: b.memoryMap(d, p)}, nil
}

// port is the prefix of a stage's stream port: numbered where the stage may have several.
func port(dir string, k int, s *plan.Stage) string {
	if many := s.Kind == plan.Concat && dir == "in" || s.Kind == plan.Fork && dir == "out"; many {
		return fmt.Sprintf("%s%d", dir, k)
	}
	return dir
}

// stage is the definition of a stage.
func (b *builder) stage(s *plan.Stage) *rtl.Module {
	switch s.Kind {
	case plan.Conv:
		return b.conv(s)
	case plan.Pool:
		return b.pool(s)
	case plan.Scale:
		return b.scale(s)
	case plan.Fork:
		return b.fork(s)
	case plan.Concat:
		return b.concat(s)
	case plan.ArgMax:
		return b.argmax(s)
	case plan.Clip:
		return b.clip(s)
	case plan.Vote:
		return b.vote(s)
	}
	panic(fmt.Sprintf("BUG: hw: stage %s has unknown kind %q", s.Name, s.Kind))
}

// requantOfScale is the requantiser of a stand-alone requantisation; its bias takes the input's zero
// point away.
func requantOfScale(op *fixed.Requant, n *fixed.Node) (requantSpec, []int64) {
	in := n.In[0]
	bias := make([]int64, in.Shape.C)
	for c := range bias {
		bias[c] = -in.Zero
	}
	width := signed(int(-in.Zero), int(-in.Zero)).Bits
	acc := in.Format.Bits
	if !in.Format.Signed {
		acc++
	}
	return withScale(requantSpec{accBits: acc, biasBits: width}, op.Scale, n), bias
}
