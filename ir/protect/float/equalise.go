package float

import (
	"cmp"
	"fmt"
	"math"

	"rampart/ir/graph"
)

// Equalise multiplies the channels between layers so that the weights that make a channel and those that read
// it reach equally far. It is the cross-layer equalisation of Nagel, van Baalen, Blankevoort and Welling,
// "Data-Free Quantization Through Weight Equalization and Bias Correction" (2019), section 4.1: with r1 the
// largest magnitude among the weights that make channel i and r2 among those that read it,
//
//	s = sqrt(r1*r2) / r2; what makes the channel is divided by s, what reads it multiplied with s
//
// which leaves both at sqrt(r1*r2), channel after channel until nothing moves any more. Normalisations count as
// part of the convolution before them: their gamma and beta are divided. A channel that several layers read,
// as skip connections are, is multiplied in all of them, r2 the largest.
//
// Channels that are inputs or outputs of the network stay, and so do those that meet an operator which does
// not commute with positive factors, such as a clip or a softmax.
type Equalise struct {
	Scales Scales  // "" is General
	Limit  float64 // no channel is multiplied with more, or divided by more; at least 1, 0 is 1024
}

// Scales says which factors there may be.
type Scales string

// The kinds of factors.
const (
	General Scales = "general"
	Pow2    Scales = "pow2" // the nearest powers of two, which cost no rounding
)

func (e Equalise) defaults() Equalise {
	return Equalise{cmp.Or(e.Scales, General), cmp.Or(e.Limit, 1024)}
}

// Name is "equalise".
func (Equalise) Name() string { return "equalise" }

// String is the pass as policies write it.
func (e Equalise) String() string {
	e = e.defaults()
	return fmt.Sprintf("equalise: {scales: %s, limit: %v}", e.Scales, e.Limit)
}

func (e Equalise) run(g *graph.Graph, r *Report) error {
	e = e.defaults()
	fs := trace(g)
	layers := fs.layers(g)
	b := balance{limit: e.Limit, makes: map[*family][]link{}, reads: map[*family][]link{}}
	for _, l := range layers {
		for _, k := range l.links {
			b.makes[k.out] = append(b.makes[k.out], k)
			b.reads[k.in] = append(b.reads[k.in], k)
		}
	}
	var left channels
	for _, l := range layers {
		for c, f := range fs.out(l.last) {
			if why := b.refuses(f); why != "" {
				left.add(l.last.Name, why, c)
			} else {
				b.free = append(b.free, f)
			}
		}
	}
	before := b.worst()
	rounds := b.settle()
	for _, f := range b.free {
		if f.scale >= e.Limit || f.scale <= 1/e.Limit {
			left.add(f.writer.Name, fmt.Sprintf("the factor ends at the limit of %v", e.Limit), f.channel)
		}
		if e.Scales == Pow2 {
			f.scale = math.Exp2(math.Round(math.Log2(f.scale)))
		}
	}
	fs.multiply(layers)
	r.Keeps = Rounding
	if e.Scales == Pow2 && !normalisesScaled(fs, layers) {
		r.Keeps = Bits
	}
	b.report(r, before, rounds)
	r.Left = left.notes()
	return nil
}

// normalisesScaled tells whether a normalisation is the first to read a multiplied channel: its variance has a
// constant added, so that the factor is rounded.
func normalisesScaled(fs *families, layers []*layer) bool {
	for _, l := range layers {
		if _, ok := l.first.Op.(*graph.BatchNorm); !ok {
			continue
		}
		for _, f := range fs.in(l.first) {
			if f.scale != 1 {
				return true
			}
		}
	}
	return false
}

// balance is the search for scales.
type balance struct {
	limit        float64
	free         []*family
	makes, reads map[*family][]link
}

// refuses tells why a family is not scaled, "" where it is.
func (b *balance) refuses(f *family) string {
	made, read := b.ranges(f)
	switch {
	case f.blocked != "":
		return f.blocked
	case len(f.readers) == 0:
		return "nothing reads it"
	case made == 0:
		return "all weights that make it are 0"
	case read == 0:
		return "all weights that read it are 0"
	}
	return ""
}

// ranges are the largest magnitudes of the weights that make a family and of those that read it, as scaled.
func (b *balance) ranges(f *family) (made, read float64) {
	for _, k := range b.makes[f] {
		made = max(made, k.peak/k.in.scale)
	}
	for _, k := range b.reads[f] {
		read = max(read, k.peak*k.out.scale)
	}
	return made * f.scale, read / f.scale
}

// worst is the largest ratio between the ranges of a free family, at least 1.
func (b *balance) worst() float64 {
	worst := 1.0
	for _, f := range b.free {
		made, read := b.ranges(f)
		worst = max(worst, made/read, read/made)
	}
	return worst
}

// settle moves one scale after another until none moves by more than a thousandth of a percent, or for so many
// rounds that more would gain nothing worth the time.
func (b *balance) settle() (rounds int) {
	const still, most = 1 + 1e-5, 1000
	for moved := math.Inf(1); moved > still && rounds < most; rounds++ {
		moved = 1
		for _, f := range b.free {
			made, read := b.ranges(f)
			was := f.scale
			f.scale = min(max(was*math.Sqrt(read/made), 1/b.limit), b.limit)
			moved = max(moved, f.scale/was, was/f.scale)
		}
	}
	return rounds
}

func (b *balance) report(r *Report, before float64, rounds int) {
	least, most := 1.0, 1.0
	for _, f := range b.free {
		least, most = min(least, f.scale), max(most, f.scale)
	}
	r.figure("channels that may be scaled", float64(len(b.free)))
	r.figure("least factor", least)
	r.figure("largest factor", most)
	r.figure("worst ratio of neighbouring ranges, before", before)
	r.figure("worst ratio of neighbouring ranges, after", b.worst())
	r.figure("rounds", float64(rounds))
}
