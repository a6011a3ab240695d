package fixed_test

import (
	"cmp"
	"context"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
)

// The reference: numbers of any size, one output element at a time, straight from the comments in
// fixed.go.

// at is an input element, or the zero point outside the image.
func at(t *fixed.Tensor, v *fixed.Value, c, y, x int) int64 {
	if y < 0 || x < 0 || y >= v.Shape.H || x >= v.Shape.W {
		return v.Zero
	}
	return int64(t.Data[c*v.Shape.H*v.Shape.W+y*v.Shape.W+x])
}

func wrapBig(v *big.Int, bits int) *big.Int {
	mod := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	v = new(big.Int).Mod(v, mod) // Euclidean: never negative
	if v.Bit(bits-1) == 1 {
		v.Sub(v, mod)
	}
	return v
}

func requantiseBig(s *fixed.Scale, c int, v *big.Int, zero int64) int64 {
	v = new(big.Int).Set(v)
	if s.Mult != nil {
		v.Mul(v, big.NewInt(s.Mult[c]))
	}
	div := new(big.Int).Lsh(big.NewInt(1), uint(s.Shift[c]))
	floor, rest := new(big.Int).DivMod(v, div, new(big.Int))
	twice := new(big.Int).Lsh(rest, 1)
	switch twice.Cmp(div) {
	case 1:
		floor.Add(floor, big.NewInt(1))
	case 0: // a tie, never where the shift is 0
		if s.Rounding == fixed.HalfUp || floor.Bit(0) == 1 {
			floor.Add(floor, big.NewInt(1))
		}
	}
	floor.Add(floor, big.NewInt(zero))
	if floor.Cmp(big.NewInt(s.Lo)) < 0 {
		return s.Lo
	}
	if floor.Cmp(big.NewInt(s.Hi)) > 0 {
		return s.Hi
	}
	return floor.Int64()
}

func convElement(n *fixed.Node, op *fixed.Conv, x *fixed.Tensor, o, oy, ox int) int64 {
	in := n.In[0]
	perIn, perOut := in.Shape.C/op.Group, n.Out.Shape.C/op.Group
	acc := new(big.Int)
	for i := range perIn {
		for ky := range op.Kernel[0] {
			for kx := range op.Kernel[1] {
				y := oy*op.Stride[0] - op.Before[0] + ky*op.Dilation[0]
				x_ := ox*op.Stride[1] - op.Before[1] + kx*op.Dilation[1]
				if op.Transposed {
					y, x_ = oy+op.Before[0]-ky*op.Dilation[0], ox+op.Before[1]-kx*op.Dilation[1]
					if y%op.Stride[0] != 0 || x_%op.Stride[1] != 0 {
						continue
					}
					y, x_ = y/op.Stride[0], x_/op.Stride[1]
				}
				w := op.Weight[((o*perIn+i)*op.Kernel[0]+ky)*op.Kernel[1]+kx]
				acc.Add(acc, new(big.Int).Mul(big.NewInt(int64(w)), big.NewInt(at(x, in, o/perOut*perIn+i, y, x_))))
			}
		}
	}
	acc = wrapBig(acc, op.AccBits)
	acc.Add(acc, big.NewInt(op.Bias[o]))
	return requantiseBig(&op.Scale, o, acc, n.Out.Zero)
}

