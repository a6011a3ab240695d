package gosim

import (
	"math/big"
	mathbits "math/bits"

	"github.com/dave/jennifer/jen"

	"rampart/ir/rtl"
)

// Operations on packed bits: parity, bitcast, slice and pack. Those on scalars and on whole lanes become shifts
// and moves of lanes (byLanes); the rest is written out piece by piece, or, where that would be long, goes
// through words of 64 bits.

// moved tells whether v is packed bits of its operands in another shape.
func (v *val) moved() bool {
	return v.op == rtl.OpBitcast || v.op == rtl.OpSlice || v.op == rtl.OpPack
}

// packed tells whether v goes by the packed bits of its operands.
func (v *val) packed() bool { return v.moved() || v.op == rtl.OpParity }

// laneBits is the bits of a lane of operand i in its packed form.
func (v *val) laneBits(i int) int { return int(v.imms[len(v.imms)-len(v.args)+i]) }

// firstBit is the packed bit of the operands with which v begins.
func (v *val) firstBit() int {
	if v.op == rtl.OpSlice {
		return int(v.imms[0])
	}
	return 0
}

// byLanes is a value in terms of other operations that equals v, which goes by packed bits; nil where there is none.
func (g *graph) byLanes(v *val) *val {
	a, join := v.args[0], v.op == rtl.OpBitcast && v.args[0].op == rtl.OpJoin
	switch {
	case v.op == rtl.OpParity && a.op == rtl.OpConst:
		return g.constant(big.NewInt(int64(v.oddOnes())), v.typ)
	case v.op == rtl.OpParity:
		return nil
	case len(v.args) > 1:
		return g.glue(v.typ, v.args, v.laneBits)
	case v.typ.Lanes == a.typ.Lanes && v.typ.Bits == v.laneBits(0):
		return g.make(rtl.OpCast, v.typ, nil, v.args, nil)
	case join:
		if all := g.glue(v.typ, a.args, func(int) int { return v.laneBits(0) }); all != nil {
			return all
		}
	}
	return g.cut(v)
}

// oddOnes is the parity of a constant.
func (v *val) oddOnes() int {
	odd := 0
	for _, lane := range v.args[0].imms {
		odd ^= mathbits.OnesCount64(uint64(lane)<<(64-v.laneBits(0))) & 1
	}
	return odd
}

// cut is v, bits of one operand, where its lanes are lanes of that, or it is a part of one of them; else nil.
func (g *graph) cut(v *val) *val {
	a, width := v.args[0], v.laneBits(0)
	first, at := v.firstBit()/width, v.firstBit()%width
	lanes := func(n int) *val {
		return g.make(rtl.OpLanes, a.typ.Vec(n), []int64{int64(first)}, v.args[:1], nil)
	}
	switch {
	case v.typ.Bits == width && at == 0:
		return g.make(rtl.OpCast, v.typ, nil, []*val{lanes(v.typ.Lanes)}, nil)
	case v.typ.Lanes == 1 && at+v.typ.Bits <= width:
		return g.make(rtl.OpCast, v.typ, nil, []*val{g.shifted(rtl.OpShr, a.typ.Elem(), lanes(1), at)}, nil)
	}
	return nil
}

// glue is scalars of so many bits each, one after another, as a scalar; nil where there are others.
func (g *graph) glue(t rtl.Type, parts []*val, width func(int) int) *val {
	if t.Lanes > 1 {
		return nil
	}
	for _, p := range parts {
		if p.vector() {
			return nil
		}
	}
	all, at := g.constant(zero, rtl.U(1)), 0
	for i, p := range parts {
		low := g.make(rtl.OpCast, rtl.U(width(i)), nil, []*val{p}, nil)
		wide := rtl.U(at + width(i))
		all = g.make(rtl.OpOr, wide, nil, []*val{all, g.shifted(rtl.OpShl, wide, low, at)}, nil)
		at += width(i)
	}
	return g.make(rtl.OpCast, t, nil, []*val{all}, nil)
}

