package hw

import (
	"fmt"
	"strings"

	"rampart/internal/naming"
	"rampart/ir/plan"
	"rampart/ir/rtl"
)

// builder keeps the module definitions of one design, so that equal blocks share one.
type builder struct {
	defs  map[string]*rtl.Module
	kinds map[string]int
	names naming.Taken // of modules
	notes map[string]noted
}

func newBuilder() *builder {
	return &builder{defs: map[string]*rtl.Module{}, kinds: map[string]int{}, names: naming.Taken{}, notes: map[string]noted{}}
}

// module is the definition of that name, made on first use. The name tells everything it depends on.
func (b *builder) module(name string, make func(name string) *rtl.Module) *rtl.Module {
	if b.defs[name] == nil {
		b.defs[name] = make(b.names.Claim(name))
	}
	return b.defs[name]
}

// shared is the definition of a kind of block with the given parameters, made on first use and
// numbered in that order, for blocks with too many parameters to put into a name.
func (b *builder) shared(kind, parameters string, make func(name string) *rtl.Module) *rtl.Module {
	key := kind + " " + parameters
	if b.defs[key] == nil {
		b.kinds[kind]++
		b.defs[key] = make(b.names.Claim(fmt.Sprintf("%s_%d", kind, b.kinds[kind])))
	}
	return b.defs[key]
}

// moduleName names the definition of a stage after its kind and itself.
func (b *builder) moduleName(s *plan.Stage) string {
	if strings.HasPrefix(s.Name, string(s.Kind)) {
		return b.names.Claim(s.Name)
	}
	return b.names.Claim(string(s.Kind) + "_" + s.Name)
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

func floorDiv(a, b int) int { return (a - floorMod(a, b)) / b }

func floorMod(a, b int) int { return (a%b + b) % b }
