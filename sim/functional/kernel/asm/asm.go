package main

import (
	"github.com/mmcloughlin/avo/attr"
	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// text begins a function. Its pointers do not outlive the call.
func text(c *build.Context, name, signature, doc string) {
	c.Function(name)
	c.Attributes(attr.NOSPLIT)
	c.Pragma("noescape")
	c.SignatureExpr(signature)
	c.Doc(name + " " + doc)
}

// arg loads an argument of 64 bits.
func arg(c *build.Context, name string) reg.GPVirtual {
	r := c.GP64()
	c.Load(c.Param(name), r)
	return r
}

func at(base reg.Register) operand.Mem { return operand.Mem{Base: base} }

func indexed(base, index reg.Register, scale uint8) operand.Mem {
	return operand.Mem{Base: base, Index: index, Scale: scale}
}

// dot is VPDPWSSD, which avo does not know: sum += products of the two int16 of each lane of a and b, without
// saturation. b may be memory, or with the suffix BCST one lane of memory for all lanes. Lanes outside mask, unless
// that is nil, keep their sums and are not read.
func dot(c *build.Context, suffix string, b operand.Op, a reg.Register, mask operand.Op, sum reg.Register) {
	vnni(c, "VPDPWSSD", suffix, b, a, mask, sum)
}

// dotBytes is VPDPBUSD: sum += products of the four signed bytes of each lane of b with the unsigned ones of a.
func dotBytes(c *build.Context, b operand.Op, a, sum reg.Register) {
	vnni(c, "VPDPBUSD", "", b, a, nil, sum)
}

func vnni(c *build.Context, opcode, suffix string, b operand.Op, a reg.Register, mask operand.Op, sum reg.Register) {
	i := &ir.Instruction{
		Opcode:   opcode,
		Operands: []operand.Op{b, a, sum},
		Inputs:   []operand.Op{b, a, sum},
		Outputs:  []operand.Op{sum},
		ISA:      []string{"AVX512VNNI"},
	}
	if suffix != "" {
		i.Suffixes = []string{suffix}
	}
	if mask != nil {
		i.Operands = []operand.Op{b, a, mask, sum}
		i.Inputs = append(i.Inputs, mask)
	}
	c.Instruction(i)
}
