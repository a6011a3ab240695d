// Package layering asserts that imports run strictly downward, floor by floor. In: the imports of every
// package of the module, test files aside. Out: a failed test that names each import that goes upward or
// sideways, and each package that no floor holds.
package layering

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/packages"
)

const module = "rampart/"

// floors lists the packages of the module from the ground up. A package imports those of lower floors only.
var floors = [][]string{
	{"internal/atomicfile", "internal/diag", "internal/metrics", "internal/npy", "internal/picture", "sim/drive"},
	{"ir/fixed", "ir/graph", "ir/rtl"},
	{"ir/onnx", "ir/plan", "ir/quant"},
	{"hw", "ir/protect"},
	{"codegen/board", "codegen/gosim", "codegen/harness", "codegen/hlsc", "codegen/verilog"},
	{"sim", "sim/functional", "sim/gengo", "sim/interp", "sim/verilator", "sim/worker"},
	{"internal/rtltest", "sim/fault"},
	{"internal/driver", "internal/report"},
	{"cmd/rampart"},
}

// sideways lists the imports allowed within a floor.
var sideways = map[string][]string{
	"internal/atomicfile": {"internal/diag"},
	"internal/npy":        {"internal/atomicfile", "internal/diag"},
	"internal/picture":    {"internal/atomicfile", "internal/diag", "internal/npy"},
	"internal/metrics":    {"internal/diag"},
	"sim/gengo":           {"sim", "sim/worker"},
	"sim/interp":          {"sim"},
	"sim/verilator":       {"sim", "sim/worker"},
	"sim/worker":          {"sim"},
	"internal/driver":     {"internal/report"},
}

// violations compares imports, by package and without the module's name, with the floors.
func violations(imports map[string][]string) []string {
	floor := map[string]int{}
	for i, packages := range floors {
		for _, p := range packages {
			floor[p] = i
		}
	}
	var bad []string
	for pkg, imported := range imports {
		here, ok := floor[pkg]
		if !ok {
			bad = append(bad, fmt.Sprintf("%s stands on no floor; add it to the list in internal/layering", pkg))
			continue
		}
		for _, other := range imported {
			there, ok := floor[other]
			switch {
			case !ok: // reported as a package of its own
			case there > here:
				bad = append(bad, fmt.Sprintf("%s (floor %d) imports %s (floor %d) above it", pkg, here, other, there))
			case there == here && !slices.Contains(sideways[pkg], other):
				bad = append(bad, fmt.Sprintf("%s imports %s on its own floor %d", pkg, other, here))
			}
		}
	}
	slices.Sort(bad)
	return bad
}

func TestImportsRunDownward(t *testing.T) {
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedImports, Dir: "../..", BuildFlags: []string{"-tags=shared"},
	}, "./...")
	require.NoError(t, err)
	imports := map[string][]string{}
	for _, pkg := range loaded {
		name, ok := strings.CutPrefix(pkg.PkgPath, module)
		require.True(t, ok, "%s is not of this module", pkg.PkgPath)
		if len(pkg.Imports) == 0 && name == "internal/layering" {
			continue // this test, and nothing else
		}
		imports[name] = nil
		for path := range pkg.Imports {
			if other, ok := strings.CutPrefix(path, module); ok {
				imports[name] = append(imports[name], other)
			}
		}
	}
	require.Contains(t, imports["internal/npy"], "internal/diag", "the imports were not found")
	for _, v := range violations(imports) {
		t.Error(v)
	}
}

// The check is shown each fault that it exists for.
func TestFindsViolations(t *testing.T) {
	for name, c := range map[string]struct {
		imports map[string][]string
		want    []string
	}{
		"clean":    {map[string][]string{"hw": {"ir/plan", "ir/rtl"}, "ir/plan": {"ir/fixed"}}, nil},
		"allowed":  {map[string][]string{"sim/interp": {"sim"}}, nil},
		"upward":   {map[string][]string{"ir/rtl": {"hw"}}, []string{"ir/rtl (floor 1) imports hw (floor 3) above it"}},
		"sideways": {map[string][]string{"ir/fixed": {"ir/rtl"}}, []string{"ir/fixed imports ir/rtl on its own floor 1"}},
		"not back": {map[string][]string{"sim": {"sim/interp"}}, []string{"sim imports sim/interp on its own floor 5"}},
		"homeless": {map[string][]string{"internal/attic": {"sim"}}, []string{"internal/attic stands on no floor; add it to the list in internal/layering"}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, violations(c.imports)) })
	}
}

func TestFloorsListEachPackageOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, packages := range floors {
		for _, p := range packages {
			assert.False(t, seen[p], "%s stands on two floors", p)
			seen[p] = true
		}
	}
	for pkg, others := range sideways {
		for _, p := range append(others, pkg) {
			assert.True(t, seen[p], "%s is allowed an import and stands on no floor", p)
		}
	}
}
