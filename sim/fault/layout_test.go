package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLayoutsHoldEachBitOnce(t *testing.T) {
	for _, l := range []Layout{{10, 16, 1}, {10, 16, 4}, {7, 3, 8}, {1, 9, 1}, {64, 72, 8}} {
		seen := map[[2]int64]bool{}
		for word := range l.Words {
			for bit := range l.Bits {
				row, column := l.Cell(word, bit)
				assert.False(t, seen[[2]int64{row, column}], "%+v: word %d bit %d", l, word, bit)
				seen[[2]int64{row, column}] = true
				w, b, ok := l.At(row, column)
				require.True(t, ok && w == word && b == bit, "%+v: word %d bit %d", l, word, bit)
			}
		}
		held := 0
		for row := int64(-1); row < l.Words+1; row++ {
			for column := int64(-1); column < int64(l.Bits*l.Interleave)+1; column++ {
				if _, _, ok := l.At(row, column); ok {
					held++
				}
			}
		}
		assert.Equal(t, int(l.Words)*l.Bits, held, "%+v", l)
	}
}

// Interleaving turns two bits of a word into one bit of two words.
func TestClustersInInterleavedMemories(t *testing.T) {
	fault := func(interleave, cells, site string) string {
		d := smallDraw(t, stores(), "select: {memories: a.weights}\nwhen: start\nmodel: {type: cluster, interleave: "+interleave+", shapes: [{cells: "+cells+"}]}\nplan: exhaustive")
		for _, f := range d.Faults(0, 1) {
			if f[0].String() == site {
				return f.String()
			}
		}
		return ""
	}
	assert.Equal(t, "a.weights[3].5@start+a.weights[3].6@start", fault("1", "1x2", "a.weights[3].5@start"))
	assert.Equal(t, "a.weights[4].5@start+a.weights[5].5@start", fault("4", "1x2", "a.weights[4].5@start"))
	assert.Equal(t, "a.weights[3].5@start+a.weights[0].6@start", fault("4", "1x2", "a.weights[3].5@start"), "the last word of a row borders on the first one's next bit")
	assert.Equal(t, "a.weights[3].5@start+a.weights[7].5@start", fault("4", "2x1", "a.weights[3].5@start"))
	assert.Equal(t, "a.weights[3].15@start", fault("4", "1x2", "a.weights[3].15@start"), "past the edge there is nothing")
	assert.Equal(t, "a.weights[8].5@start+a.weights[9].5@start", fault("4", "2x2", "a.weights[8].5@start"), "the last row is the memory's last two words")
}

func TestShapesComeAsOftenAsTheySay(t *testing.T) {
	d := smallDraw(t, stores(), "select: {memories: a.weights}\nmodel: {type: cluster, shapes: [{cells: 1x1, share: 60%}, {cells: 1x2, share: 30%}, {cells: [[0, 0], [1, 1], [-1, -1]], share: 10%}]}\nplan: {random: 4000}")
	words := map[bool]int{}
	single := 0
	for _, f := range d.Faults(0, 1) {
		if len(f) == 1 {
			single++
		}
		words[len(f) > 1 && f[0].Word != f[1].Word]++
	}
	assert.InDelta(t, 2400+1200/16+400*0.02, single, 150)
	assert.InDelta(t, 400, words[true], 90)
}
