package rtltest

import (
	"fmt"
	"math/big"

	"rampart/ir/rtl"
)

// Probe is one operation applied to operands that are cut out of an input beat.
type Probe struct {
	Op   rtl.Op
	Type rtl.Type // of the result
	Imms []int64
	Args []Operand
}

// Operand is the lowest bits of a pool of input bits, read as a type.
type Operand struct {
	Pool int
	Type rtl.Type
}

func (p Probe) String() string {
	s := fmt.Sprintf("%s %s", p.Op, p.Type)
	for _, a := range p.Args {
		s += " " + a.Type.String()
	}
	if len(p.Imms) > 0 {
		s += fmt.Sprint(" ", p.Imms)
	}
	return s
}

// lanes is an exact value: one integer per lane.
type lanes []*big.Int

// at is lane l; a scalar meets every lane.
func (v lanes) at(l int) *big.Int {
	if len(v) == 1 {
		return v[0]
	}
	return v[l]
}

// expect computes a probe's result from its operands with big integers: a second reading of the
// comments on rtl.Op, written apart from every engine.
func expect(p Probe, args []lanes) lanes {
	var exact lanes
	if f, ok := elementOracles[p.Op]; ok {
		for l := range p.Type.Lanes {
			operands := make([]*big.Int, len(args))
			for k, a := range args {
				operands[k] = a.at(l)
			}
			exact = append(exact, f(p, operands))
		}
	} else {
		exact = wholeOracles[p.Op](p, args)
	}
	for l, v := range exact {
		exact[l] = wrap(p.Type, v)
	}
	return exact
}

// wrap reduces an integer to the value that a lane of type t holds.
func wrap(t rtl.Type, v *big.Int) *big.Int {
	low := new(big.Int).And(v, masks[t.Bits]) // as two's complement without end
	if t.Signed && low.Bit(t.Bits-1) == 1 {
		low.Sub(low, masks[t.Bits])
		low.Sub(low, one)
	}
	return low
}

var one = big.NewInt(1)

// masks[b] is 2^b - 1.
var masks = func() (all [rtl.MaxBits + 1]*big.Int) {
	for b := range all {
		all[b] = new(big.Int).Sub(new(big.Int).Lsh(one, uint(b)), one)
	}
	return all
}()

func truth(b bool) *big.Int {
	if b {
		return big.NewInt(1)
	}
	return new(big.Int)
}

// elementOracles are the operations that work lane by lane.
var elementOracles = map[rtl.Op]func(p Probe, a []*big.Int) *big.Int{
	rtl.OpAdd: func(_ Probe, a []*big.Int) *big.Int { return new(big.Int).Add(a[0], a[1]) },
	rtl.OpSub: func(_ Probe, a []*big.Int) *big.Int { return new(big.Int).Sub(a[0], a[1]) },
	rtl.OpMul: func(_ Probe, a []*big.Int) *big.Int { return new(big.Int).Mul(a[0], a[1]) },
	rtl.OpAnd: func(_ Probe, a []*big.Int) *big.Int { return new(big.Int).And(a[0], a[1]) },
	rtl.OpOr:  func(_ Probe, a []*big.Int) *big.Int { return new(big.Int).Or(a[0], a[1]) },
	rtl.OpXor: func(_ Probe, a []*big.Int) *big.Int { return new(big.Int).Xor(a[0], a[1]) },
	rtl.OpNot: func(_ Probe, a []*big.Int) *big.Int { return new(big.Int).Not(a[0]) },
	rtl.OpShl: func(_ Probe, a []*big.Int) *big.Int { return new(big.Int).Lsh(a[0], amount(a[1])) },
	rtl.OpShr: func(_ Probe, a []*big.Int) *big.Int { return new(big.Int).Rsh(a[0], amount(a[1])) },
	rtl.OpEq:  func(_ Probe, a []*big.Int) *big.Int { return truth(a[0].Cmp(a[1]) == 0) },
	rtl.OpLt:  func(_ Probe, a []*big.Int) *big.Int { return truth(a[0].Cmp(a[1]) < 0) },
	rtl.OpMin: func(_ Probe, a []*big.Int) *big.Int { return pick(a[0].Cmp(a[1]) < 0, a[0], a[1]) },
	rtl.OpMax: func(_ Probe, a []*big.Int) *big.Int { return pick(a[0].Cmp(a[1]) > 0, a[0], a[1]) },
	rtl.OpMux: func(_ Probe, a []*big.Int) *big.Int { return pick(a[0].Sign() != 0, a[1], a[2]) },

	rtl.OpCast: func(_ Probe, a []*big.Int) *big.Int { return a[0] },
	rtl.OpSat: func(p Probe, a []*big.Int) *big.Int {
		lo, hi := bounds(p.Type)
		v := pick(a[0].Cmp(lo) < 0, lo, a[0])
		return pick(v.Cmp(hi) > 0, hi, v)
	},
}

