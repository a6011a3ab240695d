package kernel

import "math"

// This file is the set "go", which runs everywhere and says in the fewest words what the kernels do. A
// conversion to float32 or float64 around a product forbids a fused multiply-add.

func convGo(y, x []float32, a Area, taps *Taps, w, bias []float32) {
	checkConv(y, x, a, taps, w, bias)
	for b := range bias {
		for r := range a.Rows {
			row := y[b*a.YPlane+r*a.YRow:][:a.Cols]
			for c := range row {
				row[c] = bias[b]
			}
			for t, off := range taps.offs {
				weight, from := w[t*len(bias)+b], x[r*a.XRow+int(off):][:len(row)]
				for c, v := range from {
					row[c] += float32(weight * v)
				}
			}
		}
	}
}

func affineGo(y, x []float32, scale, shift float64) {
	checkSame("affine", y, x)
	for i, v := range x {
		y[i] = float32(float64(float64(v)*scale) + shift)
	}
}

func reluGo(y, x []float32) {
	checkSame("relu", y, x)
	for i, v := range x {
		y[i] = max(v, 0)
	}
}

func maxGo(y, x []float32) {
	checkSame("max", y, x)
	for i, v := range x {
		y[i] = max(y[i], v)
	}
}

func argMaxGo(class []int32, x []float32, step, channels int) {
	checkArgMax(class, x, step, channels)
	for i := range class {
		best := 0
		for c := range channels {
			if x[c*step+i] > x[best*step+i] {
				best = c
			}
		}
		class[i] = int32(best)
	}
}

// differ says whether two activations count as different.
func differ(a, b float32) bool {
	return math.Float32bits(a) != math.Float32bits(b) && !(math.IsNaN(float64(a)) && math.IsNaN(float64(b)))
}

func firstGo(a, b []float32) int {
	checkSame("first", a, b)
	for i, v := range a {
		if differ(v, b[i]) {
			return i
		}
	}
	return len(a)
}

func lastGo(a, b []float32) int {
	checkSame("last", a, b)
	for i := len(a) - 1; i >= 0; i-- {
		if differ(a[i], b[i]) {
			return i
		}
	}
	return -1
}

func countGo(a, b []float32) int {
	checkSame("count", a, b)
	n := 0
	for i, v := range a {
		if differ(v, b[i]) {
			n++
		}
	}
	return n
}

func nonFiniteGo(x []float32) (nan, inf int) {
	for _, v := range x {
		switch {
		case math.IsNaN(float64(v)):
			nan++
		case math.IsInf(float64(v), 0):
			inf++
		}
	}
	return nan, inf
}
