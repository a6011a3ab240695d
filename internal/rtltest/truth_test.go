package rtltest

import (
	"bytes"
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
)

func TestTruthsCoverEveryOperation(t *testing.T) {
	for _, d := range domains() {
		probes := map[rtl.Op]int{}
		for _, f := range d.families() {
			probes[f.op] = len(f.probes)
		}
		for _, op := range rtl.Ops() {
			if !op.Info().Source {
				assert.GreaterOrEqual(t, probes[op], 10, "%s: %s", d.name, op)
			}
		}
	}
}

// Every pair of operand types of widths 1 to 4 meets every pair of values, with results narrower, as
// wide and wider, of both signs.
func TestSmallTruthIsExhaustive(t *testing.T) {
	small := domains()[0]
	assert.Len(t, small.beats(9, 0), 512)
	for _, f := range small.families() {
		if f.op != rtl.OpSub {
			continue
		}
		seen := map[[2]rtl.Type][]rtl.Type{}
		for _, p := range f.probes {
			operands := [2]rtl.Type{p.Args[0].Type, p.Args[1].Type}
			seen[operands] = append(seen[operands], p.Type)
		}
		assert.Len(t, seen, 64)
		for operands, results := range seen {
			w := max(operands[0].Bits, operands[1].Bits)
			for _, b := range []int{max(1, w-1), w, w + 5} {
				assert.Contains(t, results, rtl.U(b))
				assert.Contains(t, results, rtl.S(b))
			}
		}
	}
}

