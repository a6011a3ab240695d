package functional

import "rampart/sim/functional/kernel"

// fan is what a changed input pixel adds to: the accumulators around it, by weights packed per pair of input
// channels.
type fan struct {
	w       []int16
	step    int     // weights of a pair
	classes []class // in ascending order of pairs
	low     [2]int  // the least target of rows and of columns, in any residue
	high    [2]int
}

// class is pairs of input channels that serve the same outputs.
type class struct {
	first, end int           // pairs first <= p < end
	segs       [][][]segment // per residue of the row and of the column
}

// segment is a run of accumulators of one output row, which lies row behind that of the fan's least target.
type segment struct {
	kernel.Segment
	row int
}

func (c *conv) newFan() *fan {
	pairs := (c.src.Shape.C + 1) / 2
	f := &fan{}
	f.low[0], f.high[0] = c.g.ys.reach()
	f.low[1], f.high[1] = c.g.xs.reach()
	widest := 0
	for p := 0; p < pairs; {
		from, to := c.serves(p)
		k := class{first: p, end: p + 1}
		for ; k.end < pairs; k.end++ {
			if a, b := c.serves(k.end); a != from || b != to {
				break
			}
		}
		f.classes = append(f.classes, k)
		widest = max(widest, to-from)
		p = k.end
	}
	f.step = 2 * widest * c.Kernel[0] * c.Kernel[1]
	f.w = make([]int16, pairs*f.step)
	return f
}

// layFan lays out the weights of all classes.
func (c *conv) layFan() {
	for i := range c.fan.classes {
		c.segments(c.fan, &c.fan.classes[i])
	}
}

// serves is the output channels that a pair of input channels adds to.
func (c *conv) serves(pair int) (from, to int) {
	last := min(2*pair+1, c.src.Shape.C-1)
	return 2 * pair / c.perIn * c.perOut, (last/c.perIn + 1) * c.perOut
}

// segments lays out the weights of a class. Neighbouring columns make one segment where a pixel's
// accumulators are all meant.
func (c *conv) segments(f *fan, k *class) {
	from, to := c.serves(k.first)
	slot := 0 // weights of a pair so far
	for _, rows := range c.g.ys.residues {
		var line [][]segment
		for _, cols := range c.g.xs.residues {
			var segs []segment
			for _, r := range rows {
				for i, col := range cols {
					for o := from; o < to; o++ {
						for p := k.first; p < k.end; p++ {
							at := p*f.step + slot + 2*(o-from)
							f.w[at], f.w[at+1] = c.at(o, 2*p, r.k, col.k), c.at(o, 2*p+1, r.k, col.k)
						}
					}
					joins := i > 0 && cols[i-1].at+1 == col.at && to-from == c.shape.C
					if joins {
						segs[len(segs)-1].Lanes += int32(to - from)
					} else {
						segs = append(segs, segment{kernel.Segment{
							Acc: int32((r.at-f.low[0])*c.row + (col.at-f.low[1])*c.shape.C + from), W: int32(slot), Lanes: int32(to - from),
						}, r.at - f.low[0]})
					}
					slot += 2 * (to - from)
				}
			}
			line = append(line, segs)
		}
		k.segs = append(k.segs, line)
	}
}

// at is a weight, 0 where output o does not read input i.
func (c *conv) at(o, i, ky, kx int) int16 {
	if i >= c.src.Shape.C || i/c.perIn != o/c.perOut {
		return 0
	}
	return int16(c.Weight[((o*c.perIn+i%c.perIn)*c.Kernel[0]+ky)*c.Kernel[1]+kx])
}
