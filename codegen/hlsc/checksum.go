package hlsc

import (
	"fmt"

	"rampart/ir/fixed"
)

// The checksum of a convolution is one more accumulator beside those of the PE output channels of a turn: its
// weights are the sums of theirs, so that it must come to the sum of theirs.

// blocks is how many turns the output channels of a group take.
func (l *convLoops) blocks() int { return l.n.padded() / l.n.step }

// checksumDims are the extents of the array of checksums: as of the weights, with turns for output channels.
func (l *convLoops) checksumDims() []int {
	var dims []int
	for i, d := range l.weightDims {
		if i == 2 {
			d = l.blocks()
		}
		if d > 1 || i > 2 {
			dims = append(dims, d)
		}
	}
	return dims
}

// checksumArray writes the sums of the weights of each turn's output channels.
func (l *convLoops) checksumArray(c *code, f string) {
	inner := l.weightDims[3] * l.weightDims[4] * l.weightDims[5]
	var sums []int64
	held := fixed.Interval{}
	for outer := range l.weightDims[0] * l.weightDims[1] * l.blocks() {
		for i := range inner {
			sum := int64(0)
			for n := range l.n.step {
				sum += int64(l.weight((outer*l.n.step+n)*inner + i))
			}
			sums = append(sums, sum)
			held.Lo, held.Hi = min(held.Lo, sum), max(held.Hi, sum)
		}
	}
	c.linef("/* Sums of the weights of the output channels of a turn. */")
	ctype := cType(fixed.Format{Bits: held.Bits(), Signed: true})
	c.array(ctype, f+"_checksums", l.checksumDims(), func(i int) string { return literal(sums[i]) })
}

// partitionChecksums splits the checksums so that all that one turn multiplies by are read at once.
func (l *convLoops) partitionChecksums(c *code, array string) {
	first := len(l.checksumDims()) - 2 // the dimension of kernel rows, counted from 1
	for i, f := range []fold{l.y, l.x, l.c} {
		c.partition(array, first+i, l.weightDims[3+i], f.step)
	}
}

// addCheck adds the checksum's products of one turn of taps and channels.
func (l *convLoops) addCheck(c *code, f, channelBase string) {
	array := f + "_checksums"
	for i, index := range []string{"phase", "g", l.block(), l.y.index(), l.x.index(), l.c.index()} {
		d := l.weightDims[i]
		if i == 2 {
			d = l.blocks()
		}
		if d > 1 || i > 2 {
			array += "[" + index + "]"
		}
	}
	c.innerLoops([]fold{l.y, l.x, l.c}, func() {
		c.linef("check += (uint64_t)((int64_t)%s * window[%s][%s][%s%s]);", array, l.y.index(), l.x.index(), channelBase, l.c.index())
	})
}

// block is the turn of the present output channels.
func (l *convLoops) block() string {
	if l.n.step == 1 {
		return l.n.name
	}
	return fmt.Sprintf("%s / %d", l.n.name, l.n.step)
}

// compare takes the accumulators away from their checksum, which must leave nothing in the bits that they have.
func (l *convLoops) compare(c *code) {
	c.loop("k", l.n.step, func() {
		c.pragmaf("UNROLL")
		c.linef("check -= acc[k];")
	})
	c.linef("wrong |= rampart_wrap(check, ACC_BITS) != 0;")
}
