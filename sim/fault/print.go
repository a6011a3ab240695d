package fault

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"rampart/sim/fault/result"
)

// Print gives the normal form of a campaign: every key that has a meaning in it, defaults filled in, always in
// the same order. Read reads it back; equal campaigns give equal bytes. It goes with the results.
func Print(c *Campaign) []byte {
	p := &printer{}
	p.line("name: %s", quote(c.Name))
	p.line("seed: %d", c.Seed)
	p.line("space: %s", c.Space)
	p.line("format: %s", c.Format)
	if c.Plan.Type != ListPlan {
		if s := c.Select.text(); len(s) > 0 {
			p.line("select: {%s}", strings.Join(s, ", "))
		}
		p.line("model: {%s}", strings.Join(c.Model.text(), ", "))
		p.line("when: %s", c.When.text())
	}
	p.plan(&c.Plan)
	p.line("images: %s", c.Images.text())
	p.line("critical: {%s}", strings.Join(thresholdText(c.Critical), ", "))
	if c.CrossCheck > 0 {
		p.line("cross_check: %d", c.CrossCheck)
	}
	return p.Bytes()
}

type printer struct{ bytes.Buffer }

func (p *printer) line(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// quote writes a text as YAML reads it for certain.
func quote(s string) string { return strconv.Quote(strings.ToValidUTF8(s, "\uFFFD")) }

func quotes(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

func (s *Select) text() []string {
	var keys []string
	for _, l := range lists {
		if patterns := *l.get(s); len(patterns) > 0 {
			keys = append(keys, l.key+": "+quotes(patterns))
		}
	}
	if len(s.Bits) > 0 {
		ranges := make([]string, len(s.Bits))
		for i, r := range s.Bits {
			ranges[i] = r.String()
		}
		keys = append(keys, "bits: ["+strings.Join(ranges, ", ")+"]")
	}
	if e := s.Element; e != nil {
		text := fmt.Sprintf("{%s: [%s]}", e.Order, join(e.Index))
		if e.Order == Flat {
			text = join(e.Index)
		}
		keys = append(keys, "element: "+text)
	}
	if s.Number != nil {
		keys = append(keys, fmt.Sprintf("number: %d", *s.Number))
	}
	return keys
}

func join[T any](all []T) string {
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}

func (m *Model) text() []string {
	keys := []string{"type: " + string(m.Type)}
	add := func(format string, args ...any) { keys = append(keys, fmt.Sprintf(format, args...)) }
	switch m.Type {
	case StuckModel:
		add("value: %s", m.Stuck)
	case MultiBit:
		add("bits: %d", m.Bits)
		add("pattern: %s", m.Pattern)
	case Cluster:
		add("interleave: %d", m.Interleave)
		var shapes []string
		for _, s := range m.Shapes {
			var cells []string
			for _, c := range s.Cells {
				cells = append(cells, fmt.Sprintf("[%d, %d]", c.Row, c.Column))
			}
			shapes = append(shapes, fmt.Sprintf("{cells: [%s], share: %s}", strings.Join(cells, ", "), number(s.Share)))
		}
		add("shapes: [%s]", strings.Join(shapes, ", "))
	case Several:
		add("count: %d", m.Count)
		add("spread: %s", m.Spread)
	case Accumulate:
		add("rate: %s", number(m.Rate))
		if m.Frames > 0 {
			add("frames: %d", m.Frames)
		}
	case Zeros, Random:
		if m.Count > 0 {
			add("count: %d", m.Count)
		} else {
			add("share: %s", number(m.Share))
		}
		add("spread: %s", m.Spread)
		if m.Type == Random {
			add("values: %s", m.Values)
		}
	}
	return keys
}

func (w When) text() string {
	switch w.Kind {
	case Uniform:
		return "uniform"
	case Start:
		return "start"
	case Cycle:
		return fmt.Sprintf("{cycle: %d}", w.N)
	case Frame:
		return fmt.Sprintf("{frame: %d}", w.N)
	}
	return "always"
}

func (p *printer) plan(l *Plan) {
	switch l.Type {
	case Exhaustive:
		p.line("plan: exhaustive")
		return
	case RandomPlan:
		p.line("plan: {random: %d}", l.N)
		return
	case ListPlan:
		if l.File != "" {
			p.line("plan: {list: {file: %s, sha256: %s}}", quote(l.File), quote(l.SHA256))
			return
		}
		p.line("plan:\n  list:")
		for _, f := range l.Faults {
			p.line("  - %s", quote(f))
		}
		return
	}
	var keys []string
	add := func(format string, args ...any) { keys = append(keys, fmt.Sprintf(format, args...)) }
	if len(l.By) > 0 {
		add("by: [%s]", join(l.By))
	}
	add("confidence: %s", number(l.Confidence))
	if l.Type == Sequential {
		add("width: %s", number(l.Width))
		add("batch: %d", l.Batch)
		if l.Max > 0 {
			add("max: %d", l.Max)
		}
	} else {
		add("margin: %s", number(l.Margin))
		if l.T > 0 {
			add("t: %s", number(l.T))
		}
		if len(l.P) > 0 {
			add("p: [%s]", guessText(l.P))
		}
		add("allocation: %s", l.Allocation)
	}
	p.line("plan: {%s: {%s}}", l.Type, strings.Join(keys, ", "))
}

func guessText(guesses []Guess) string {
	var all []string
	for _, g := range guesses {
		all = append(all, "{"+strings.Join(append(g.Select.text(), "p: "+number(g.P)), ", ")+"}")
	}
	return strings.Join(all, ", ")
}

func (i Images) text() string {
	switch {
	case i.List != nil:
		return "[" + join(i.List) + "]"
	case i.First > 0:
		return strconv.FormatInt(i.First, 10)
	}
	return "all"
}

func thresholdText(t result.Thresholds) []string {
	var keys []string
	for _, f := range thresholds {
		if x := *f.get(&t); x > 0 {
			keys = append(keys, f.key+": "+number(x))
		}
	}
	return keys
}
