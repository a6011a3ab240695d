package plan

import (
	"fmt"
	"slices"

	"rampart/internal/textform"
	"rampart/ir/fixed"
)

// Parse reads the text form that Print writes of a plan for the given network, which passes its own
// check. File names the source in errors, which are diag.Problem with the line, or the problems that
// Check finds.
func Parse(file string, text []byte, net *fixed.Net) (*Plan, error) {
	p := &parser{plan: &Plan{}, net: net, nodes: map[string]*fixed.Node{}, streams: map[string]*Stream{}}
	for _, n := range net.Nodes {
		p.nodes[n.Name] = n
	}
	if err := textform.Each(file, "a plan", text, p.line); err != nil {
		return nil, err
	}
	if err := p.finish(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p.plan, nil
}

// parser holds what the lines so far have made; stage is the one whose details are being read.
type parser struct {
	plan    *Plan
	net     *fixed.Net
	nodes   map[string]*fixed.Node // that have no stage yet
	streams map[string]*Stream
	stage   *Stage
}

func (p *parser) line(i int, l *textform.Line) {
	switch {
	case i == 0:
		l.Want("plan")
		p.plan.Name = l.Word()
		return
	case i == 1:
		l.Want("estimate")
		e := &p.plan.Estimate
		e.CyclesPerFrame, e.LatencyCycles = l.Named("cycles"), l.Named("latency")
		e.WarmupFrames = int(l.Named("warmup"))
		l.Want("buffers")
		switch buffers := l.Word(); buffers {
		case "least", "ample":
			e.LeastBuffers = buffers == "least"
		default:
			l.Failf("buffers are least or ample, not %q", buffers)
		}
		return
	case l.Indented():
		p.detail(l)
		return
	}
	switch word := l.Word(); Kind(word) {
	case "input":
		p.input(l)
	case "output":
		if s := p.use(l); s != nil {
			p.plan.Outputs = append(p.plan.Outputs, s)
		}
	case Conv, Pool, Scale, Fork, Concat, ArgMax, Clip, Vote:
		p.begin(l, Kind(word))
	default:
		l.Failf("%q begins no line", word)
	}
}

func (p *parser) input(l *textform.Line) {
	s := p.define(l)
	name := l.Quoted()
	s.Lanes = int(l.Named("lanes"))
	for _, v := range p.net.Inputs {
		if v.Name == name {
			s.Value = v
			p.plan.Inputs = append(p.plan.Inputs, s)
			return
		}
	}
	l.Failf("the network has no input %q", name)
}

func (p *parser) begin(l *textform.Line, kind Kind) {
	st := &Stage{Kind: kind, Name: l.Word()}
	if kind != Fork {
		name := l.Quoted()
		if st.Node = p.nodes[name]; st.Node == nil {
			l.Failf("the network has no node %q, or it has a stage already", name)
		}
		delete(p.nodes, name)
	}
	l.Want("from")
	for l.More() {
		if s := p.use(l); s != nil {
			s.To = st
			st.In = append(st.In, s)
		}
	}
	p.stage = st
	p.plan.Stages = append(p.plan.Stages, st)
}

func (p *parser) detail(l *textform.Line) {
	st := p.stage
	switch word := l.Word(); {
	case word == "fold" && st != nil && len(st.Out) == 0:
		st.Fold.PE = int(l.Named("outputs"))
		l.Want("taps")
		l.Dims(&st.Fold.TapY, &st.Fold.TapX)
		st.Fold.Cw, st.Rows = int(l.Named("channels")), int(l.Named("rows"))
	case word == "to" && st != nil && len(st.In) > 0:
		s := p.define(l)
		s.Lanes, s.Depth = int(l.Named("lanes")), int(l.Named("depth"))
		s.From, s.Value = st, st.In[0].Value
		if st.Node != nil {
			s.Value = st.Node.Out
		}
		st.Out = append(st.Out, s)
	default:
		l.Failf("%q says nothing about this stage", word)
	}
}

// define makes a stream.
func (p *parser) define(l *textform.Line) *Stream {
	s := &Stream{Name: l.Word()}
	if p.streams[s.Name] != nil {
		l.Failf("stream %q is defined twice", s.Name)
	}
	p.streams[s.Name] = s
	p.plan.Streams = append(p.plan.Streams, s)
	return s
}

func (p *parser) use(l *textform.Line) *Stream {
	name := l.Word()
	s := p.streams[name]
	if s == nil || s.To != nil || slices.Contains(p.plan.Outputs, s) {
		l.Failf("stream %q is not defined above, or used already", name)
		return nil
	}
	return s
}

// finish compares the plan with its network, derives what the text leaves out, and checks all.
func (p *parser) finish() error {
	c := &checker{at: "plan " + p.plan.Name}
	for _, n := range p.net.Nodes {
		if p.nodes[n.Name] != nil {
			c.failf("node %q has no stage", n.Name)
		}
	}
	carries := func(what string, streams []*Stream, values []*fixed.Value) {
		same := func(s *Stream, v *fixed.Value) bool { return s.Value == v }
		if !slices.EqualFunc(streams, values, same) {
			c.failf("its %s are not those of the network", what)
		}
	}
	carries("inputs", p.plan.Inputs, p.net.Inputs)
	carries("outputs", p.plan.Outputs, p.net.Outputs)
	c.checkWiring(p.plan)
	for _, s := range p.plan.Streams {
		if s.Lanes < 1 || s.Lanes > p.plan.widest() {
			c.failf("stream %s has %d lanes, not 1 to %d", s.Name, s.Lanes, p.plan.widest())
		}
		s.Skip = s.isSkip()
	}
	if err := c.found.Err(); err != nil {
		return err
	}
	p.plan.setWalks()
	p.plan.layOut()
	if err := Check(p.plan); err != nil {
		return err
	}
	p.plan.count()
	return nil
}
