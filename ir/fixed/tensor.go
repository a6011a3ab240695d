package fixed

// Size is the number of elements.
func (s Shape) Size() int { return s.C * s.H * s.W }

// Range gives the least and the greatest integer of the format.
func (f Format) Range() (lo, hi int64) {
	if f.Signed {
		return -1 << (f.Bits - 1), 1<<(f.Bits-1) - 1
	}
	return 0, 1<<f.Bits - 1
}

// Tensor is the integers of one image, channel-major (CHW).
type Tensor struct {
	Shape Shape
	Data  []int32
}

// NewTensor is a tensor of zeros.
func NewTensor(s Shape) *Tensor { return &Tensor{Shape: s, Data: make([]int32, s.Size())} }

// Plane is channel c, row after row.
func (t *Tensor) Plane(c int) []int32 {
	n := t.Shape.H * t.Shape.W
	return t.Data[c*n : (c+1)*n]
}

// At is one element.
func (t *Tensor) At(c, y, x int) int32 { return t.Data[(c*t.Shape.H+y)*t.Shape.W+x] }