func referenceElement(n *fixed.Node, in []*fixed.Tensor, c, y, x int) int64 {
	switch op := n.Op.(type) {
	case *fixed.Conv:
		return convElement(n, op, in[0], c, y, x)
	case *fixed.Requant:
		v := at(in[0], n.In[0], c, y, x) - n.In[0].Zero
		return requantiseBig(&op.Scale, c, big.NewInt(v), n.Out.Zero)
	case *fixed.MaxPool:
		best := int64(-1 << 40)
		for ky := range op.Kernel[0] {
			for kx := range op.Kernel[1] {
				iy, ix := y*op.Stride[0]+ky*op.Dilation[0]-op.Before[0], x*op.Stride[1]+kx*op.Dilation[1]-op.Before[1]
				if iy >= 0 && ix >= 0 && iy < n.In[0].Shape.H && ix < n.In[0].Shape.W {
					best = max(best, at(in[0], n.In[0], c, iy, ix))
				}
			}
		}
		return best
	case *fixed.Concat:
		for i, v := range n.In {
			if c < v.Shape.C {
				return at(in[i], v, c, y, x)
			}
			c -= v.Shape.C
		}
	case *fixed.Clip:
		v := at(in[0], n.In[0], c, y, x)
		if op.Lo != nil && v < op.Lo[c] {
			v = op.Lo[c]
		}
		if v > op.Hi[c] {
			return op.Hi[c]
		}
		return v
	case *fixed.Vote:
		votes := []int64{at(in[0], n.In[0], c, y, x)}
		for i, of := range op.Copies {
			if of == c {
				votes = append(votes, at(in[0], n.In[0], n.Out.Shape.C+i, y, x))
			}
		}
		if len(votes) == 2 { // the nearer to the zero point, the first of equals
			slices.SortStableFunc(votes, func(a, b int64) int {
				z := n.Out.Zero
				return cmp.Compare(max(a-z, z-a), max(b-z, z-b))
			})
			return votes[0]
		}
		slices.Sort(votes)
		return votes[len(votes)/2]
	case *fixed.ArgMax:
		best := 0
		for k := range n.In[0].Shape.C {
			if at(in[0], n.In[0], k, y, x) > at(in[0], n.In[0], best, y, x) {
				best = k
			}
		}
		return int64(best)
	}
	panic("BUG: test: unknown operator")
}

func TestEvalMeansWhatTheCommentsSay(t *testing.T) {
	kinds := map[string]int{}
	for seed := range uint64(150) {
		d := nettest.New(seed)
		net := d.Net(d.Within(1, 7))
		require.NoError(t, fixed.Check(net), "seed %d", seed)
		got := map[*fixed.Value]*fixed.Tensor{}
		outs, err := fixed.EvalAll(t.Context(), net, d.Inputs(net), func(v *fixed.Value, x *fixed.Tensor) { got[v] = x })
		require.NoError(t, err)
		for i, v := range net.Outputs {
			require.Same(t, got[v], outs[i])
		}
		for _, n := range net.Nodes {
			kinds[n.Op.Kind()]++
			var in []*fixed.Tensor
			for _, v := range n.In {
				in = append(in, got[v])
			}
			s := n.Out.Shape
			lo, hi := n.Out.Format.Range()
			for i, y := range got[n.Out].Data {
				c, row, col := i/(s.H*s.W), i/s.W%s.H, i%s.W
				want := referenceElement(n, in, c, row, col)
				if int64(y) != want || want < lo || want > hi {
					require.Fail(t, "wrong", "seed %d: %s %q at %d,%d,%d is %d, not %d of %d to %d: %s",
						seed, n.Op.Kind(), n.Name, c, row, col, y, want, lo, hi, fixed.Print(net))
				}
			}
		}
	}
	for _, kind := range []string{"conv", "maxpool", "concat", "requant", "argmax", "clip", "vote"} {
		assert.Greater(t, kinds[kind], 10, kind)
	}
}

func TestApplyByHand(t *testing.T) {
	for name, c := range map[string]struct {
		v, mult int64
		shift   int
		mode    fixed.Rounding
		want    int64
	}{
		"up":               {v: 7, mult: 1, shift: 2, want: 2},   // 1.75
		"tie up":           {v: 6, mult: 1, shift: 2, want: 2},   // 1.5
		"tie up below 0":   {v: -6, mult: 1, shift: 2, want: -1}, // -1.5
		"tie to even 2":    {v: 6, mult: 1, shift: 2, mode: 1, want: 2},
		"tie to even 0":    {v: 2, mult: 1, shift: 2, mode: 1, want: 0},
		"tie to even -2":   {v: -6, mult: 1, shift: 2, mode: 1, want: -2},
		"tie to even -0":   {v: -2, mult: 1, shift: 2, mode: 1, want: 0},
		"no tie, odd":      {v: 5, mult: 1, shift: 2, mode: 1, want: 1},
		"no shift":         {v: -3, mult: 5, shift: 0, mode: 1, want: -15},
		"multiplied":       {v: 3, mult: 3, shift: 1, want: 5}, // 4.5
		"clamped":          {v: 300, mult: 1, shift: 0, want: 100},
		"clamped below":    {v: -300, mult: 1, shift: 0, want: -90},
		"shift of all":     {v: 1 << 40, mult: 1 << 15, shift: 63, want: 0},
		"widest, tie to 1": {v: 1 << 46, mult: 1 << 15, shift: 62, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := fixed.Scale{Mult: []int64{c.mult}, MultBits: 16, Shift: []int{c.shift}, Rounding: c.mode, Lo: -90, Hi: 100}
			assert.Equal(t, c.want, s.Apply(0, c.v, 0))
			assert.Equal(t, min(c.want+1, 100), s.Apply(0, c.v, 1)+map[bool]int64{true: 1}[c.want == -90], "the zero point is added after the shift")
		})
	}
}

