package gosim

import (
	"bytes"
	"flag"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/ir/rtl"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestEveryOperationHasARow(t *testing.T) {
	for _, op := range rtl.Ops() {
		row, ok := opTable[op]
		require.True(t, ok, "%s", op)
		assert.Equal(t, op.Info().Source, row.shape == source, "%s", op)
		assert.Equal(t, op.Info().Lanes, row.shape == elementwise, "%s", op)
		assert.Equal(t, op.Info().Lanes, row.lane != nil, "%s", op)
	}
	assert.Len(t, opTable, len(rtl.Ops()))
}

// The golden shows, on a small engine, all that makes the generated code what it is: in-place updates
// with the consumer first, one if per enable, fused loops, tracked statements, a settled output.
func TestGolden(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/engine.txtar")
	require.NoError(t, err)
	d, err := rtl.Parse("engine.rtl", bytes.NewReader(archive.Files[0].Data))
	require.NoError(t, err)
	require.NoError(t, rtl.Check(d))
	files, err := Generate(d, Options{Fingerprint: 7})
	require.NoError(t, err)
	got := txtar.Archive{Comment: archive.Comment, Files: archive.Files[:1]}
	for _, f := range files {
		if strings.HasSuffix(f.Name, "_module.go") || f.Name == "constants.go" || f.Name == "main.go" {
			got.Files = append(got.Files, txtar.File{Name: f.Name, Data: f.Data})
		}
	}
	if *update {
		require.NoError(t, os.WriteFile("testdata/engine.txtar", txtar.Format(&got), 0o666))
	}
	require.Len(t, archive.Files, len(got.Files))
	for i, f := range got.Files {
		assert.Equal(t, string(archive.Files[i].Data), string(f.Data), f.Name)
	}
}

func TestFixedPartsAreCopied(t *testing.T) {
	m := rtl.NewModule("empty", "")
	m.Out("one", m.Bit(true))
	files, err := Generate(rtl.NewDesign(m), Options{})
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	assert.Equal(t, []string{"codegen/gosim/rt/lane.go", "codegen/gosim/rt/pack.go", "codegen/gosim/rt/serve.go",
		"codegen/gosim/rt/state.go", "codegen/gosim/rt/wire.go", "constants.go", "empty_module.go", "go.mod",
		"images.bin", "main.go", "sim/drive/drive.go"}, names)
	all, err := os.ReadDir("rt")
	require.NoError(t, err)
	for _, e := range all {
		if !strings.HasSuffix(e.Name(), "_test.go") {
			assert.Contains(t, names, "codegen/gosim/rt/"+e.Name(), "a file of package rt is not embedded")
		}
	}
}

// Every exact result of operands from two intervals lies in the interval that the table tells.
func TestIntervalsHoldEveryResult(t *testing.T) {
	types := []rtl.Type{rtl.U(1), rtl.U(2), rtl.S(2), rtl.S(3)}
	for _, op := range rtl.Ops() {
		row := opTable[op]
		if row.shape != elementwise {
			continue
		}
		for _, ta := range types {
			for _, tb := range types {
				for _, a := range subintervals(typeInterval(ta)) {
					for _, b := range subintervals(typeInterval(tb)) {
						checkInterval(t, op, a, b)
					}
				}
			}
		}
	}
}

func checkInterval(t *testing.T, op rtl.Op, a, b interval) {
	t.Helper()
	operands := []interval{a, b}[:min(2, op.Info().Args)]
	switch {
	case op == rtl.OpMux:
		operands = []interval{{zero, one}, a, b}
	case (op == rtl.OpShl || op == rtl.OpShr) && b.lo.Sign() < 0:
		return // shift amounts are unsigned
	}
	over := func(rngs []interval) *val {
		v := &val{op: op, typ: rtl.S(2)}
		for _, r := range rngs {
			v.args = append(v.args, &val{op: rtl.OpInput, rng: r})
		}
		return v
	}
	whole := opTable[op].exact(over(operands))
	var visit func(points []interval)
	visit = func(points []interval) {
		if len(points) < len(operands) {
			for x := range values(operands[len(points)]) {
				visit(append(points[:len(points):len(points)], point(big.NewInt(int64(x)))))
			}
			return
		}
		r := opTable[op].exact(over(points))
		require.True(t, r.single(), "%s of single values is not single", op)
		require.True(t, r.within(whole), "%s %v = %s, outside of %s", op, points, r.lo, whole)
	}
	visit(nil)
}

func values(r interval) map[int]bool {
	all := map[int]bool{}
	for x := r.lo.Int64(); x <= r.hi.Int64(); x++ {
		all[int(x)] = true
	}
	return all
}

func subintervals(r interval) []interval {
	var all []interval
	for lo := range values(r) {
		for hi := range values(r) {
			if lo <= hi {
				all = append(all, interval{big.NewInt(int64(lo)), big.NewInt(int64(hi))})
			}
		}
	}
	return all
}

func TestNarrowestType(t *testing.T) {
	for _, c := range []struct {
		lo, hi int64
		want   string
	}{
		{0, 1, "uint8"}, {0, 255, "uint8"}, {0, 256, "uint16"}, {-1, 0, "int8"}, {-128, 127, "int8"}, {-129, 0, "int16"},
		{-1, 128, "int16"}, {0, 1 << 32, "uint64"}, {-1, 1 << 31, "int64"},
	} {
		assert.Equal(t, c.want, holding(interval{big.NewInt(c.lo), big.NewInt(c.hi)}).String())
	}
	_, ok := holdingBoth(typeInterval(rtl.S(1)), typeInterval(rtl.U(64)))
	assert.False(t, ok, "no type holds both -1 and 2^64-1")
}

func TestNames(t *testing.T) {
	program := newNamer(nil, append(predeclared, "fifo")...)
	local := newNamer(program, "m")
	for _, c := range [][2]string{
		{"row", "row"}, {"row", "row_2"}, {"m", "m_2"}, {"fifo", "fifo_2"}, {"type", "type_2"}, {"len", "len_2"},
		{"a.b", "a_b"}, {"3x3", "x3x3"}, {"", "x"}, {"constant_1", "the_constant_1"},
	} {
		assert.Equal(t, c[1], local.name(c[0]))
	}
}

func TestGuards(t *testing.T) {
	a, b := &val{op: rtl.OpInput}, &val{op: rtl.OpInput}
	one, two := lit{mask: 1}, lit{mask: 2}
	assert.Equal(t, path{{cond: a}}, meet(path{{cond: a}, {cond: b}}, path{{cond: a}}))
	assert.Empty(t, meet(path{{cond: a}}, path{{cond: b}}))
	assert.Equal(t, path{{cond: a}, {mask: 3}}, meet(path{{cond: a}, one}, path{{cond: a}, two}), "either is stale")
	assert.Equal(t, 1, common(path{{cond: a}, one}, path{{cond: a}, two}))
}
