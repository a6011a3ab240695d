package sample

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"
	"math/rand/v2"
)

// Permutation is a random order of the numbers from 0 to N-1 that is computed and not stored: the first n of
// it are a sample of n without replacement, uniform over the numbers. At is a function of key and index
// alone, so that any worker finds any draw.
//
// It is a Feistel network on the least even number of bits that hold N, walked until it falls below N
// (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
type Permutation struct {
	n    uint64
	half int    // bits of each half
	mask uint64 // of a half
	keys [rounds]uint64
}

// rounds is how often the halves are mixed. Four pass every test on large domains; small ones, whose
// round functions have few values, take more.
const rounds = 12

// NewPermutation is the order of the numbers below n, 1 to 1<<62, that belongs to a seed and a name.
func NewPermutation(n int64, seed uint64, name string) Permutation {
	if n < 1 || n > 1<<62 {
		panic(fmt.Sprintf("BUG: sample: a permutation of %d numbers", n))
	}
	p := Permutation{n: uint64(n), half: max(1, (bits.Len64(uint64(n-1))+1)/2)}
	p.mask = 1<<p.half - 1
	r := Stream(seed, name, 0)
	for i := range p.keys {
		p.keys[i] = r.Uint64()
	}
	return p
}

// At is number i of the order; i is below N.
func (p *Permutation) At(i int64) int64 {
	x := uint64(i)
	if x >= p.n {
		panic(fmt.Sprintf("BUG: sample: number %d of a permutation of %d", i, p.n))
	}
	for {
		l, r := x>>p.half, x&p.mask
		for _, k := range p.keys {
			l, r = r, l^mix(r^k)&p.mask
		}
		if x = l<<p.half | r; x < p.n {
			return int64(x)
		}
	}
}

// mix spreads every bit of x over all bits: the finaliser of splitmix64 (Steele, Lea, Flood, 2014).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Stream is a source of random numbers that belongs to a seed, a name and an index.
func Stream(seed uint64, name string, index int64) *rand.Rand {
	text := binary.LittleEndian.AppendUint64(nil, seed)
	text = binary.LittleEndian.AppendUint64(text, uint64(index))
	sum := sha256.Sum256(append(text, name...))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
}
