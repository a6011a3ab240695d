package rtl

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/internal/diag"
)

var update = flag.Bool("update", false, "write the expected output of golden tests")

// TestCheckFindsFaults is the positive control of the checker: broken designs and what it must say.
func TestCheckFindsFaults(t *testing.T) {
	const file = "testdata/check.txtar"
	archive, err := txtar.ParseFile(file)
	require.NoError(t, err)
	for i := range archive.Files {
		f := &archive.Files[i]
		want, text := splitComments(f.Data)
		d, err := Parse(f.Name, bytes.NewReader(text))
		require.NoError(t, err)
		var problems diag.Problems
		require.True(t, errors.As(Check(d), &problems), "%s: nothing found", f.Name)
		got := "# " + strings.ReplaceAll(problems.Error(), "\n", "\n# ") + "\n"
		if *update {
			f.Data = append([]byte(got), text...)
			continue
		}
		assert.Equal(t, want, got, f.Name)
	}
	if *update {
		require.NoError(t, os.WriteFile(file, txtar.Format(archive), 0o644))
	}
}

// splitComments parts the leading comment lines from the rest.
func splitComments(data []byte) (comments string, rest []byte) {
	for bytes.HasPrefix(data, []byte("#")) {
		line, after, _ := bytes.Cut(data, []byte("\n"))
		comments, data = comments+string(line)+"\n", after
	}
	return comments, data
}

// Faults that the text form cannot write.
func TestCheckFindsUnwritableFaults(t *testing.T) {
	leaf := NewModule("leaf", "")
	leaf.Out("o", leaf.Reg("r", U(1), 0).Q)
	leaf.Regs[0].Set(leaf.Bit(true))

	cases := map[string]struct {
		build func() *Design
		want  string
	}{
		"no top": {func() *Design { return &Design{} }, "top module is not among"},
		"top elsewhere": {func() *Design {
			return &Design{Top: NewModule("a", ""), Modules: []*Module{NewModule("a", "")}}
		}, "top module is not among"},
		"user before module": {func() *Design {
			m := NewModule("t", "")
			m.Inst("i", leaf, nil)
			return &Design{Top: m, Modules: []*Module{m, leaf}}
		}, "t.i: the module it is of is not defined"},
		"recursion": {func() *Design {
			m := NewModule("t", "")
			m.Insts = append(m.Insts, &Instance{Name: "i", Of: m})
			return NewDesign(m)
		}, "t.i: the module it is of is not defined"},
		"module twice": {func() *Design {
			return &Design{Top: leaf, Modules: []*Module{leaf, leaf}}
		}, `module name "leaf" is taken`},
		"type too wide": {func() *Design {
			m := NewModule("t", "")
			m.In("a", Type{Lanes: 1, Bits: 65})
			return NewDesign(m)
		}, "t.a: type u65"},
		"no lanes": {func() *Design {
			m := NewModule("t", "")
			m.In("a", Type{Bits: 4})
			return NewDesign(m)
		}, "t.a: type u4x0"},
		"word too wide": {func() *Design {
			m := NewModule("t", "")
			m.Mem("w", MemFIFO, Type{Lanes: 1, Bits: 65}, 1, nil)
			return NewDesign(m)
		}, "t.w: words of type u65"},
		"memory without a kind": {func() *Design {
			m := NewModule("t", "")
			m.Mem("w", "", U(1), 1, nil)
			return NewDesign(m)
		}, "t.w: memory has no kind"},
		"misnumbered": {func() *Design {
			m := NewModule("t", "")
			m.Bit(true).ID = 3
			return NewDesign(m)
		}, "t: node 0 is missing, misnumbered"},
		"foreign operand": {func() *Design {
			m := NewModule("t", "")
			a := m.Bit(true)
			m.Node(OpAdd, U(2), nil, a, a).Args[1] = NewModule("u", "").Bit(true)
			return NewDesign(m)
		}, "t.%1: operand 1 of add does not stand before it"},
		"foreign driver": {func() *Design {
			m := NewModule("t", "")
			m.Reg("r", U(1), 0).Set(NewModule("u", "").Bit(true))
			return NewDesign(m)
		}, "t.r: next value is driven by a node that is not in the module"},
		"foreign register": {func() *Design {
			m := NewModule("t", "")
			m.Regs = append(m.Regs, &Reg{Q: leaf.Regs[0].Q, Next: m.Bit(true)})
			return NewDesign(m)
		}, "t.r: its node is not in the module"},
		"missing register": {func() *Design {
			m := NewModule("t", "")
			m.Regs = append(m.Regs, &Reg{})
			return NewDesign(m)
		}, "t: register 0 is missing"},
		"instance without ports": {func() *Design {
			m := NewModule("t", "")
			m.Insts = append(m.Insts, &Instance{Name: "i", Of: leaf})
			return NewDesign(m)
		}, "t.i: 0 inputs and 0 outputs; module leaf has 0 and 1"},
		"misnamed instance port": {func() *Design {
			m := NewModule("t", "")
			m.Inst("i", leaf, nil).Out[0].Name = "p"
			return NewDesign(m)
		}, "t.i: the node of port o is named p, not i_o"},
		"empty name": {func() *Design { return NewDesign(NewModule("", "")) }, `module name "" is not a letter`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) { assert.ErrorContains(t, Check(c.build()), c.want) })
	}
}

func TestCheckAcceptsWhatTheBuilderMakes(t *testing.T) {
	require.NoError(t, Check(exampleDesign()))
}

func TestOpTablesAreFull(t *testing.T) {
	for _, op := range Ops() {
		assert.NotEmpty(t, op.Info().Name, "operation %d", op)
		if !op.Info().Lanes && !op.Info().Source {
			assert.NotEmpty(t, opRules[op], "%s has no type rule", op)
		}
	}
}
