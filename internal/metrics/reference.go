package metrics

import (
	"fmt"

	"rampart/internal/diag"
)

// Setting is what the masks of a campaign are measured against.
type Setting struct {
	Images, H, W int     // masks of H rows and W columns
	Classes      int     // of the network
	Border       int     // pixels this near to an edge are no inner ones
	Golden       []uint8 // the masks without a fault: image by image, row by row
	Labels       []uint8 // the true classes in the same order; nil where they are not known
	Ignore       int     // the label of unlabelled pixels, NoIgnore for none
}

// Reference holds a Setting counted once. It does not change, and serves any number of Meters.
type Reference struct {
	Setting
	golden Overlap // of the golden masks with themselves
	truth  Overlap // of the labels with the golden masks
	pixels Counts  // of all images
	inner  []bool  // of the pixels of an image, those off the border
}

// NewReference counts a setting. Labels or masks that do not fit are a diag.Problem.
func NewReference(s Setting) (*Reference, error) {
	if s.Images <= 0 || s.H <= 0 || s.W <= 0 || s.Classes <= 0 || s.Border < 0 || len(s.Golden) != s.Images*s.H*s.W {
		panic(fmt.Sprintf("BUG: metrics: %d classes in %d masks of %d x %d, border %d, with %d pixels", s.Classes, s.Images, s.H, s.W, s.Border, len(s.Golden)))
	}
	if 2*s.Border >= min(s.H, s.W) {
		return nil, diag.Problem{
			What:   fmt.Sprintf("a border of %d pixels leaves nothing of masks of %d rows x %d columns", s.Border, s.H, s.W),
			Remedy: fmt.Sprintf("give a border below %d", (min(s.H, s.W)+1)/2),
		}
	}
	r := &Reference{Setting: s, inner: make([]bool, s.H*s.W)}
	for p := range r.inner {
		y, x := p/s.W, p%s.W
		r.inner[p] = min(x, y, s.W-1-x, s.H-1-y) >= s.Border
	}
	same := NewConfusion(s.Classes, NoIgnore)
	if err := same.Add(s.Golden, s.Golden); err != nil {
		return nil, err
	}
	r.golden = same.Overlap()
	r.pixels.All = int64(len(s.Golden))
	r.pixels.Inner = int64(s.Images) * int64(s.H-2*s.Border) * int64(s.W-2*s.Border)
	if s.Labels != nil {
		right := NewConfusion(s.Classes, s.Ignore)
		if err := right.Add(s.Labels, s.Golden); err != nil {
			return nil, err
		}
		r.truth, r.pixels.Labelled = right.Overlap(), right.Total()
	}
	return r, nil
}

// Change is one pixel of a mask that differs from the golden one: y*W+x, its class there, its class now. A
// class that the network does not have, which a fault can make, counts as a wrong prediction of no class.
type Change struct {
	Pixel    int
	Old, New uint8
}

// Changes appends to list what differs between two masks of one size, in the order of the pixels.
func Changes(list []Change, golden, mask []uint8) []Change {
	for p, old := range golden {
		if mask[p] != old {
			list = append(list, Change{p, old, mask[p]})
		}
	}
	return list
}
