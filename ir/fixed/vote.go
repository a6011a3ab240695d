package fixed

import "context"

// Vote makes one channel of several that should be alike. Its input has the channels of its output and behind
// them copies: input channel C+i, of C output channels, is a copy of channel Copies[i]. A channel
//
//   - without a copy passes;
//   - with one gives, of the two, the one that is nearer to the zero point, the channel itself where both are
//     as near: what an upset makes of a number is mostly too large, and small numbers do the least harm;
//   - with two gives the median of the three: what two of them agree on.
//
// It is an alarm as well, see Raised.
type Vote struct {
	Copies []int // ascending; no channel more than twice
}

// mostCopies is how many copies of a channel there may be.
const mostCopies = 2

// Kind names the operator in the text form.
func (*Vote) Kind() string { return "vote" }

// Voters lists, for each of so many output channels, the input channels that it is made of: itself, then its
// copies.
func (v *Vote) Voters(channels int) [][]int {
	voters := make([][]int, channels)
	for c := range voters {
		voters[c] = []int{c}
	}
	for i, c := range v.Copies {
		voters[c] = append(voters[c], channels+i)
	}
	return voters
}

// Decide makes one number of a channel's one to three; zero is the zero point.
func Decide(votes []int64, zero int64) int64 {
	a := votes[0]
	switch len(votes) {
	case 2:
		if b := votes[1]; distance(b, zero) < distance(a, zero) {
			return b
		}
	case 3:
		b, c := votes[1], votes[2]
		return max(min(a, b), min(max(a, b), c))
	}
	return a
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

func (v *Vote) eval(ctx context.Context, n *Node, in, out *Tensor) error {
	voters := v.Voters(out.Shape.C)
	return eachChannel(ctx, out.Shape.C, func(c int) {
		y, votes := out.Plane(c), make([]int64, len(voters[c]))
		for i := range y {
			for k, from := range voters[c] {
				votes[k] = int64(in.Plane(from)[i])
			}
			y[i] = int32(Decide(votes, n.Out.Zero))
		}
	})
}

// ranges are the hulls of those of each channel and its copies.
func (v *Vote) ranges(in []Interval) []Interval {
	out := make([]Interval, len(in)-len(v.Copies))
	for c, voters := range v.Voters(len(out)) {
		out[c] = in[c]
		for _, from := range voters[1:] {
			out[c] = out[c].hull(in[from])
		}
	}
	return out
}

func (c *checker) checkVote(n *Node, v *Vote) {
	in, out := n.In[0], n.Out
	if in.Shape.H != out.Shape.H || in.Shape.W != out.Shape.W || in.Format != out.Format || in.Zero != out.Zero {
		c.failf("its input and output differ in height, width, format or zero point")
		return
	}
	if len(v.Copies) == 0 || in.Shape.C != out.Shape.C+len(v.Copies) {
		c.failf("it makes %d channels of %d, and has %d copies", out.Shape.C, in.Shape.C, len(v.Copies))
		return
	}
	for i, of := range v.Copies {
		switch {
		case of < 0 || of >= out.Shape.C:
			c.failf("copy %d is of channel %d, and there are %d", i, of, out.Shape.C)
		case i > 0 && of < v.Copies[i-1]:
			c.failf("copy %d is of channel %d, after one of channel %d", i, of, v.Copies[i-1])
		case i >= mostCopies && of == v.Copies[i-mostCopies]:
			c.failf("channel %d has more than %d copies", of, mostCopies)
		}
	}
}
