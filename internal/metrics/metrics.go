// Package metrics says how good masks are, and how much two of them differ. In: class numbers, pixel by
// pixel, of masks of one size. Out: counts and ratios. It knows no networks, no faults and no files.
//
// With C[t][p] the number of counted pixels of true class t that were predicted p, over a whole data set,
// and n[t] = sum_p C[t][p]:
//
//	IoU[k]   = C[k][k] / (n[k] + sum_t C[t][k] - C[k][k])
//	mIoU     = mean of IoU[k] over the classes k that occur in truth or prediction
//	GIoU     = sum_k IoU[k] * n[k] / sum n
//	WIoU     = sum_k IoU[k] * (1/n[k]) / sum_k (1/n[k]), over the classes with n[k] > 0
//	accuracy = sum_k C[k][k] / sum C
//
// IoU and mIoU as in Everingham et al., "The Pascal Visual Object Classes Challenge: A Retrospective"
// (2015), except that a class that occurs nowhere is left out of the mean. GIoU weighs a class with its
// share of the true pixels, WIoU with the inverse of that share, normalised to a sum of 1, so that the
// rarest class counts most; a class that is predicted and never true has no share and no weight. Pixels
// whose true class is ignored count nowhere.
//
// A Confusion counts masks as they come. A Reference and its Meters are for campaigns, where many sets of
// masks differ from one in a few pixels: they look at the changed pixels only and give the same numbers.
package metrics

import (
	"fmt"

	"rampart/internal/diag"
)

// NoIgnore is the ignored label of a Confusion that counts every pixel.
const NoIgnore = -1

// Confusion counts pixels by true and predicted class.
type Confusion struct {
	classes int
	ignore  int
	counts  []int64 // [true][predicted]
}

// NewConfusion counts classes from 0 to classes-1. Pixels whose true class is ignore are left out.
func NewConfusion(classes, ignore int) *Confusion {
	return &Confusion{classes: classes, ignore: ignore, counts: make([]int64, classes*classes)}
}

// Add counts the pixels of one or more masks. It counts nothing and returns a diag.Problem where the
// lengths differ or a class is out of range.
func (c *Confusion) Add(truth, predicted []uint8) error {
	if len(truth) != len(predicted) {
		return diag.Problem{
			What:   fmt.Sprintf("%d labelled pixels for %d predicted ones", len(truth), len(predicted)),
			Remedy: "give labels of the same number and size as the masks",
		}
	}
	for i, t := range truth {
		if int(t) == c.ignore {
			continue
		}
		if int(t) >= c.classes || int(predicted[i]) >= c.classes {
			return diag.Problem{
				At: fmt.Sprintf("pixel %d", i), What: fmt.Sprintf("label %d, prediction %d: the network has classes 0 to %d", t, predicted[i], c.classes-1),
				Remedy: "name the label of unlabelled pixels as the ignored one, or give labels for this network",
			}
		}
	}
	for i, t := range truth {
		if int(t) != c.ignore {
			c.counts[int(t)*c.classes+int(predicted[i])]++
		}
	}
	return nil
}

// Count is the number of pixels of a true class with a predicted class.
func (c *Confusion) Count(truth, predicted int) int64 { return c.counts[truth*c.classes+predicted] }

// Total is the number of pixels counted.
func (c *Confusion) Total() int64 {
	total := int64(0)
	for _, n := range c.counts {
		total += n
	}
	return total
}

// Overlap is what intersection over union takes of the counts.
func (c *Confusion) Overlap() Overlap {
	o := newOverlap(c.classes)
	for t := range c.classes {
		o.Both[t] = c.Count(t, t)
		for p := range c.classes {
			o.Truth[t] += c.Count(t, p)
			o.Predicted[p] += c.Count(t, p)
		}
	}
	return o
}

// IoU is the intersection over union of a class. ok is false where the class occurs neither in truth nor
// in prediction, so that the ratio has no meaning.
func (c *Confusion) IoU(class int) (iou float64, ok bool) { return c.Overlap().IoU(class) }

// MeanIoU is the mean over the classes that occur; 0 where none does.
func (c *Confusion) MeanIoU() float64 { return c.Overlap().MeanIoU() }

// Accuracy is the share of counted pixels that were predicted right; 0 where none was counted.
func (c *Confusion) Accuracy() float64 {
	total := c.Total()
	if total == 0 {
		return 0
	}
	right := int64(0)
	for class := range c.classes {
		right += c.Count(class, class)
	}
	return float64(right) / float64(total)
}

// Changed is the number of pixels where two masks of one size differ.
func Changed(before, after []uint8) int {
	n := 0
	for i, b := range before {
		if after[i] != b {
			n++
		}
	}
	return n
}
