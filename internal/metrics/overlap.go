package metrics

// Overlap counts, for each class, the pixels of that true class, those predicted to be of it, and those
// that are both.
type Overlap struct{ Both, Truth, Predicted []int64 }

func newOverlap(classes int) Overlap {
	return Overlap{make([]int64, classes), make([]int64, classes), make([]int64, classes)}
}

func (o Overlap) set(from Overlap) {
	copy(o.Both, from.Both)
	copy(o.Truth, from.Truth)
	copy(o.Predicted, from.Predicted)
}

// IoU is the intersection over union of a class. ok is false where the class occurs neither in truth nor
// in prediction, so that the ratio has no meaning.
func (o Overlap) IoU(class int) (iou float64, ok bool) {
	union := o.Truth[class] + o.Predicted[class] - o.Both[class]
	if union == 0 {
		return 0, false
	}
	return float64(o.Both[class]) / float64(union), true
}

// Quality is the three means of the classes' intersections over unions; see the package for what they are.
type Quality struct{ MIoU, GIoU, WIoU float64 }

// Quality gives the means; all are 0 where no class occurs.
func (o Overlap) Quality() Quality {
	return Quality{o.MeanIoU(), o.GlobalIoU(), o.WeightedIoU()}
}

// MeanIoU is the mean over the classes that occur; 0 where none does.
func (o Overlap) MeanIoU() float64 {
	sum, n := 0.0, 0
	for class := range o.Truth {
		if iou, ok := o.IoU(class); ok {
			sum += iou
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// GlobalIoU is the mean weighted with the classes' shares of the true pixels; 0 where there are none.
func (o Overlap) GlobalIoU() float64 {
	return o.weighted(func(truth int64) float64 { return float64(truth) })
}

// WeightedIoU is the mean weighted with the inverse of those shares, over the classes that are true
// somewhere; 0 where none is.
func (o Overlap) WeightedIoU() float64 {
	return o.weighted(func(truth int64) float64 { return 1 / float64(truth) })
}

func (o Overlap) weighted(weight func(truth int64) float64) float64 {
	sum, all := 0.0, 0.0
	for class, truth := range o.Truth {
		if truth > 0 {
			iou, _ := o.IoU(class)
			w := weight(truth)
			sum, all = sum+w*iou, all+w
		}
	}
	if all == 0 {
		return 0
	}
	return sum / all
}

// Drops gives, for each class, by how much its intersection over union fell from before to after; 0 for a
// class that has none before, for it had nothing to lose.
func Drops(before, after Overlap) []float64 {
	drops := make([]float64, len(before.Truth))
	for class := range drops {
		if b, ok := before.IoU(class); ok {
			a, _ := after.IoU(class)
			drops[class] = b - a
		}
	}
	return drops
}

// Least is the least intersection over union of the classes that are true somewhere, 1 where none is. A
// class that is only predicted does not count: it was not there to be lost.
func (o Overlap) Least() float64 {
	least := 1.0
	for class, truth := range o.Truth {
		if truth > 0 {
			iou, _ := o.IoU(class)
			least = min(least, iou)
		}
	}
	return least
}

// Collapsed lists, in order, the classes that are true somewhere and whose intersection over union is
// below the limit.
func (o Overlap) Collapsed(limit float64) []int {
	var lost []int
	for class, truth := range o.Truth {
		if iou, _ := o.IoU(class); truth > 0 && iou < limit {
			lost = append(lost, class)
		}
	}
	return lost
}
