package verilog

import (
	"bytes"
	"fmt"
	"math/big"

	"rampart/ir/rtl"
)

// memFileName is the name of the file with the contents of a memory.
func memFileName(m *rtl.Module, mem *rtl.Mem) string { return m.Name + "." + mem.Name + ".mem" }

// memFile writes the contents of a memory for $readmemh, one word per line.
func memFile(m *rtl.Module, mem *rtl.Mem) File {
	var b bytes.Buffer
	fmt.Fprintf(&b, "// %s of %s: %d words of %d bits (%s)", mem.Name, m.Name, mem.Depth, mem.Word.Width(), mem.Word)
	if mem.Tensor != "" {
		fmt.Fprintf(&b, ", tensor %s", mem.Tensor)
	}
	b.WriteByte('\n')
	digits := (mem.Word.Width() + 3) / 4
	for _, lanes := range mem.Init {
		fmt.Fprintf(&b, "%0*x\n", digits, packed(mem.Word, lanes))
	}
	return File{Name: memFileName(m, mem), Data: b.Bytes()}
}

// packed is the bits of one value per lane of t, lane 0 lowest; nil is all zero.
func packed(t rtl.Type, lanes []int64) *big.Int {
	values := make([]*big.Int, len(lanes))
	for i, v := range lanes {
		values[i] = exactValue(t, v)
	}
	return packBig(t.Bits, values)
}

// packBig is values of so many bits side by side, the first lowest.
func packBig(bits int, values []*big.Int) *big.Int {
	all := new(big.Int)
	for i := len(values) - 1; i >= 0; i-- {
		all.Lsh(all, uint(bits)).Or(all, wrapBig(values[i], bits))
	}
	return all
}

// exactValue undoes the canonical form: values of u64 from 2^63 on are kept as negative int64.
func exactValue(t rtl.Type, v int64) *big.Int {
	if !t.Signed {
		return new(big.Int).SetUint64(uint64(v))
	}
	return big.NewInt(v)
}

func wrapBig(v *big.Int, w int) *big.Int {
	mask := new(big.Int).Lsh(big.NewInt(1), uint(w))
	mask.Sub(mask, big.NewInt(1))
	return new(big.Int).And(v, mask)
}
