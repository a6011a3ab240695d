package float

import (
	"fmt"
	"math"

	"rampart/ir/graph"
)

// Level is how far from a power of two a value may be for Mantissa to move it.
type Level string

// The levels, from little to much.
const (
	P0 Level = "p0" // mantissas up to 1.001 and from 1.999
	P1 Level = "p1" // 1.01 and 1.99
	P2 Level = "p2" // 1.05 and 1.95
	P3 Level = "p3" // 1.1 and 1.9
)

// limits are the mantissas of the levels, as 64-bit floats. No 32-bit mantissa lies between such a limit and
// the decimal number that it stands for, so that comparing with either decides the same.
var limits = map[Level]struct{ low, upp float64 }{
	P0: {1.001, 1.999},
	P1: {1.01, 1.99},
	P2: {1.05, 1.95},
	P3: {1.1, 1.9},
}

// Mantissa moves values beside a power of two, of which one flip of an exponent bit makes something infinite,
// no number or very large, to the other side of it. It is the rule for 32-bit floats of Gutiérrez-Zaballa,
// Basterretxea and Echanobe, "Evaluating Single Event Upsets in Deep Neural Networks for Semantic Segmentation:
// an embedded system perspective" (2024). With E the biased exponent, m the mantissa in [1, 2) and (low, upp)
// the level:
//
//	E = 127 or 125:             m <= low is "empty"
//	E = 123, 119, 111, 95, 63:  m <= low is "empty", m >= upp is "full"
//	empty:  exponent E-1, mantissa all ones     (1.05 becomes 0.99999994)
//	full:   exponent E+1, mantissa 1            (0.1249 becomes 0.125)
//
// Signs stay. It protects floats alone: integers have no exponents. What it moves, one flip still makes 3.4e38 of,
// so that campaigns must tell whether it gains anything, and what the moved values cost without a fault.
type Mantissa struct {
	Level    Level
	Measured bool // the means and variances of normalisations as well, which training did not learn
}

// Name is "mantissa".
func (Mantissa) Name() string { return "mantissa" }

// String is the pass as policies write it.
func (m Mantissa) String() string {
	return fmt.Sprintf("mantissa: {level: %s, measured: %t}", m.Level, m.Measured)
}

func (m Mantissa) run(g *graph.Graph, r *Report) error {
	r.Keeps = Nearly
	rule := newRule(m.Level)
	var moved moved
	for _, n := range g.Nodes {
		for _, p := range graph.Parameters(n.Op) {
			if !p.Measured || m.Measured {
				moved.add(rule.apply(p.Data))
			}
		}
	}
	r.figure("empty mantissas moved", float64(moved.empty))
	r.figure("full mantissas moved", float64(moved.full))
	return nil
}

const (
	fraction = 1<<23 - 1 // the bits of a mantissa after the point
	oneUp    = 1 << 23   // one more exponent
)

// rule is a level by biased exponents.
type rule [256]bounds

// bounds are fractions, as integers: those below empty are empty, those from full on are full.
type bounds struct{ empty, full uint32 }

func newRule(l Level) *rule {
	limit, ok := limits[l]
	if !ok {
		panic("BUG: float: there is no level " + string(l))
	}
	// The differences and products are exact: the limits lie within a factor of two of 1.
	empty := uint32(math.Floor((limit.low-1)*oneUp)) + 1
	full := uint32(math.Ceil((limit.upp - 1) * oneUp))
	var r rule
	for e := range r {
		r[e] = bounds{0, oneUp}
	}
	for _, e := range []uint8{127, 125} {
		r[e].empty = empty
	}
	for _, e := range []uint8{123, 119, 111, 95, 63} {
		r[e] = bounds{empty, full}
	}
	return &r
}

// moved counts values that were moved.
type moved struct{ empty, full uint32 }

func (m *moved) add(n moved) { m.empty, m.full = m.empty+n.empty, m.full+n.full }

// apply moves values in place. It decides without a branch: which of a network's values are moved is as good
// as random, and a wrong guess costs more than the arithmetic.
func (r *rule) apply(values []float32) (n moved) {
	for i, v := range values {
		u := math.Float32bits(v)
		f := u & fraction
		b := r[uint8(u>>23)]
		empty := (f - b.empty) >> 31   // 1 if f < b.empty: both are below 2^24
		full := (b.full - 1 - f) >> 31 // 1 if f >= b.full
		u -= (f + 1) & -empty          // the last value below the power of two
		u += (oneUp - f) & -full       // the next power of two
		values[i] = math.Float32frombits(u)
		n.empty += empty
		n.full += full
	}
	return n
}
