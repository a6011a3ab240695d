package hw

import (
	"strings"

	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// Memory says what one memory of a design holds. It is one entry of memory_map.json.
type Memory struct {
	Path   string      `json:"memory"` // as in fault names
	Module string      `json:"module"` // the definition that declares it
	Kind   rtl.MemKind `json:"kind"`
	Stage  string      `json:"stage"`
	Node   string      `json:"node,omitempty"` // the network's node
	Width  int         `json:"width"`          // bits of a word
	Lanes  int         `json:"lanes"`          // lane l is bits l*lane_bits and up
	Bits   int         `json:"lane_bits"`
	Signed bool        `json:"signed"`
	Depth  int         `json:"depth"`  // words
	Tensor string      `json:"tensor"` // what it holds
	// Index holds, word by word and lane by lane, the flat index into the tensor, -1 for padding:
	// [out][in/group][kh][kw] for weights, the channel for biases, requantisation constants and bounds. Buffers
	// have no fixed index and checksums belong to no tensor; they leave it out, and Holds says what is in them.
	Index [][]int `json:"index,omitempty"`
	Holds string  `json:"holds,omitempty"`
}

// noted is what a stage says of one of its constant memories while it is built.
type noted struct {
	tensor string
	index  [][]int
	holds  string // where there is no index
}

func (b *builder) note(s *plan.Stage, mem *rtl.Mem, index [][]int) {
	b.notes[s.Name+"."+mem.Name] = noted{tensor: mem.Tensor, index: index}
}

// memoryMap describes every memory of a design.
func (b *builder) memoryMap(d *rtl.Design, p *plan.Plan) []Memory {
	stages := map[string]*plan.Stage{}
	for _, s := range p.Stages {
		stages[s.Name] = s
	}
	where := map[*rtl.Mem]string{}
	for _, m := range d.Modules {
		for _, mem := range m.Mems {
			where[mem] = m.Name
		}
	}
	var all []Memory
	for _, st := range d.States() {
		if st.Mem == nil {
			continue
		}
		name, _, _ := strings.Cut(st.Path, ".")
		s := stages[name]
		e := Memory{
			Path: st.Path, Module: where[st.Mem], Kind: st.Kind, Stage: name, Width: st.Type.Width(),
			Lanes: st.Type.Lanes, Bits: st.Type.Bits, Signed: st.Type.Signed, Depth: st.Depth,
		}
		if s.Node != nil {
			e.Node = s.Node.Name
		}
		if n, ok := b.notes[st.Path]; ok {
			e.Tensor, e.Index, e.Holds = n.tensor, n.index, n.holds
		} else {
			e.Tensor, e.Holds = bufferTensor(s, st)
		}
		all = append(all, e)
	}
	return all
}

// bufferTensor is the activation tensor that a buffer holds, and how.
func bufferTensor(s *plan.Stage, st *rtl.State) (tensor, holds string) {
	if st.Kind == rtl.MemLine {
		return s.In[0].Value.Name, "a circular buffer of image rows, words of channels in raster order"
	}
	return s.Out[0].Value.Name, "beats of the stream in order of arrival, circular"
}
