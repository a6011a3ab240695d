package rtl

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// bigPacked is the packed value as one big integer, byte order reversed, the slow and obvious way.
func bigPacked(t Type, lanes []int64) []byte {
	sum := new(big.Int)
	for l := len(lanes) - 1; l >= 0; l-- {
		low := new(big.Int).And(big.NewInt(lanes[l]), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(t.Bits)), big.NewInt(1)))
		sum.Or(sum.Lsh(sum, uint(t.Bits)), low)
	}
	be := sum.FillBytes(make([]byte, t.Bytes()))
	for i, j := 0, len(be)-1; i < j; i, j = i+1, j-1 {
		be[i], be[j] = be[j], be[i]
	}
	return be
}

func TestPack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for bits := 1; bits <= MaxBits; bits++ {
		for _, n := range []int{1, 2, 3, 9} {
			for _, signed := range []bool{false, true} {
				typ := Type{Lanes: n, Bits: bits, Signed: signed}
				lanes := make([]int64, n)
				for i := range lanes {
					lanes[i] = typ.Wrap(int64(r.Uint64()))
				}
				packed := make([]byte, typ.Bytes())
				packed[0] = 0xff
				typ.Pack(packed, lanes)
				assert.Equal(t, bigPacked(typ, lanes), packed, fmt.Sprint(typ))
				back := make([]int64, n)
				typ.Unpack(back, packed)
				assert.Equal(t, lanes, back, fmt.Sprint(typ))
			}
		}
	}
}