// amount is a shift amount; beyond any width one huge shift is like another.
func amount(b *big.Int) uint {
	if b.BitLen() > 8 {
		return 256
	}
	return uint(b.Uint64())
}

func pick(first bool, a, b *big.Int) *big.Int {
	if first {
		return a
	}
	return b
}

func bounds(t rtl.Type) (lo, hi *big.Int) {
	if !t.Signed {
		return new(big.Int), masks[t.Bits]
	}
	return new(big.Int).Not(masks[t.Bits-1]), masks[t.Bits-1]
}

// wholeOracles are the operations that look at whole vectors.
var wholeOracles = map[rtl.Op]func(p Probe, a []lanes) lanes{
	rtl.OpConst: func(p Probe, _ []lanes) lanes {
		var out lanes
		for _, v := range p.Imms {
			out = append(out, big.NewInt(v))
		}
		return out
	},
	rtl.OpSum: func(_ Probe, a []lanes) lanes {
		total := new(big.Int)
		for _, v := range a[0] {
			total.Add(total, v)
		}
		return lanes{total}
	},
	rtl.OpParity: func(p Probe, a []lanes) lanes {
		odd := int64(0)
		for _, b := range toBits(p.Args[0].Type, a[0]) {
			odd ^= b
		}
		return lanes{big.NewInt(odd)}
	},
	rtl.OpStretch: func(p Probe, a []lanes) lanes {
		var out lanes
		for _, v := range a[0] {
			for range p.Imms[0] {
				out = append(out, v)
			}
		}
		return out
	},
	rtl.OpLanes: func(p Probe, a []lanes) lanes {
		return append(lanes(nil), a[0][p.Imms[0]:int(p.Imms[0])+p.Type.Lanes]...)
	},
	rtl.OpJoin: func(_ Probe, a []lanes) lanes {
		var out lanes
		for _, v := range a {
			out = append(out, v...)
		}
		return out
	},
	rtl.OpSelect: func(p Probe, a []lanes) lanes {
		out := make(lanes, p.Type.Lanes)
		for l := range out {
			out[l] = new(big.Int)
			at := new(big.Int).Mul(a[1][0], big.NewInt(int64(p.Type.Lanes)))
			if at.Add(at, big.NewInt(int64(l))).Cmp(big.NewInt(int64(len(a[0])))) < 0 {
				out[l] = a[0][at.Int64()]
			}
		}
		return out
	},
	rtl.OpBitcast: func(p Probe, a []lanes) lanes {
		return fromBits(p.Type, toBits(p.Args[0].Type, a[0]))
	},
	rtl.OpSlice: func(p Probe, a []lanes) lanes {
		return fromBits(p.Type, toBits(p.Args[0].Type, a[0])[p.Imms[0]:])
	},
	rtl.OpPack: func(p Probe, a []lanes) lanes {
		var bits []int64
		for k, v := range a {
			bits = append(bits, toBits(p.Args[k].Type, v)...)
		}
		return fromBits(p.Type, bits)
	},
}

// fromBits reads the lowest bits as a value of type t; bits holds one bit per element.
func fromBits(t rtl.Type, bits []int64) lanes {
	out := make(lanes, t.Lanes)
	for l := range out {
		var v uint64
		for b, bit := range bits[l*t.Bits : (l+1)*t.Bits] {
			v |= uint64(bit) << b
		}
		out[l] = wrap(t, new(big.Int).SetUint64(v))
	}
	return out
}

// toBits is the packed value, one bit per element.
func toBits(t rtl.Type, v lanes) []int64 {
	bits := make([]int64, 0, t.Width())
	for _, x := range v {
		low := new(big.Int).And(x, masks[t.Bits]).Uint64()
		for b := range t.Bits {
			bits = append(bits, int64(low>>b&1))
		}
	}
	return bits
}