func TestWrapByHand(t *testing.T) {
	assert.Equal(t, int64(-128), fixed.Wrap(128, 8))
	assert.Equal(t, int64(127), fixed.Wrap(-129, 8))
	assert.Equal(t, int64(-1), fixed.Wrap(255, 8))
	assert.Equal(t, int64(5), fixed.Wrap(5+3*256, 8))
}

func TestVisitMayChangeTensors(t *testing.T) {
	net := chain()
	x := fixed.NewTensor(net.Inputs[0].Shape)
	plain, err := fixed.Eval(t.Context(), net, x, nil)
	require.NoError(t, err)
	changed, err := fixed.Eval(t.Context(), net, x, func(v *fixed.Value, y *fixed.Tensor) {
		if v == net.Nodes[0].Out {
			y.Data[0] = 255
		}
	})
	require.NoError(t, err)
	assert.NotEqual(t, plain[0].Data, changed[0].Data)
	assert.Equal(t, fixed.NewTensor(net.Inputs[0].Shape), x, "the input stays as it was")
}

func TestEvalRefuses(t *testing.T) {
	net := chain()
	wrong := fixed.NewTensor(net.Inputs[0].Shape)
	wrong.Data[3] = 256
	_, err := fixed.Eval(t.Context(), net, wrong, nil)
	assert.ErrorContains(t, err, "element 3 is 256, outside 0 to 255")
	_, err = fixed.Eval(t.Context(), net, fixed.NewTensor(fixed.Shape{1, 1, 1}), nil)
	assert.ErrorContains(t, err, "has shape")
	_, err = fixed.EvalAll(t.Context(), net, nil, nil)
	assert.ErrorContains(t, err, "has 1 inputs, 0 were given")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = fixed.Eval(ctx, net, fixed.NewTensor(net.Inputs[0].Shape), nil)
	assert.ErrorIs(t, err, context.Canceled)
}

func BenchmarkConv3x3(b *testing.B) {
	in := &fixed.Value{Name: "x", Shape: fixed.Shape{32, 48, 64}, Format: fixed.Format{Bits: 8}}
	out := &fixed.Value{Name: "y", Shape: fixed.Shape{32, 48, 64}, Format: fixed.Format{Bits: 8}}
	c := &fixed.Conv{Window: fixed.Window{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Before: [2]int{1, 1}, After: [2]int{1, 1}},
		Group: 1, WeightBits: 8, BiasBits: 32, AccBits: 30, Weight: make([]int32, 32*32*9), Bias: make([]int64, 32),
		Scale: fixed.Scale{Shift: make([]int, 32), Hi: 255}}
	for i := range c.Weight {
		c.Weight[i] = int32(i%255 - 127)
	}
	net := &fixed.Net{Inputs: []*fixed.Value{in}, Outputs: []*fixed.Value{out}, Nodes: []*fixed.Node{{Name: "c", In: []*fixed.Value{in}, Out: out, Op: c}}}
	x := fixed.NewTensor(in.Shape)
	for b.Loop() {
		if _, err := fixed.Eval(b.Context(), net, x, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(c.Weight))*48*64/b.Elapsed().Seconds()/1e9, "GMAC/s")
}
