package verilog

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
)

func TestEveryOperationHasARule(t *testing.T) {
	for _, op := range rtl.Ops() {
		want := !op.Info().Source && op != rtl.OpConst
		_, have := laneRules[op]
		assert.Equal(t, want, have, "%s", op)
		_, byLane := laneRanges[op]
		_, byVector := vectorRanges[op]
		assert.Equal(t, !op.Info().Source, byLane || byVector, "%s has no bounds", op)
		if !op.Info().Source && op != rtl.OpConst {
			assert.NotEmpty(t, opWords[op], "%s gives unnamed nodes no name", op)
		}
	}
}

// elementwise gives the exact result of an operation, for the test of ranges.
var elementwise = map[rtl.Op]func(t rtl.Type, a []int64) int64{
	rtl.OpAdd:  func(_ rtl.Type, a []int64) int64 { return a[0] + a[1] },
	rtl.OpSub:  func(_ rtl.Type, a []int64) int64 { return a[0] - a[1] },
	rtl.OpMul:  func(_ rtl.Type, a []int64) int64 { return a[0] * a[1] },
	rtl.OpAnd:  func(_ rtl.Type, a []int64) int64 { return a[0] & a[1] },
	rtl.OpOr:   func(_ rtl.Type, a []int64) int64 { return a[0] | a[1] },
	rtl.OpXor:  func(_ rtl.Type, a []int64) int64 { return a[0] ^ a[1] },
	rtl.OpNot:  func(_ rtl.Type, a []int64) int64 { return ^a[0] },
	rtl.OpShl:  func(_ rtl.Type, a []int64) int64 { return a[0] << a[1] },
	rtl.OpShr:  func(_ rtl.Type, a []int64) int64 { return a[0] >> a[1] },
	rtl.OpMin:  func(_ rtl.Type, a []int64) int64 { return min(a[0], a[1]) },
	rtl.OpMax:  func(_ rtl.Type, a []int64) int64 { return max(a[0], a[1]) },
	rtl.OpCast: func(_ rtl.Type, a []int64) int64 { return a[0] },
	rtl.OpSat: func(t rtl.Type, a []int64) int64 {
		lo, hi := t.Range()
		return min(max(a[0], lo), hi)
	},
	rtl.OpEq: func(_ rtl.Type, a []int64) int64 { return truth(a[0] == a[1]) },
	rtl.OpLt: func(_ rtl.Type, a []int64) int64 { return truth(a[0] < a[1]) },
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// valuesOf lists every value of a small type.
func valuesOf(t rtl.Type) []int64 {
	lo, hi := t.Range()
	var all []int64
	for v := lo; v <= hi; v++ {
		all = append(all, v)
	}
	return all
}

// Bounds hold every value that can come out, wrapped and not, for inputs and for constants.
func TestRangesHold(t *testing.T) {
	types := []rtl.Type{rtl.U(1), rtl.U(2), rtl.U(3), rtl.S(1), rtl.S(2), rtl.S(3)}
	for op, f := range elementwise {
		for _, result := range append(types, rtl.S(7)) {
			if (op == rtl.OpEq || op == rtl.OpLt) && result != rtl.U(1) {
				continue
			}
			for _, ta := range types {
				for _, tb := range types {
					if (op == rtl.OpShl || op == rtl.OpShr) && tb.Signed {
						continue
					}
					checkRange(t, op, f, result, ta, tb, -1)
					checkRange(t, op, f, result, ta, tb, 1)
				}
			}
		}
	}
}

// checkRange compares the bounds of op with all its results; fixed is the operand that is constant, one
// value after the other, or -1.
func checkRange(t *testing.T, op rtl.Op, f func(rtl.Type, []int64) int64, result, ta, tb rtl.Type, fixed int) {
	t.Helper()
	second := [][]int64{valuesOf(tb)}
	if fixed == 1 {
		second = nil
		for _, v := range valuesOf(tb) {
			second = append(second, []int64{v})
		}
	}
	for _, bs := range second {
		m := rtl.NewModule("m", "")
		args := []*rtl.Node{m.In("a", ta), m.In("b", tb)}
		if fixed == 1 {
			args[1] = m.Const(tb, bs[0])
		}
		n := m.Node(op, result, nil, args[:op.Info().Args]...)
		known := findRanges(m)[n.ID]
		for _, a := range valuesOf(ta) {
			for _, b := range bs {
				exact := f(result, []int64{a, b})
				where := fmt.Sprintf("%s %s of %s %d and %s %d", op, result, ta, a, tb, b)
				require.True(t, known.wrapped[0].holds(big.NewInt(result.Wrap(exact))), where)
				if known.exact[0].within(rangeOf(result)) {
					require.Equal(t, exact, result.Wrap(exact), where)
				}
			}
		}
	}
}

func TestIndex(t *testing.T) {
	i := loopVar("i")
	for _, c := range []struct {
		x    index
		text string
		at5  int
	}{
		{constant(3).mul(8).add(1), "25", 25},
		{i, "i", 5},
		{i.add(0).mul(1), "i", 5},
		{i.add(4).add(-4), "i", 5},
		{i.add(4).mul(8), "(i + 4)*8", 72},
		{i.mul(8).add(7), "i*8 + 7", 47},
		{i.div(3).add(1).mul(2).add(1), "(i/3 + 1)*2 + 1", 5},
		{i.add(-9).mul(2), "(i - 9)*2", -8},
	} {
		assert.Equal(t, c.text, c.x.String())
		assert.Equal(t, c.at5, c.x.at(5), c.text)
	}
}

func TestLiterals(t *testing.T) {
	for _, c := range []struct {
		w    int
		v    int64
		text string
	}{
		{1, 1, "1'b1"},
		{1, -1, "1'b1"},
		{8, 200, "8'd200"},
		{8, -128, "-8'sd128"},
		{8, -3, "-8'sd3"},
		{8, 259, "8'd3"},
		{4, -25, "4'd7"},
		{40, 1 << 33, "40'h200000000"},
	} {
		assert.Equal(t, c.text, flat(integer(big.NewInt(c.v), c.w)))
	}
}

// The check of the width rules sees each kind of violation.
func TestWidthCheckSeesFaults(t *testing.T) {
	a, b := newNet("a", wire, rtl.U(8)), newNet("b", wire, rtl.U(4))
	s := newNet("s", wire, rtl.S(8))
	mem := &memory{word: newNet("mem", reg, rtl.U(8)), depth: 5}
	check := func(target *net, e expr) func() {
		return func() { checkWidths(&module{name: "m", items: []item{decl{net: target, value: e}}}) }
	}
	assert.NotPanics(t, check(a, binary{"+", ref{a}, ref{s}}))
	for what, e := range map[string]expr{
		"narrow driver":      ref{b},
		"mixed widths":       binary{"+", ref{a}, ref{b}},
		"mixed signs":        concat{[]expr{zero(7), binary{"<", ref{a}, ref{s}}}},
		"logical on words":   concat{[]expr{zero(7), binary{"&&", ref{a}, ref{a}}}},
		"unsigned shift":     binary{">>>", ref{a}, ref{b}},
		"wide condition":     cond{ref{a}, ref{a}, ref{a}},
		"unequal choices":    cond{slice{a, 0, 1}, ref{a}, ref{b}},
		"slice outside":      slice{net: b, lo: -4, w: 8},
		"slice beyond":       concat{[]expr{zero(4), slice{net: b, lo: 1, w: 4}}},
		"lane out of a loop": lane{net: a, at: loopVar("i"), bits: 8, w: 8},
		"pick by bad index":  concat{[]expr{zero(7), pick{net: a, base: ref{b}, w: 1}}},
		"word by bad index":  word{mem, ref{b}},
		"literal too great":  lit{w: 8, v: big.NewInt(256)},
	} {
		assert.Panics(t, check(a, e), what)
	}
}
