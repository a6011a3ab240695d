package protect

import (
	"slices"
	"strings"

	"rampart/internal/yamlform"
	"rampart/ir/protect/float"
	"rampart/ir/protect/network"
)

// Read reads a policy. The file names the source in errors: diag.Problems, all of them together.
func Read(file string, text []byte) (*Policy, error) {
	r := &yamlform.Reader{File: file}
	m, err := yamlform.Read(r, text)
	if err != nil {
		return nil, err
	}
	p := &Policy{file: file}
	if v, ok := m.Need("name", "give the policy a name"); ok {
		p.Name, _ = v.Text()
	}
	if v, ok := m.Get("model"); ok {
		p.Model = float.Read(v)
	}
	if v, ok := m.Get("network"); ok {
		p.Network = network.Read(v)
	}
	if v, ok := m.Get("rules"); ok {
		for _, item := range v.List() {
			if m, ok := item.Map(); ok {
				p.Rules = append(p.Rules, readRule(m))
			}
		}
	}
	if v, ok := m.Get("watchdog"); ok {
		p.Watchdog = readWatchdog(v)
	}
	m.Done()
	return p, r.Err()
}

func readWatchdog(v yamlform.Value) *Watchdog {
	m, ok := v.Map()
	if !ok {
		return nil
	}
	w := &Watchdog{}
	if v, ok := m.Get("cycles"); ok {
		w.Cycles, _ = v.Int(1, maxCycles)
	}
	for key, to := range map[string]*int{"images": &w.Images, "resync": &w.Resync} {
		if v, ok := m.Get(key); ok {
			n, _ := v.Int(1, maxImages)
			*to = int(n)
		}
	}
	m.Done()
	return w
}

func readRule(m *yamlform.Map) Rule {
	rule := Rule{Line: m.Pos().Line, at: map[string]yamlform.Pos{"": m.Pos()}}
	for _, k := range matchLists {
		v, ok := m.Get(k.key)
		if !ok {
			continue
		}
		rule.at[k.key] = v.Pos()
		for _, item := range v.List() {
			text, ok := item.Text()
			if ok && strings.TrimPrefix(text, "!") == "" {
				item.Fail("the pattern is empty", "write *")
			}
			*k.get(&rule.Match) = append(*k.get(&rule.Match), text)
		}
	}
	switch {
	case len(rule.Registers) > 0 && len(rule.Memories)+len(rule.Kinds) > 0:
		m.Fail("it is of registers and of memories", "make two rules of it")
	case len(rule.Registers)+len(rule.Memories)+len(rule.Kinds)+len(rule.Layers) == 0:
		m.Fail("it matches nothing", `write memories, kinds, layers or registers; memories: "*" matches all memories`)
	}
	rule.options(m)
	m.Done()
	return rule
}

// options reads the technique and its options.
func (r *Rule) options(m *yamlform.Map) {
	v, ok := m.Need("use", "write use: "+names(func(technique) bool { return true }))
	if !ok {
		return
	}
	word, ok := v.Text()
	if !ok {
		return
	}
	i := slices.IndexFunc(techniques, func(t technique) bool { return string(t.name) == word })
	if i < 0 {
		v.Fail("there is no technique "+word, "write one of "+names(func(technique) bool { return true }))
		return
	}
	t := techniques[i]
	r.Use, r.at["use"] = t.name, v.Pos()
	registers := len(r.Registers) > 0
	if registers && !t.registers {
		v.Fail(word+" is not for registers", "write one of "+names(func(t technique) bool { return t.registers }))
	}
	if !registers && !t.memories {
		v.Fail(word+" is not for memories", "write one of "+names(func(t technique) bool { return t.memories }))
	}
	for _, o := range optionKeys {
		v, ok := m.Get(o.key)
		if !ok {
			continue
		}
		r.at[o.key] = v.Pos()
		if !slices.Contains(t.keys, o.key) {
			v.Fail(word+" has no such option", "leave it out")
			continue
		}
		o.read(&r.Options, v)
	}
}

// names lists techniques.
func names(which func(technique) bool) string {
	var all []string
	for _, t := range techniques {
		if which(t) {
			all = append(all, string(t.name))
		}
	}
	return strings.Join(all, ", ")
}

// optionKeys are the keys of the options.
var optionKeys = []struct {
	key  string
	read func(*Options, yamlform.Value)
}{
	{"group", func(o *Options, v yamlform.Value) {
		if text, _ := v.Text(); text == "lane" {
			o.Group.Lane = true
		} else if n, ok := v.Int(1, maxGroup); ok {
			o.Group.Bits = int(n)
		}
	}},
	{"interleave", func(o *Options, v yamlform.Value) {
		if n, ok := v.Int(1, maxInterleave); ok {
			o.Interleave = int(n)
		}
	}},
	{"on_error", func(o *Options, v yamlform.Value) { o.OnError, _ = yamlform.OneOf(v, Flag, Zero) }},
}

// Bounds of options.
const (
	maxGroup      = 1 << 12
	maxInterleave = 64
	maxCycles     = 1 << 40
	maxImages     = 1 << 20
)
