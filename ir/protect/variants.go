package protect

import (
	"fmt"
	"slices"
	"strings"

	"rampart/internal/naming"
	"rampart/ir/rtl"
)

// builder makes protected variants of modules. Instances whose memories and registers are protected alike share
// one, so that a module that is protected differently in several places becomes several.
type builder struct {
	file   string // of the policy
	rules  assignment
	dog    *watched                        // nil without a watchdog
	made   map[string]*rtl.Module          // by key
	keys   map[*rtl.Module]map[string]bool // the variants of a module that there are
	names  naming.Taken                    // of modules
	words  map[*rtl.Mem]*Stored            // of memories with a code
	copies map[*rtl.Mem]*rtl.Mem           // of memories in three copies, the first of each
}

// variants builds the protection of all memories and registers into a design, and the status block, and gives what
// became of its top.
func (b *builder) variants(d *rtl.Design) (*rtl.Module, error) {
	b.made, b.keys, b.names = map[string]*rtl.Module{}, map[*rtl.Module]map[string]bool{}, naming.Taken{}
	b.words, b.copies = map[*rtl.Mem]*Stored{}, map[*rtl.Mem]*rtl.Mem{}
	for _, m := range d.Modules {
		b.names[m.Name] = true
	}
	b.key(d.Top, "")
	return b.protect(d.Top, "")
}

// key tells variants of a module apart; it is empty where nothing in it or below is protected.
func (b *builder) key(m *rtl.Module, path string) string {
	var parts []string
	own := func(name string) {
		if r := b.rules[path+name]; r != nil {
			parts = append(parts, fmt.Sprintf("%s %s %+v", name, r.Use, r.Options))
		}
	}
	for _, r := range m.Regs {
		own(r.Q.Name)
	}
	for _, mem := range m.Mems {
		own(mem.Name)
	}
	for _, i := range m.Insts {
		if below := b.key(i.Of, path+i.Name+"."); below != "" {
			parts = append(parts, i.Name+" {"+below+"}")
		}
	}
	key := strings.Join(parts, "; ")
	if b.keys[m] == nil {
		b.keys[m] = map[string]bool{}
	}
	b.keys[m][key] = true
	return key
}

// variant is a module as its instance at a path needs it.
func (b *builder) variant(m *rtl.Module, path string) (*rtl.Module, error) {
	key := b.key(m, path)
	if key == "" {
		return m, nil
	}
	key = m.Name + ": " + key
	if v := b.made[key]; v != nil {
		return v, nil
	}
	v, err := b.protect(m, path)
	b.made[key] = v
	return v, err
}

// name is the name of a variant: that of the module where it has no other, else one that tells how it is protected.
func (b *builder) name(m *rtl.Module, path string) string {
	if len(b.keys[m]) == 1 {
		return m.Name
	}
	how := Technique("")
	add := func(name string) {
		if r := b.rules[path+name]; r != nil {
			if how != "" && how != r.Use {
				how = "mixed"
			} else {
				how = r.Use
			}
		}
	}
	for _, r := range m.Regs {
		add(r.Q.Name)
	}
	for _, mem := range m.Mems {
		add(mem.Name)
	}
	if how == "" {
		how = "below"
	}
	return b.names.Claim(m.Name + "_" + string(how))
}

// protect makes the variant of a module.
func (b *builder) protect(m *rtl.Module, path string) (*rtl.Module, error) {
	below := map[string]*rtl.Module{}
	for _, i := range m.Insts {
		of, err := b.variant(i.Of, path+i.Name+".")
		if err != nil {
			return nil, err
		}
		below[i.Name] = of
	}
	c := m.Clone(b.name(m, path), func(of *rtl.Module) *rtl.Module { return of })
	v := &variant{builder: b, m: c}
	for _, i := range c.Insts {
		i.Of = below[i.Name]
		c.Grow(i)
	}
	v.events.below(c)
	for _, r := range slices.Clone(c.Regs) {
		if b.rules[path+r.Q.Name] != nil {
			v.triplicate(r)
		}
	}
	for _, mem := range slices.Clone(c.Mems) {
		if rule := b.rules[path+mem.Name]; rule != nil {
			if err := v.memory(mem, rule); err != nil {
				return nil, rule.cannot(b.file, path+mem.Name, err)
			}
		}
	}
	if path == "" {
		addStatus(c, &v.events, b.dog.in(c))
	} else {
		v.events.publish(c)
	}
	c.Sort()
	return c, nil
}

// variant is a module while protection is built into it.
type variant struct {
	*builder
	m      *rtl.Module
	events counts
}