func (g *graph) shifted(op rtl.Op, t rtl.Type, v *val, by int) *val {
	return g.make(op, t, nil, []*val{v, g.constant(big.NewInt(int64(by)), rtl.U(7))}, nil)
}

// parity is the xor of all bits of all lanes.
func (f *body) parity(v *val, name string) []jen.Code {
	a, width := v.args[0], v.laneBits(0)
	var out []jen.Code
	var all expr
	if a.vector() {
		lanes := f.names.name(name + "_lanes")
		all = expr{code: jen.Id(lanes), prec: precOperand, typ: gotype{bits: 64, signed: a.gotype().signed}}
		out = append(out, jen.Var().Add(all.code).Id(all.typ.String()))
		marks := f.cuts(a)
		for i := 1; i < len(marks); i++ {
			lo := marks[i-1]
			out = append(out, f.split(a, lo, marks[i]-lo, nil, func(l *loop, lo int, p pos) jen.Code {
				return jen.Add(all.code).Op("^=").Add(l.lane(a, p.plus(lo)).to(all.typ).code)
			})...)
		}
	} else {
		all = f.expr(a).to(a.gotype())
	}
	if all = all.to(word); a.rng.lo.Sign() < 0 { // signs fill what is above the lane's own bits
		all = infix(all, "&", literal(bitsInterval(width, false).hi), precMul, word)
	}
	odd := jen.Qual("math/bits", "OnesCount64").Call(all.code).Op("&").Lit(1)
	return append(out, f.declare(v, name, laneType(v), jen.Id(v.gotype().String()).Call(odd)))
}

// piece is bits of one lane of an operand, and where they go in a lane of the result.
type piece struct {
	arg, lane  int
	at, n, to  int
	top, whole bool // the last ones of the result's lane; the highest ones of the operand's
}

// pieces lists, per lane of a moved value, where its bits come from.
func (v *val) pieces() (all [][]piece, count int) {
	arg, lane, at := 0, v.firstBit()/v.laneBits(0), v.firstBit()%v.laneBits(0)
	for range v.typ.Lanes {
		var of []piece
		for to := 0; to < v.typ.Bits; {
			width := v.laneBits(arg)
			n := min(width-at, v.typ.Bits-to)
			of = append(of, piece{arg, lane, at, n, to, to+n == v.typ.Bits, at+n == width})
			to += n
			if at += n; at == width {
				at, lane = 0, lane+1
			}
			if lane == v.args[arg].typ.Lanes {
				arg, lane = arg+1, 0
			}
		}
		all, count = append(all, of), count+len(of)
	}
	return all, count
}

// maxPieces is the most pieces that are written out; Go's compiler is slow on long functions.
const maxPieces = 16

// repack reads the packed bits of values as lanes of another width.
func (f *body) repack(v *val, name string) []jen.Code {
	pieces, count := v.pieces()
	if count > maxPieces {
		return f.viaWords(v, name)
	}
	var out []jen.Code
	if v.vector() {
		out = f.storage(v, name)
	}
	operands := f.operands(v, &out)
	for i, of := range pieces {
		e := v.assembled(of, operands)
		if !v.vector() {
			return append(out, f.declare(v, name, laneType(v), e.typed()))
		}
		out = append(out, jen.Id(name).Index(jen.Lit(i)).Op("=").Add(e.code))
	}
	return out
}

// operands gives access to the lanes of v's operands; scalars that are not at hand get a variable in out.
func (f *body) operands(v *val, out *[]jen.Code) func(arg, lane int) expr {
	scalars := make([]expr, len(v.args))
	for i, a := range v.args {
		if a.vector() {
			continue
		}
		if scalars[i] = f.expr(a).to(a.gotype()); !scalars[i].plain {
			name := f.names.name("s")
			*out = append(*out, jen.Id(name).Op(":=").Add(scalars[i].typed()))
			scalars[i] = expr{code: jen.Id(name), prec: precOperand, typ: a.gotype(), plain: true}
		}
	}
	return func(arg, lane int) expr {
		a := v.args[arg]
		switch {
		case !a.vector():
			return scalars[arg]
		case a.op == rtl.OpConst:
			return literal(a.lit(lane)).to(a.gotype())
		}
		return expr{code: jen.Add(f.array(a).code).Index(jen.Lit(lane)), prec: precOperand, typ: a.gotype()}
	}
}

