package kernel

import (
	"fmt"
	"strings"
)

// Slack is how many elements Conv may read past the last that counts. Their values do not matter.
const Slack = 15

// Tile is how many rows Conv computes at a time at most. Areas of a multiple of so many take the least time.
const Tile = 6

// Set is one implementation of every kernel.
type Set struct {
	Name  string
	Block int // the most output channels that Conv computes at a time

	// Conv overwrites a rectangle of one or more output channels with a bias and a sum of products, added one
	// after the other in the order of the taps. There are len(bias) channels, at most Block. For b < len(bias),
	// r < a.Rows and c < a.Cols, with w[t*len(bias)+b] for tap t:
	//
	//	y[b*a.YPlane+r*a.YRow+c] = ((bias[b] + w*x[r*a.XRow+c+offset of tap 0]) + w*x[... tap 1]) + ...
	//
	// y must not overlap x.
	Conv func(y, x []float32, a Area, taps *Taps, w, bias []float32)

	// Affine computes y[i] = float32(float64(x[i])*scale + shift), for every i. x and y are of one length, here
	// and below, and are the same slice or do not overlap.
	Affine func(y, x []float32, scale, shift float64)

	// Relu computes y[i] = max(x[i], 0): 0 for -0, NaN for NaN.
	Relu func(y, x []float32)

	// Max computes y[i] = max(y[i], x[i]): NaN if either is NaN, 0 of 0 and -0.
	Max func(y, x []float32)

	// ArgMax gives for each i the channel c < channels that holds the maximum of x[c*step+i], the lowest on
	// ties. A NaN of channel 0 wins against all; elsewhere it never wins.
	ArgMax func(class []int32, x []float32, step, channels int)

	// First is the first place at which a and b differ, their length where there is none. They differ unless
	// their bits are the same or both are NaN, here and below.
	First func(a, b []float32) int

	// Last is the last place at which a and b differ, -1 where there is none.
	Last func(a, b []float32) int

	// Count is the number of places at which a and b differ.
	Count func(a, b []float32) int

	// NonFinite counts NaNs and infinities.
	NonFinite func(x []float32) (nan, inf int)
}

// Area is the rectangle that Conv computes, and the distances between neighbouring rows of y and x and between
// neighbouring channels of y, in elements.
type Area struct{ Rows, Cols, YRow, YPlane, XRow int }

// Taps is where the factors of a sum lie, from the place in x that a sum begins with.
type Taps struct {
	offs            []int32
	lowest, highest int
}

// NewTaps makes taps of offsets, which are not negative and are not to change afterwards.
func NewTaps(offs []int32) *Taps {
	t := &Taps{offs: offs}
	if len(offs) > 0 {
		t.lowest, t.highest = int(offs[0]), int(offs[0])
	}
	for _, o := range offs {
		t.lowest, t.highest = min(t.lowest, int(o)), max(t.highest, int(o))
	}
	return t
}

// Len is the number of taps.
func (t *Taps) Len() int { return len(t.offs) }

// Sets lists the sets that this machine can run, the fastest first. The last is "go".
func Sets() []*Set {
	return append(assembly(), &Set{
		Name: "go", Block: 4,
		Conv: convGo, Affine: affineGo, Relu: reluGo, Max: maxGo, ArgMax: argMaxGo,
		First: firstGo, Last: lastGo, Count: countGo, NonFinite: nonFiniteGo,
	})
}

// Named finds a set of this machine.
func Named(name string) (*Set, error) {
	var names []string
	for _, s := range Sets() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("no float kernel set %q on this machine; it has %s", name, strings.Join(names, ", "))
}