// The oracle itself, against values worked out by hand.
func TestOracle(t *testing.T) {
	v := func(s ...string) lanes {
		var out lanes
		for _, x := range s {
			b, ok := new(big.Int).SetString(x, 0)
			require.True(t, ok)
			out = append(out, b)
		}
		return out
	}
	const top = "0xffffffffffffffff"
	cases := []struct {
		p    Probe
		args []lanes
		want lanes
	}{
		{Probe{Op: rtl.OpAdd, Type: rtl.S(4)}, []lanes{v("7"), v("1")}, v("-8")},
		{Probe{Op: rtl.OpAdd, Type: rtl.U(64)}, []lanes{v(top), v("2")}, v("1")},
		{Probe{Op: rtl.OpSub, Type: rtl.U(3)}, []lanes{v("1"), v("3")}, v("6")},
		{Probe{Op: rtl.OpMul, Type: rtl.S(64)}, []lanes{v(top), v(top)}, v("1")},
		{Probe{Op: rtl.OpAnd, Type: rtl.U(8)}, []lanes{v("-1"), v("200")}, v("200")},
		{Probe{Op: rtl.OpOr, Type: rtl.S(8)}, []lanes{v("-2"), v("1")}, v("-1")},
		{Probe{Op: rtl.OpXor, Type: rtl.U(4)}, []lanes{v("-1"), v("5")}, v("10")},
		{Probe{Op: rtl.OpNot, Type: rtl.U(8)}, []lanes{v("5")}, v("250")},
		{Probe{Op: rtl.OpShl, Type: rtl.U(8)}, []lanes{v("3"), v("7")}, v("128")},
		{Probe{Op: rtl.OpShl, Type: rtl.U(64)}, []lanes{v("3"), v(top)}, v("0")},
		{Probe{Op: rtl.OpShr, Type: rtl.S(8)}, []lanes{v("-5"), v("1")}, v("-3")},
		{Probe{Op: rtl.OpShr, Type: rtl.S(8)}, []lanes{v("-5"), v(top)}, v("-1")},
		{Probe{Op: rtl.OpEq, Type: rtl.U(1)}, []lanes{v(top), v("-1")}, v("0")},
		{Probe{Op: rtl.OpLt, Type: rtl.U(1)}, []lanes{v("-1"), v(top)}, v("1")},
		{Probe{Op: rtl.OpMin, Type: rtl.S(64)}, []lanes{v(top), v("3")}, v("3")},
		{Probe{Op: rtl.OpMax, Type: rtl.U(64)}, []lanes{v(top), v("-3")}, v(top)},
		{Probe{Op: rtl.OpMux, Type: rtl.U(4).Vec(2)}, []lanes{v("1", "0"), v("3"), v("4", "5")}, v("3", "5")},
		{Probe{Op: rtl.OpCast, Type: rtl.S(3)}, []lanes{v("12")}, v("-4")},
		{Probe{Op: rtl.OpSat, Type: rtl.S(3)}, []lanes{v("12")}, v("3")},
		{Probe{Op: rtl.OpSat, Type: rtl.U(64)}, []lanes{v("-1")}, v("0")},
		{Probe{Op: rtl.OpSat, Type: rtl.S(64)}, []lanes{v(top)}, v("0x7fffffffffffffff")},
		{Probe{Op: rtl.OpSum, Type: rtl.S(8)}, []lanes{v("100", "50", "-1")}, v("-107")},
		{Probe{Op: rtl.OpParity, Type: rtl.U(1), Args: []Operand{{0, rtl.S(8).Vec(2)}}}, []lanes{v("-1", "7")}, v("1")},
		{Probe{Op: rtl.OpParity, Type: rtl.U(1), Args: []Operand{{0, rtl.U(3)}}}, []lanes{v("6")}, v("0")},
		{Probe{Op: rtl.OpStretch, Type: rtl.U(4).Vec(4), Imms: []int64{2}}, []lanes{v("1", "2")}, v("1", "1", "2", "2")},
		{Probe{Op: rtl.OpLanes, Type: rtl.U(4).Vec(2), Imms: []int64{1}}, []lanes{v("1", "2", "3")}, v("2", "3")},
		{Probe{Op: rtl.OpJoin, Type: rtl.U(4).Vec(3)}, []lanes{v("1"), v("2", "3")}, v("1", "2", "3")},
		{Probe{Op: rtl.OpSelect, Type: rtl.U(4).Vec(2)}, []lanes{v("1", "2", "3", "4"), v("1")}, v("3", "4")},
		{Probe{Op: rtl.OpSelect, Type: rtl.U(4).Vec(2)}, []lanes{v("1", "2", "3", "4"), v(top)}, v("0", "0")},
		{Probe{Op: rtl.OpBitcast, Type: rtl.S(3).Vec(2), Args: []Operand{{0, rtl.U(2).Vec(3)}}}, []lanes{v("1", "3", "2")}, v("-3", "-3")},
		{Probe{Op: rtl.OpSlice, Type: rtl.S(2).Vec(2), Imms: []int64{1}, Args: []Operand{{0, rtl.U(3).Vec(2)}}}, []lanes{v("5", "3")}, v("-2", "-1")},
		{Probe{Op: rtl.OpPack, Type: rtl.S(5), Args: []Operand{{0, rtl.U(2)}, {1, rtl.S(3)}}}, []lanes{v("2"), v("-3")}, v("-10")},
		{Probe{Op: rtl.OpConst, Type: rtl.U(64).Vec(2), Imms: []int64{-1, 2}}, nil, v(top, "2")},
	}
	covered := map[rtl.Op]bool{}
	for _, c := range cases {
		covered[c.p.Op] = true
		assert.Equal(t, lanes(c.want).String(), expect(c.p, c.args).String(), c.p.String())
	}
	for _, op := range rtl.Ops() {
		assert.True(t, covered[op] || op.Info().Source, "%s", op)
	}
}

func (v lanes) String() string {
	var b bytes.Buffer
	for _, x := range v {
		b.WriteString(x.String() + " ")
	}
	return b.String()
}

// The positive control of the truth test: one wrong bit is found and named.
func TestWrongResultsAreNamed(t *testing.T) {
	small := domains()[0].truth(1)
	got := make([][]byte, len(small.Expect))
	for k := range got {
		got[k] = bytes.Clone(small.Expect[k])
	}
	assert.Empty(t, small.wrong(got))
	for k, f := range small.families {
		if f.op == rtl.OpAdd {
			got[k][7*((f.width+7)/8)] ^= 1
		}
	}
	assert.Contains(t, small.wrong(got), "small: beat 7: add u1 u1 u1: got 0 , want 1 ")
}