// word is the type that pieces are put together in.
var word = gotype{bits: 64}

// assembled is a lane of v made from pieces.
func (v *val) assembled(of []piece, operand func(arg, lane int) expr) expr {
	known := new(big.Int) // of constants
	var all expr
	bare := true // nothing stands above the lane's own bits
	for _, p := range of {
		e := operand(p.arg, p.lane)
		if e.lit != nil {
			part := wrapBig(shr(e.lit, big.NewInt(int64(p.at))), p.n, false)
			known.Or(known, part.Lsh(part, uint(p.to)))
			continue
		}
		clear := p.whole && v.args[p.arg].rng.lo.Sign() >= 0
		if e = e.to(word); p.at > 0 {
			e = infix(e, ">>", literal(big.NewInt(int64(p.at))), precMul, word)
		}
		if !p.top && !clear {
			e = infix(e, "&", literal(bitsInterval(p.n, false).hi), precMul, word)
		}
		if p.to > 0 {
			e = infix(e, "<<", literal(big.NewInt(int64(p.to))), precMul, word)
		}
		bare = bare && (clear || !p.top)
		all = either(all, e)
	}
	if known.Sign() != 0 || all.code == nil {
		all = either(all, literal(known))
	}
	exact := *v
	exact.wrap = !bare || v.typ.Signed
	return exact.fits(all.to(v.gotype())).to(v.gotype())
}

// either is the or of words; the first may be nothing yet.
func either(a, b expr) expr {
	if a.code == nil {
		return b
	}
	return infix(a, "|", b, precAdd, word)
}

// viaWords is repack for values of many pieces: all bits go into words, and the result is read from there.
func (f *body) viaWords(v *val, name string) []jen.Code {
	words := f.names.name(name + "_words")
	all := func(array string) *jen.Statement { return jen.Id(array).Index(jen.Op(":")) }
	var put []jen.Code
	at := 0
	for i, a := range v.args {
		lo, n := v.lanesOf(i)
		lanes := jen.Index().Id(a.gotype().String())
		if a.vector() {
			lanes = f.array(a).lanes(lo, n)
		} else {
			lanes.Values(f.expr(a).to(a.gotype()).code)
		}
		put = append(put, jen.Qual(runtimePath, "Put").Call(all(words), jen.Lit(at), lanes, jen.Lit(v.laneBits(i))))
		at += n * v.laneBits(i)
	}
	out := append([]jen.Code{jen.Var().Id(words).Add(arrayType(at/int(word.bits)+2, word))}, put...)
	get := func(array string) jen.Code {
		first := v.firstBit() % v.laneBits(0)
		return jen.Qual(runtimePath, "Get").Call(all(array), jen.Lit(v.typ.Bits), all(words), jen.Lit(first))
	}
	if v.vector() {
		return append(append(f.storage(v, name), out...), get(name))
	}
	one := f.names.name(name + "_packed")
	return append(out, jen.Var().Id(one).Add(arrayType(1, v.gotype())), get(one),
		f.declare(v, name, laneType(v), jen.Id(one).Index(jen.Lit(0))))
}

// lanesOf is the first of the lanes of operand i that have bits of v, and how many there are.
func (v *val) lanesOf(i int) (lo, n int) {
	if v.op != rtl.OpSlice {
		return 0, v.args[i].typ.Lanes
	}
	width := v.laneBits(i)
	lo = v.firstBit() / width
	return lo, (v.firstBit()+v.typ.Width()+width-1)/width - lo
}
