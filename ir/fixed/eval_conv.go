package fixed

import "context"

// tap is the way of one kernel row (or column) over a padded image: its product goes from input
// in + j*inStep to output out + j*outStep, for j below count.
type tap struct {
	in, inStep   int
	out, outStep int
	count        int
}

// axis is one dimension of a window: how much padding makes every product's input exist, and the
// taps over the image so padded.
type axis struct {
	before, after int
	taps          []tap
}

// axis works out dimension d of the window over sizes in and out.
func (c *Conv) axis(d, in, out int) axis {
	k, s, dil, pad := c.Kernel[d], c.Stride[d], c.Dilation[d], c.Before[d]
	if !c.Transposed {
		a := axis{before: pad, after: max(0, (out-1)*s+(k-1)*dil-pad-(in-1))}
		for i := range k {
			a.taps = append(a.taps, tap{in: i * dil, inStep: s, outStep: 1, count: out})
		}
		return a
	}
	// Output o meets kernel element i at input (o + pad - i*dil) / s.
	a := axis{before: max(0, ceilDiv((k-1)*dil-pad, s)), after: max(0, (out-1+pad)/s-(in-1))}
	for i := range k {
		first := ((i*dil-pad)%s + s) % s
		t := tap{in: (first+pad-i*dil)/s + a.before, inStep: 1, out: first, outStep: s}
		t.count = max(0, ceilDiv(out-first, s))
		a.taps = append(a.taps, t)
	}
	return a
}

func ceilDiv(a, b int) int {
	if a <= 0 {
		return -(-a / b)
	}
	return (a + b - 1) / b
}

// pad surrounds every plane of t with the value zero.
func pad(t *Tensor, rows, cols axis, zero int64) *Tensor {
	s := t.Shape
	p := NewTensor(Shape{s.C, s.H + rows.before + rows.after, s.W + cols.before + cols.after})
	for i := range p.Data {
		p.Data[i] = int32(zero)
	}
	for c := range s.C {
		from, to := t.Plane(c), p.Plane(c)
		for y := range s.H {
			copy(to[(y+rows.before)*p.Shape.W+cols.before:], from[y*s.W:(y+1)*s.W])
		}
	}
	return p
}

func (c *Conv) eval(ctx context.Context, n *Node, in, out *Tensor) error {
	rows := c.axis(0, in.Shape.H, out.Shape.H)
	cols := c.axis(1, in.Shape.W, out.Shape.W)
	x := pad(in, rows, cols, n.In[0].Zero)
	perIn, perOut := in.Shape.C/c.Group, out.Shape.C/c.Group
	taps := c.Kernel[0] * c.Kernel[1]
	return eachChannel(ctx, out.Shape.C, func(o int) {
		acc := make([]int64, out.Shape.H*out.Shape.W)
		for i := range perIn {
			w := c.Weight[(o*perIn+i)*taps:][:taps]
			accumulate(acc, out.Shape.W, x.Plane(o/perOut*perIn+i), x.Shape.W, w, rows.taps, cols.taps)
		}
		y := out.Plane(o)
		for i, a := range acc {
			y[i] = int32(c.Scale.Apply(o, Wrap(a, c.AccBits)+c.Bias[o], n.Out.Zero))
		}
	})
}

// accumulate adds one input plane's products, weighted by one kernel, to acc.
func accumulate(acc []int64, accWidth int, x []int32, xWidth int, w []int32, rows, cols []tap) {
	for ky, r := range rows {
		for kx, c := range cols {
			weight := int64(w[ky*len(cols)+kx])
			if weight == 0 || c.count == 0 {
				continue
			}
			for j := range r.count {
				a := acc[(r.out+j*r.outStep)*accWidth+c.out:]
				b := x[(r.in+j*r.inStep)*xWidth+c.in:]
				if c.inStep == 1 && c.outStep == 1 {
					a = a[:c.count]
					for i, v := range b[:c.count] {
						a[i] += weight * int64(v)
					}
					continue
				}
				for i := range c.count {
					a[i*c.outStep] += weight * int64(b[i*c.inStep])
				}
			}
		}
	}
}
