package plan

import (
	"fmt"
	"slices"

	"rampart/internal/diag"
	"rampart/ir/rtl"
)

// checker collects what is wrong; at is the stage or stream under test.
type checker struct {
	found diag.Problems
	at    string
}

func (c *checker) failf(format string, args ...any) {
	c.found.Add(diag.Problem{At: c.at, What: fmt.Sprintf(format, args...)})
}

// Check tells everything that is wrong with a plan: names, wiring, order, lanes, foldings, and buffers
// that are too small for a stage to work at all. Whether the pipeline as a whole can stop is for its
// schedule to say.
func Check(p *Plan) error {
	c := &checker{}
	c.checkNames(p)
	c.checkWiring(p)
	if err := c.found.Err(); err != nil {
		return err
	}
	for _, s := range p.Streams {
		c.at = "stream " + s.Name
		c.checkStream(s, p.widest())
	}
	if err := c.found.Err(); err != nil {
		return err
	}
	for _, s := range p.Stages {
		c.at = "stage " + s.Name
		c.checkStage(s)
	}
	return c.found.Err()
}

// mostWords bounds memories, so that no sum of them leaves 64 bits.
const mostWords = 1 << 31

func (c *checker) checkNames(p *Plan) {
	taken := map[string]bool{}
	name := func(kind, name string) {
		c.at = kind + " " + name
		if !identifier(name) || taken[name] {
			c.failf("the name %q is no identifier, or taken", name)
		}
		taken[name] = true
	}
	name("plan", p.Name)
	for _, s := range p.Stages {
		name("stage", s.Name)
	}
	for _, s := range p.Streams {
		name("stream", s.Name)
	}
}

func identifier(name string) bool {
	for i, c := range name {
		if !(c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return name != "" && rtl.Reserved(name) == ""
}

// checkWiring checks that stages and streams point at each other, in topological order, and that
// streams are listed in the order of their sources.
func (c *checker) checkWiring(p *Plan) {
	c.at = "plan " + p.Name
	listed := slices.Clone(p.Inputs)
	for _, s := range p.Inputs {
		if s.From != nil || s.To == nil {
			c.failf("input %s comes from a stage, or goes to none", s.Name)
		}
	}
	for _, st := range p.Stages {
		c.at = "stage " + st.Name
		c.checkPorts(st)
		for _, in := range st.In {
			if in.To != st || !slices.Contains(listed, in) {
				c.failf("its input %s goes elsewhere, or comes later", in.Name)
			}
		}
		for _, out := range st.Out {
			if out.From != st {
				c.failf("its output %s comes from elsewhere", out.Name)
			}
		}
		listed = append(listed, st.Out...)
	}
	c.at = "plan " + p.Name
	if !slices.Equal(listed, p.Streams) {
		c.failf("the streams are not those of the inputs and stages in their order")
	}
	ends := 0
	for _, s := range p.Streams {
		if s.To == nil {
			ends++
		}
	}
	for i, s := range p.Outputs {
		if s.To != nil || slices.Contains(p.Outputs[:i], s) {
			c.failf("output %s goes to a stage, or is listed twice", s.Name)
		}
	}
	if ends != len(p.Outputs) {
		c.failf("%d streams go nowhere, %d are outputs", ends, len(p.Outputs))
	}
}

// checkPorts checks a stage's kind, node, and the number and values of its streams.
func (c *checker) checkPorts(st *Stage) {
	if st.Kind == Fork {
		if st.Node != nil || len(st.In) != 1 || len(st.Out) < 2 {
			c.failf("a fork has no node, one input and several outputs")
			return
		}
		for _, out := range st.Out {
			if out.Value != st.In[0].Value {
				c.failf("its output %s carries another value", out.Name)
			}
		}
		return
	}
	if st.Node == nil || kindOf(st.Node.Op) != st.Kind {
		c.failf("its kind %q is not that of its node", st.Kind)
		return
	}
	if len(st.In) != len(st.Node.In) || len(st.Out) != 1 || st.Out[0].Value != st.Node.Out {
		c.failf("its streams are not those of its node")
		return
	}
	for i, in := range st.In {
		if in.Value != st.Node.In[i] {
			c.failf("its input %s carries another value than the node's", in.Name)
		}
	}
}

// checkStream checks lanes and depth; widest is the most channels of any value.
func (c *checker) checkStream(s *Stream, widest int) {
	if s.Lanes < 1 || s.Lanes > widest {
		c.failf("it has %d lanes, not 1 to %d", s.Lanes, widest)
		return
	}
	if s.Skip != s.isSkip() {
		c.failf("it is a skip connection, or not, against its mark")
	}
	if s.From == nil {
		if !slices.Equal(s.Layout, plain(s.Value.Shape.C, s.Lanes)) {
			c.failf("its channels do not lie on its lanes in order")
		}
		return
	}
	if s.Depth < 2 || s.Depth > mostWords {
		c.failf("its buffer holds %d beats, not 2 to %d", s.Depth, mostWords)
	}
	if s.From.passes() {
		for _, in := range s.From.In {
			if in.Lanes != s.Lanes {
				c.failf("it has %d lanes, %s has %d", s.Lanes, in.Name, in.Lanes)
				return
			}
		}
	}
	if !slices.Equal(s.Layout, s.From.layout(s)) {
		c.failf("its channels do not lie on its lanes as its stage puts them there")
	}
}

func (c *checker) checkStage(s *Stage) {
	if s.Kind != Conv && s.Kind != Pool {
		if s.Fold != (Folding{}) || s.Walk != [2]Walk{} || s.Rows != 0 {
			c.failf("it has a window, which a stage of kind %s has not", s.Kind)
		}
		if s.Kind == Vote && s.Out[0].Depth-1 < s.Out[0].Beats() {
			c.failf("its output buffer of %d beats never has room for a pixel of %d", s.Out[0].Depth, s.Out[0].Beats())
		}
		return
	}
	if s.Walk != s.walks() {
		c.failf("its window moves otherwise than its node's")
		return
	}
	in, out, f := s.In[0], s.Out[0], s.Fold
	ok := c.fold("channels", f.Cw, in)
	if s.Kind == Conv {
		ok = c.fold("outputs", f.PE, out) && ok
	} else if f.PE != 0 {
		c.failf("a pool has no PE")
	}
	for d, taps := range [2]int{f.TapY, f.TapX} {
		if !slices.Contains(s.Walk[d].parallel(), taps) {
			c.failf("it takes %d taps at a time in dimension %d, possible are %v", taps, d, s.Walk[d].parallel())
			ok = false
		}
	}
	if !ok {
		return
	}
	if s.Rows < s.leastRows() || s.Rows%f.TapY != 0 || s.Rows > mostWords {
		c.failf("its line buffer has %d rows, it needs %d or more in multiples of %d", s.Rows, s.leastRows(), f.TapY)
	}
	if out.Depth-1 < s.GroupBeats() {
		c.failf("its output buffer of %d beats never has room for a group of %d", out.Depth, s.GroupBeats())
	}
}

// fold checks one width of a folding against the stream that it cuts.
func (c *checker) fold(what string, width int, s *Stream) bool {
	if width < 1 || width > len(s.Layout) || width%s.Lanes != 0 {
		c.failf("it takes %d %s at a time, not a multiple of %d lanes up to %d", width, what, s.Lanes, len(s.Layout))
		return false
	}
	return true
}
