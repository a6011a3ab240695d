package network

import (
	"fmt"
	"slices"
	"strings"

	"rampart/internal/pattern"
	"rampart/internal/yamlform"
	"rampart/ir/fixed"
)

// layer is a node that rules may give guards, and which rule gives it each.
type layer struct {
	*fixed.Node
	out    *fixed.Value // what it gives its readers, whatever guards come between
	stage  string       // how plans call it
	rules  map[string]*Rule
	report *Layer
}

// names are those that a pattern may meet.
func (l *layer) names() []string {
	if l.stage == l.Name {
		return []string{l.Name}
	}
	return []string{l.stage, l.Name}
}

// meets tells whether one of the layer's names meets a pattern without !.
func (l *layer) meets(p string) bool {
	return slices.ContainsFunc(l.names(), func(name string) bool { return pattern.One(p, name) })
}

// matched tells whether a rule is for the layer, and whether it names it in full.
func (r *Rule) matched(l *layer) (in, named bool) {
	positive := false
	for _, p := range r.Layers {
		rest, not := strings.CutPrefix(p, "!")
		met := l.meets(rest)
		if not && met {
			return false, false
		}
		positive = positive || !not
		in = in || met
		named = named || met && !not && !strings.ContainsAny(p, "*?")
	}
	return in || !positive, named
}

// assign gives every layer the rules that match it. left are remarks on layers that a rule matches and that cannot
// have what it gives. What is wrong with rules is noted with the reader.
func assign(rules []Rule, layers []*layer, to *yamlform.Reader) (left []Note) {
	for i := range rules {
		r := &rules[i]
		if !r.known(layers, to) {
			continue
		}
		for _, guard := range r.guards() {
			left = append(left, r.give(guard, rules[:i], layers, to)...)
		}
	}
	return left
}

// known tells whether every pattern of a rule meets a layer, and all of them together do.
func (r *Rule) known(layers []*layer, to *yamlform.Reader) bool {
	var all []string
	for _, l := range layers {
		all = append(all, l.names()[0])
	}
	ok, any := true, false
	for _, p := range r.Layers {
		rest := strings.TrimPrefix(p, "!")
		if !slices.ContainsFunc(layers, func(l *layer) bool { return l.meets(rest) }) {
			to.Fail(r.at["layers"], "no layer matches "+rest, pattern.Known(all))
			ok = false
		}
	}
	for _, l := range layers {
		in, _ := r.matched(l)
		any = any || in
	}
	if ok && !any {
		to.Fail(r.at["layers"], "its patterns leave no layer", "take one with ! out")
	}
	return ok && any
}

// give gives one guard to all layers that a rule matches and that can have it.
func (r *Rule) give(guard string, earlier []Rule, layers []*layer, to *yamlform.Reader) (left []Note) {
	given, cannot := 0, ""
	for _, l := range layers {
		in, named := r.matched(l)
		if !in {
			continue
		}
		if why := r.refuse(guard, l, named); why != "" {
			note := Note{Layer: l.names()[0], What: guard + ": " + why}
			if cannot == "" {
				cannot = note.Layer + ": " + why
			}
			switch {
			case named:
				to.Fail(r.at[guard], fmt.Sprintf("layer %s cannot have a %s: %s", note.Layer, guard, why), "leave it out for this layer")
				given++ // said already
			case expected(guard, l.Op):
				left = append(left, note)
			}
			continue
		}
		if other := l.rules[guard]; other != nil {
			at := other.at[guard]
			to.Fail(r.at[guard], fmt.Sprintf("layer %s has a %s by the rule of line %d already", l.names()[0], guard, at.Line),
				fmt.Sprintf("leave the layer out of one of them, as with %q", "!"+l.names()[0]))
			return nil
		}
		given++
		l.rules[guard] = r
	}
	if given == 0 {
		to.Fail(r.at[guard], fmt.Sprintf("no layer that matches can have a %s; %s", guard, cannot), "match others, or leave it out")
	}
	return left
}

// expected tells whether a rule of many layers means such an operator, so that it is worth a remark where it cannot
// have the guard.
func expected(guard string, op fixed.Op) bool {
	if guard == clipKey {
		return computes(op)
	}
	_, ok := op.(*fixed.Conv)
	return ok
}

// computes tells whether an operator makes numbers that rules of many layers mean.
func computes(op fixed.Op) bool {
	switch op.(type) {
	case *fixed.Conv, *fixed.Requant:
		return true
	}
	return false
}

// widest is the most bits of a number that has readers in the network.
const widest = 16

// refuse says why a layer cannot have a guard, "" where it can.
func (r *Rule) refuse(guard string, l *layer, named bool) string {
	conv, isConv := l.Op.(*fixed.Conv)
	_, isPool := l.Op.(*fixed.MaxPool)
	_, isConcat := l.Op.(*fixed.Concat)
	switch {
	case guard == clipKey && !computes(l.Op) && !isPool && !isConcat:
		return fmt.Sprintf("a %s makes no numbers that bounds are for", l.Op.Kind())
	case guard == clipKey && !computes(l.Op) && !named:
		return "it merely moves numbers"
	case guard == checksumKey && isConv && conv.Checksum:
		return "it has one already"
	case guard != clipKey && !isConv:
		return fmt.Sprintf("it is a %s, and this is for convolutions", l.Op.Kind())
	case guard != checksumKey && l.Out.Format.Bits > widest:
		return fmt.Sprintf("its numbers have %d bits, and at most %d can be read again", l.Out.Format.Bits, widest)
	case guard != duplicateKey:
		return ""
	case conv.Group > 1:
		return "its channels belong to groups, which copies would break"
	}
	channels := l.Out.Shape.C
	if n := r.Duplicate.Channels.Count; n > channels {
		return fmt.Sprintf("it has %d channels, not %d", channels, n)
	}
	for _, c := range r.Duplicate.Channels.List {
		if c >= channels {
			return fmt.Sprintf("it has channels 0 to %d, not %d", channels-1, c)
		}
	}
	return ""
}
