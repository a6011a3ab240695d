package float

import (
	"fmt"
	"math"
	"strings"

	"rampart/internal/yamlform"
)

// Kind is a pass as policies know it.
type Kind struct {
	Name string
	Doc  string
	read func(o options) Pass
}

// Kinds are the passes there are.
var Kinds = []Kind{
	{"equalise", "scale channels so that no layer's weights are far larger than the next one's", readEqualise},
	{"absorb_bias", "move high biases through rectifiers into the next layer", readAbsorbBias},
	{"recondition_batchnorm", "give normalisations other numbers of the same effect", readRecondition},
	{"prune", "make small weights zero, or take channels away", readPrune},
	{"mantissa", "move values beside powers of two to where flips do less", readMantissa},
}

// Read reads a list of passes: each is a name, or a name with options. Everything that is wrong is noted with
// the value's reader; the list is good if that has no error.
//
//   - equalise                                        {scales: general * | pow2, limit: X (1024 *)}
//   - mantissa: p1                                    p0 | p1 | p2 | p3, or {level: p1, measured: false *}
//   - absorb_bias                                     {deviations: X (3 *), padding: skip * | allow}
//   - recondition_batchnorm                           {gamma: finite * | bounded | keep, shift: keep * | mean | beta}
//   - prune: {weights: 50%}                           or channels: 25%; {scope: layer * | network, layers: [PATTERN, ...]}
func Read(v yamlform.Value) []Pass {
	var passes []Pass
	for _, item := range v.List() {
		kind, o, ok := readKind(item)
		if !ok {
			continue
		}
		for _, earlier := range passes {
			for _, order := range Orders {
				if order.Before == kind.Name && order.After == earlier.Name() {
					item.Fail(fmt.Sprintf("%s after %s: %s", kind.Name, earlier.Name(), order.Why), "put it before")
				}
			}
		}
		p := kind.read(o)
		if o.given != nil {
			o.given.Done()
		}
		if p != nil {
			passes = append(passes, p)
		}
	}
	return passes
}

// readKind reads which pass is meant, and gives its options.
func readKind(item yamlform.Value) (kind Kind, o options, ok bool) {
	if item.IsMap() {
		m, _ := item.Map()
		if len(m.Keys()) != 1 {
			item.Fail("one pass is due", "begin a line with - for each")
			return kind, o, false
		}
		name := m.Keys()[0]
		o.at, _ = m.Get(name)
		if kind, ok = find(name); !ok {
			item.Fail("there is no pass "+name, "write one of "+names())
			return kind, o, false
		}
		if o.at.IsMap() {
			o.given, _ = o.at.Map()
		} else {
			o.single = true
		}
		return kind, o, true
	}
	name, ok := item.Text()
	if !ok {
		return kind, o, false
	}
	if kind, ok = find(name); !ok {
		item.Fail("there is no pass "+name, "write one of "+names())
	}
	return kind, options{at: item}, ok
}

func find(name string) (Kind, bool) {
	for _, k := range Kinds {
		if k.Name == name {
			return k, true
		}
	}
	return Kind{}, false
}

func names() string {
	var all []string
	for _, k := range Kinds {
		all = append(all, k.Name)
	}
	return strings.Join(all, ", ")
}

// options are what stands beside a pass's name.
type options struct {
	at     yamlform.Value // the options, or where there are none the name
	given  *yamlform.Map  // nil where there are none
	single bool           // one word, which is no mapping
}

func (o options) get(key string) (yamlform.Value, bool) {
	if o.given == nil {
		return o.at, false
	}
	return o.given.Get(key)
}

// many refuses a single word in place of options.
func (o options) many() {
	if o.single {
		o.at.Fail("options are due", "write {OPTION: VALUE}, or leave them out")
	}
}

// word reads an option that is one of some words, the zero value where it is left out.
func word[T ~string](o options, key string, words ...T) T {
	v, ok := o.get(key)
	if !ok {
		return ""
	}
	w, _ := yamlform.OneOf(v, words...)
	return w
}

// number reads an option that is a number from least on, 0 where it is left out.
func (o options) number(key string, least float64) float64 {
	v, ok := o.get(key)
	if !ok {
		return 0
	}
	x, _ := v.Float(fmt.Sprintf("number from %v on", least), func(x float64) bool { return x >= least && !math.IsInf(x, 0) })
	return x
}

func readEqualise(o options) Pass {
	o.many()
	return Equalise{Scales: word(o, "scales", General, Pow2), Limit: o.number("limit", 1)}.defaults()
}

func readAbsorbBias(o options) Pass {
	o.many()
	a := AbsorbBias{Padding: word(o, "padding", SkipPadded, AllowPadded)}
	if v, ok := o.get("deviations"); ok {
		a.Deviations, _ = v.Float("number above 0", func(x float64) bool { return x > 0 && !math.IsInf(x, 0) })
	}
	return a.defaults()
}

func readRecondition(o options) Pass {
	o.many()
	return ReconditionBatchNorm{
		Gamma: word(o, "gamma", Finite, Bounded, KeepGamma), Shift: word(o, "shift", KeepShift, InMean, InBeta),
	}.defaults()
}

func readMantissa(o options) Pass {
	var m Mantissa
	v, ok := o.at, o.single
	if !ok {
		v, ok = o.get("level")
	}
	if !ok {
		o.at.Fail("there is no level", "write mantissa: p0, p1, p2 or p3")
		return nil
	}
	if m.Level, ok = yamlform.OneOf(v, P0, P1, P2, P3); !ok {
		return nil
	}
	if v, ok := o.get("measured"); ok {
		text, _ := yamlform.OneOf(v, "true", "false")
		m.Measured = text == "true"
	}
	return m
}

func readPrune(o options) Pass {
	p := Prune{Scope: word(o, "scope", PerLayer, Network)}
	for _, what := range []Pruned{Weights, Channels} {
		v, ok := o.get(string(what))
		if !ok {
			continue
		}
		if p.What != "" {
			v.Fail("there are weights already", "write two passes")
		}
		p.What = what
		p.Share, _ = v.Share("share above 0 and below 1", func(x float64) bool { return x > 0 && x < 1 })
	}
	if v, ok := o.get("layers"); ok {
		for _, item := range v.List() {
			text, ok := item.Text()
			if ok && strings.TrimPrefix(text, "!") == "" {
				item.Fail("the pattern is empty", "write *")
			}
			p.Layers = append(p.Layers, text)
		}
	}
	if p.What == "" {
		o.at.Fail("it does not say what is pruned", "write prune: {weights: 50%} or prune: {channels: 25%}")
		return nil
	}
	if p.Scope == "" {
		p.Scope = PerLayer
	}
	return p
}
