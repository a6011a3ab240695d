// Package layering asserts that imports run strictly downward, floor by floor. In: the imports of every
// package of the module, test files aside. Out: a failed test that names each import that goes upward or
// sideways, and each package that no floor holds.
package layering

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "rampart/"

// floors lists the packages of the module from the ground up. A package imports those of lower floors only.
var floors = [][]string{
	{"internal/atomicfile", "internal/avogen", "internal/diag", "internal/filetest", "internal/journal", "internal/metrics", "internal/naming", "internal/npy", "internal/onnxtest", "internal/pattern", "internal/picture", "internal/textform", "internal/yamlform", "ir/protect/code", "sim/access/tape", "sim/drive", "sim/fault/sample", "sim/fault/scrub"},
	{"codegen/gosim/rt", "ir/fixed", "ir/graph", "ir/rtl", "sim/fault/result", "sim/functional/float/kernel", "sim/functional/float/kernel/asm", "sim/functional/kernel", "sim/functional/kernel/asm"}, // rt is copied into generated programs
	{"ir/onnx", "ir/plan", "ir/protect/network", "ir/quant"},
	{"hw", "ir/protect", "ir/protect/float"},
	{"codegen/board", "codegen/gosim", "codegen/harness", "codegen/hlsc", "codegen/verilog"},
	{"sim", "sim/access", "sim/functional", "sim/functional/float", "sim/gengo", "sim/interp", "sim/verilator", "sim/worker"},
	{"internal/nettest", "internal/rtltest", "sim/fault", "sim/fault/effect"},
	{"internal/driver", "internal/report"},
	{"internal/campaign"},
	{"cmd/rampart", "internal/synth"},
}

// sideways lists the imports allowed within a floor.
var sideways = map[string][]string{
	"internal/atomicfile": {"internal/diag"},
	"internal/filetest":   {"internal/npy"},
	"internal/journal":    {"internal/diag"},
	"internal/npy":        {"internal/atomicfile", "internal/diag"},
	"internal/picture":    {"internal/atomicfile", "internal/diag", "internal/npy"},
	"internal/metrics":    {"internal/diag"},
	"internal/textform":   {"internal/diag"},
	"internal/yamlform":   {"internal/diag"},
	"ir/protect/network":  {"ir/plan"},
	"ir/protect":          {"ir/protect/float"},
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

// readImports finds the imports of the module's packages among themselves, whatever the build tags. It opens
// every file itself, so that a cached result of the test does not outlive a changed import.
func readImports(t *testing.T, root string) map[string][]string {
	imports := map[string][]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (name[0] == '.' || name[0] == '_' || name == "testdata" || filepath.Dir(path) == root && (name == "bin" || name == "out")) {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		imports[pkg] = append(imports[pkg], nil...)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if other, ok := strings.CutPrefix(imported, module); ok && !slices.Contains(imports[pkg], other) {
				imports[pkg] = append(imports[pkg], other)
			}
		}
		return nil
	}))
	return imports
}

func TestImportsRunDownward(t *testing.T) {
	imports := readImports(t, filepath.Join("..", ".."))
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
