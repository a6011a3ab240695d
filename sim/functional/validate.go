package functional

import (
	"fmt"

	"rampart/internal/diag"
	"rampart/ir/fixed"
)

// Validate tells everything that is wrong with patches for this network.
func (e *Engine) Validate(patches []Patch) error {
	var found diag.Problems
	for i := range patches {
		if at, what := e.fault(&patches[i]); what != "" {
			found.Add(diag.Problem{At: at, What: fmt.Sprintf("patch %d: %s", i, what)})
		}
	}
	return found.Err()
}

// fault says what is wrong with a patch, and where; nothing is "".
func (e *Engine) fault(p *Patch) (at, what string) {
	at = "network " + e.net.Name
	if p.Node < -len(e.net.Inputs) || p.Node >= len(e.net.Nodes) {
		return at, fmt.Sprintf("there is no node %d: the network has %d nodes and %d inputs", p.Node, len(e.net.Nodes), len(e.net.Inputs))
	}
	var out *fixed.Value
	if p.Node < 0 {
		out = e.net.Inputs[-1-p.Node]
		at = "input " + out.Name
		if p.Kind != Output {
			return at, "a network input has an output alone"
		}
	} else {
		out = e.net.Nodes[p.Node].Out
		at = "node " + e.net.Nodes[p.Node].Name
	}
	count, f, what := e.target(p, out)
	switch {
	case what != "":
	case p.Index < 0 || p.Index >= count:
		what = fmt.Sprintf("index %d is not in 0 to %d", p.Index, count-1)
	case (p.Change.Flip|p.Change.Set|p.Change.Clear)>>f.Bits != 0:
		what = fmt.Sprintf("it changes bits that an integer of %d bits does not have", f.Bits)
	case p.Kind == Output && !p.always():
		what = "an output patch holds for the whole frame and has no moments"
	default:
		what = p.moments(out.Shape)
	}
	return at, what
}

// moments says what is wrong with the patch's moments.
func (p *Patch) moments(s fixed.Shape) string {
	for _, m := range []Moment{p.From, p.To} {
		end := m == Moment{Pixel: s.H * s.W}
		if !end && (m.Pixel < 0 || m.Pixel >= s.H*s.W || m.Channel < 0 || m.Channel >= s.C) {
			return fmt.Sprintf("pixel %d, channel %d is outside an output of %d pixels and %d channels", m.Pixel, m.Channel, s.H*s.W, s.C)
		}
	}
	if p.To != (Moment{}) && p.To.reached(p.From.Pixel, p.From.Channel) && p.From != p.To {
		return "it ends before it begins"
	}
	return ""
}

// target is how many integers the patch's kind has at its node, and their format.
func (e *Engine) target(p *Patch, out *fixed.Value) (count int, f fixed.Format, what string) {
	if p.Kind == Output {
		return out.Shape.Size(), out.Format, ""
	}
	n := e.net.Nodes[p.Node]
	if p.Kind == Input {
		if p.Arg < 0 || p.Arg >= len(n.In) {
			return 0, f, fmt.Sprintf("there is no input %d of %d", p.Arg, len(n.In))
		}
		return n.In[p.Arg].Shape.Size(), n.In[p.Arg].Format, ""
	}
	conv, _ := n.Op.(*fixed.Conv)
	var scale *fixed.Scale
	clip := &fixed.Clip{}
	switch op := n.Op.(type) {
	case *fixed.Conv:
		scale = &op.Scale
	case *fixed.Requant:
		scale = &op.Scale
	case *fixed.Clip:
		clip = op
	}
	switch {
	case p.Kind == Weight && conv != nil:
		return len(conv.Weight), fixed.Format{Bits: conv.WeightBits, Signed: true}, ""
	case p.Kind == Bias && conv != nil:
		return len(conv.Bias), fixed.Format{Bits: conv.BiasBits, Signed: true}, ""
	case p.Kind == Mult && scale != nil && scale.Mult != nil:
		return len(scale.Mult), multFormat(scale), ""
	case p.Kind == Shift && scale != nil:
		return len(scale.Shift), shiftFormat, ""
	case p.Kind == Low && clip.Lo != nil:
		return len(clip.Lo), out.Format, ""
	case p.Kind == High && clip.Hi != nil:
		return len(clip.Hi), out.Format, ""
	}
	return 0, f, fmt.Sprintf("%s has no %s", n.Op.Kind(), p.Kind)
}

// String names the kind.
func (k Kind) String() string {
	names := [...]string{"weight", "bias", "mult", "shift", "input", "output", "low", "high"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", k)
}
