package kernel

import "fmt"

// The checks panic unless every element that a kernel is to touch lies within its slice. They are all that
// stands between a caller's slip and assembly that reads what is not there, so every set makes them first.

// limit keeps sizes so small that no product of two of them overflows.
const limit = 1 << 30

func checkSizes(kernel string, sizes ...int) {
	for _, n := range sizes {
		if n < 0 || n >= limit {
			panic(fmt.Sprintf("BUG: %s: size %d", kernel, n))
		}
	}
}

func checkLength(kernel, what string, have, want int) {
	if have < want {
		panic(fmt.Sprintf("BUG: %s: %s has %d elements of the %d that are used", kernel, what, have, want))
	}
}

func checkConv(y, x []float32, a Area, taps *Taps, w, bias []float32) {
	checkSizes("conv", a.Rows, a.Cols, a.YRow, a.YPlane, a.XRow, taps.lowest)
	checkSizes("conv", len(bias)-1)
	checkLength("conv", "w", len(w), taps.Len()*len(bias))
	if a.Rows == 0 || a.Cols == 0 {
		return
	}
	checkLength("conv", "y", len(y), (len(bias)-1)*a.YPlane+(a.Rows-1)*a.YRow+a.Cols)
	if taps.Len() > 0 {
		checkLength("conv", "x", len(x), taps.highest+(a.Rows-1)*a.XRow+a.Cols+Slack)
	}
}

func checkSame(kernel string, a, b []float32) {
	if len(a) != len(b) {
		panic(fmt.Sprintf("BUG: %s of %d and %d elements", kernel, len(a), len(b)))
	}
}

func checkArgMax(class []int32, x []float32, step, channels int) {
	checkSizes("argmax", step, channels-1)
	if len(class) > 0 {
		checkLength("argmax", "x", len(x), (channels-1)*step+len(class))
	}
}
