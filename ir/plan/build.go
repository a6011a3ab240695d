package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"rampart/internal/diag"
	"rampart/internal/naming"
	"rampart/ir/fixed"
	"rampart/ir/rtl"
)

// stages turns a network's nodes into stages and its values into streams, with a fork for each value
// that has several users. Lanes, foldings and depths are still open.
func stages(net *fixed.Net) (*Plan, error) {
	b := &assembly{plan: &Plan{Name: Identifier(net.Name, "net")}, names: naming.Taken{}, next: map[*fixed.Value][]*Stream{}}
	b.names[b.plan.Name] = true
	for _, v := range append(append([]*fixed.Value{}, net.Inputs...), net.Outputs...) {
		b.ports = append(b.ports, b.names.Claim(portName(v.Name)))
	}
	users := map[*fixed.Value]int{}
	for _, n := range net.Nodes {
		for _, v := range n.In {
			users[v]++
		}
	}
	for _, v := range net.Outputs {
		users[v]++
	}
	for _, v := range net.Inputs {
		if users[v] == 0 || slices.Contains(net.Outputs, v) {
			return nil, diag.Problem{At: v.Name, What: "it is an input that no node reads, or that is an output as well", Remedy: "remove it from the network"}
		}
		b.plan.Inputs = append(b.plan.Inputs, b.stream(v, nil))
	}
	for i, v := range net.Inputs {
		b.share(v, b.plan.Inputs[i], users[v])
	}
	for _, n := range net.Nodes {
		st := &Stage{Name: b.name(n.Name), Kind: kindOf(n.Op), Node: n}
		for _, v := range n.In {
			st.In = append(st.In, b.take(v, st))
		}
		out := b.stream(n.Out, st)
		st.Out = []*Stream{out}
		b.plan.Stages = append(b.plan.Stages, st)
		if users[n.Out] == 0 {
			return nil, diag.Problem{At: n.Name, What: "its output is never used", Remedy: "remove the node or make it a network output"}
		}
		b.share(n.Out, out, users[n.Out])
	}
	for _, v := range net.Outputs {
		b.plan.Outputs = append(b.plan.Outputs, b.take(v, nil))
	}
	b.finish()
	b.plan.setWalks()
	return b.plan, nil
}

// StageNames tells how plans call the stages of a network's nodes. The network passes its own check.
func StageNames(net *fixed.Net) (map[*fixed.Node]string, error) {
	p, err := stages(net)
	if err != nil {
		return nil, err
	}
	names := map[*fixed.Node]string{}
	for _, s := range p.Stages {
		if s.Node != nil {
			names[s.Node] = s.Name
		}
	}
	return names, nil
}

type assembly struct {
	plan  *Plan
	names naming.Taken
	ports []string                   // names of the network's inputs and outputs, in order
	next  map[*fixed.Value][]*Stream // streams of a value that have no user yet
}

func kindOf(op fixed.Op) Kind {
	switch op.(type) {
	case *fixed.Conv:
		return Conv
	case *fixed.MaxPool:
		return Pool
	case *fixed.Requant:
		return Scale
	case *fixed.Concat:
		return Concat
	case *fixed.ArgMax:
		return ArgMax
	case *fixed.Clip:
		return Clip
	case *fixed.Vote:
		return Vote
	}
	panic(fmt.Sprintf("BUG: plan: no stage for %s", op.Kind()))
}

func (b *assembly) stream(v *fixed.Value, from *Stage) *Stream {
	s := &Stream{Value: v, From: from}
	b.plan.Streams = append(b.plan.Streams, s)
	return s
}

// share hands a stream to its users, through a fork where there are several.
func (b *assembly) share(v *fixed.Value, s *Stream, users int) {
	if users < 2 {
		b.next[v] = []*Stream{s}
		return
	}
	from := v.Name
	if s.From != nil {
		from = s.From.Name
	}
	fork := &Stage{Name: b.names.Claim("fork_" + Identifier(from, "value")), Kind: Fork, In: []*Stream{s}}
	s.To = fork
	for range users {
		fork.Out = append(fork.Out, b.stream(v, fork))
	}
	b.plan.Stages = append(b.plan.Stages, fork)
	b.next[v] = append([]*Stream{}, fork.Out...)
}

func (b *assembly) take(v *fixed.Value, to *Stage) *Stream {
	s := b.next[v][0]
	b.next[v], s.To = b.next[v][1:], to
	return s
}

// finish names the streams and marks the skip connections: a fork's output that goes to a join while
// another goes on.
func (b *assembly) finish() {
	for i, s := range append(append([]*Stream{}, b.plan.Inputs...), b.plan.Outputs...) {
		s.Name = b.ports[i]
	}
	for _, s := range b.plan.Streams {
		if s.From != nil && s.To != nil {
			s.Name = b.names.Claim(s.From.Name + "_to_" + s.To.Name)
		}
		s.Skip = s.isSkip()
	}
}

func (s *Stream) isSkip() bool {
	return s.From != nil && s.From.Kind == Fork && s.To != nil && s.To.Kind == Concat
}

// portName keeps a network's port apart from those of a stage with the same name.
func portName(value string) string {
	name := Identifier(value, "stream")
	if stagePort.MatchString(name) {
		return name + "_stream"
	}
	return name
}

var stagePort = regexp.MustCompile(`_(in|out)[0-9]*$`)

// name makes an identifier of a node or value name, with a number where it is taken.
func (b *assembly) name(raw string) string {
	return b.names.Claim(Identifier(raw, "stage"))
}

// maxIdentifier bounds identifiers: Verilator replaces longer ones than 127 letters by hashes, and file
// systems have limits too. What is put before and behind them needs room.
const maxIdentifier = 48

// Identifier makes a short legal identifier of an ONNX name: of a path its last part that is not an
// operator's name, letters, digits and underscores only, and the end of what is longer than maxIdentifier.
func Identifier(raw, fallback string) string {
	parts := strings.Split(strings.Trim(raw, "/"), "/")
	last := parts[len(parts)-1]
	if len(parts) > 1 && last != "" && last[0] >= 'A' && last[0] <= 'Z' && !strings.ContainsAny(last, "_0123456789") {
		last = parts[len(parts)-2]
	}
	var id strings.Builder
	for _, c := range strings.ToLower(last) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			id.WriteRune(c)
		} else {
			id.WriteByte('_')
		}
	}
	name := strings.Trim(id.String(), "_")
	for strings.Contains(name, "__") {
		name = strings.ReplaceAll(name, "__", "_")
	}
	if len(name) > maxIdentifier {
		name = ending(name)
	}
	switch {
	case name == "":
		return fallback
	case name[0] >= '0' && name[0] <= '9':
		return fallback + "_" + name
	case rtl.Reserved(name) != "":
		return name + "_" + fallback
	}
	return name
}

// ending is the end of a long name, from the beginning of a word where one begins early enough.
func ending(name string) string {
	name = strings.TrimLeft(name[len(name)-maxIdentifier:], "_")
	if _, words, ok := strings.Cut(name, "_"); ok && len(words) >= maxIdentifier/2 {
		return words
	}
	return name
}
