package graph

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
)

// NewTensor is a tensor of zeros.
func NewTensor(s Shape) *Tensor { return &Tensor{Shape: s, Data: make([]float32, s.Size())} }

// plane is one channel's image.
func (t *Tensor) plane(c int) []float32 {
	n := t.Shape.H * t.Shape.W
	return t.Data[c*n : (c+1)*n]
}

// result makes the zeroed output tensor of an operator. Shapes were checked before evaluation.
func result(op Op, in []*Tensor) *Tensor {
	shapes := make([]Shape, len(in))
	for i, t := range in {
		shapes[i] = t.Shape
	}
	s, err := op.Infer(shapes)
	if err != nil {
		panic(fmt.Sprintf("BUG: %s evaluated on shapes that it refuses: %v", op.Kind(), err))
	}
	return NewTensor(s)
}

func fill(s []float32, v float32) {
	for i := range s {
		s[i] = v
	}
}

// parallel calls do for 0 to n-1 on all processors; cost is roughly the operations of one call.
func parallel(n, cost int, do func(i int)) {
	const worthwhile = 1 << 15 // operations below which starting goroutines costs more than it gains
	workers := min(n, runtime.GOMAXPROCS(0))
	if workers < 2 || n*cost < worthwhile {
		for i := range n {
			do(i)
		}
		return
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	wg.Wait()
}

// Eval computes a batch normalisation with the statistics of training. A channel whose variance a fault made negative
// is NaN.
func (b *BatchNorm) Eval(in []*Tensor) *Tensor {
	y := result(b, in)
	for c := range y.Shape.C {
		scale, shift := b.Affine(c)
		dst := y.plane(c)
		for i, v := range in[0].plane(c) {
			dst[i] = float32(float64(float64(v)*scale) + shift)
		}
	}
	return y
}

// Affine gives channel c's normalisation as y = scale*x + shift. The conversions of products, here and in
// Eval, forbid fused multiply-add, which would make results differ between processors.
func (b *BatchNorm) Affine(c int) (scale, shift float64) {
	scale = float64(b.Gamma[c]) / math.Sqrt(float64(b.Var[c])+float64(b.Eps))
	return scale, float64(b.Beta[c]) - float64(float64(b.Mean[c])*scale)
}

// Eval computes max(x, 0).
func (r *Relu) Eval(in []*Tensor) *Tensor {
	y := result(r, in)
	for i, v := range in[0].Data {
		y.Data[i] = max(v, 0)
	}
	return y
}

// Eval computes the maximum of the part of each window that lies inside the image.
func (m *MaxPool) Eval(in []*Tensor) *Tensor {
	x := in[0]
	y := result(m, in)
	parallel(y.Shape.C, y.Shape.H*y.Shape.W*m.Kernel[0]*m.Kernel[1], func(c int) {
		image, dst := x.plane(c), y.plane(c)
		for oy := range y.Shape.H {
			for ox := range y.Shape.W {
				dst[oy*y.Shape.W+ox] = m.peak(image, x.Shape, oy, ox)
			}
		}
	})
	return y
}

// peak is the maximum of one window.
func (m *MaxPool) peak(image []float32, s Shape, oy, ox int) float32 {
	best := float32(math.Inf(-1))
	ylo, yhi := m.taps(0, oy, s.H)
	xlo, xhi := m.taps(1, ox, s.W)
	for ky := ylo; ky < yhi; ky++ {
		row := image[(oy*m.Stride[0]-m.Before[0]+ky*m.Dilation[0])*s.W:][:s.W]
		for kx := xlo; kx < xhi; kx++ {
			best = max(best, row[ox*m.Stride[1]-m.Before[1]+kx*m.Dilation[1]])
		}
	}
	return best
}

// Eval joins channels; the first input's come first.
func (c *Concat) Eval(in []*Tensor) *Tensor {
	y := result(c, in)
	rest := y.Data
	for _, x := range in {
		rest = rest[copy(rest, x.Data):]
	}
	return y
}

// Eval computes exp(x - max) / sum over the channels of each pixel.
func (s *Softmax) Eval(in []*Tensor) *Tensor {
	x := in[0]
	y := result(s, in)
	n := x.Shape.H * x.Shape.W
	terms := make([]float64, x.Shape.C)
	for p := range n {
		top := math.Inf(-1)
		for c := range terms {
			top = max(top, float64(x.Data[c*n+p]))
		}
		sum := 0.0
		for c := range terms {
			terms[c] = math.Exp(float64(x.Data[c*n+p]) - top)
			sum += terms[c]
		}
		for c, t := range terms {
			y.Data[c*n+p] = float32(t / sum)
		}
	}
	return y
}

// Eval gives the channel of the maximum of each pixel, the lowest on ties.
func (a *ArgMax) Eval(in []*Tensor) *Tensor {
	x := in[0]
	y := result(a, in)
	n := x.Shape.H * x.Shape.W
	for p := range n {
		best := 0
		for c := range x.Shape.C {
			if x.Data[c*n+p] > x.Data[best*n+p] {
				best = c
			}
		}
		y.Data[p] = float32(best)
	}
	return y
}
