package metrics

import "fmt"

// Counts are numbers of pixels: all of them, those off the border, and those with a label that is not
// ignored (0 where there are no labels).
type Counts struct{ All, Inner, Labelled int64 }

func (c *Counts) add(d Counts) {
	c.All, c.Inner, c.Labelled = c.All+d.All, c.Inner+d.Inner, c.Labelled+d.Labelled
}

// Score is how a set of masks compares with the golden masks and with the labels.
type Score struct {
	Images        int
	ImagesChanged int     // images with a changed pixel
	Pixels        Counts  // of all images together
	Changed       Counts  // that differ from the golden masks, in all images together
	Worst         int     // the first image with the most changed pixels; 0 where nothing changed
	InWorst       Counts  // its changed pixels
	Golden        Quality // against the golden masks
	Labelled      bool    // there are labels, and
	Truth         Quality // against them
	// Drop is by how much mIoU fell: against the labels from that of the golden masks, or, without labels,
	// against the golden masks from 1. It may be below 0.
	Drop float64
	// Classes is the overlap with the golden masks. It is the Meter's own and holds until its next Reset.
	Classes Overlap
}

// Share is the share of all pixels that changed.
func (s *Score) Share() float64 { return float64(s.Changed.All) / float64(s.Pixels.All) }

// WorstShare is the share of the worst image's pixels that changed.
func (s *Score) WorstShare() float64 {
	return float64(s.InWorst.All) * float64(s.Images) / float64(s.Pixels.All)
}

// Meter measures one set of masks after another by what differs from the golden ones. Its work grows with
// the changed pixels and the classes, not with the images. Each goroutine takes one of its own.
type Meter struct {
	ref     *Reference
	golden  Overlap
	truth   Overlap
	changed []Counts // by image
	touched []int    // the images that were given changes
	list    []Change
}

// Meter makes a meter, reset: its Score is that of the golden masks.
func (r *Reference) Meter() *Meter {
	m := &Meter{ref: r, golden: newOverlap(r.Classes), truth: newOverlap(r.Classes), changed: make([]Counts, r.Images)}
	m.Reset()
	return m
}

// Reset forgets all changes: the masks are the golden ones again.
func (m *Meter) Reset() {
	m.golden.set(m.ref.golden)
	m.truth.set(m.ref.truth)
	for _, image := range m.touched {
		m.changed[image] = Counts{}
	}
	m.touched = m.touched[:0]
}

// Change takes changed pixels of an image, in any order; no pixel twice between two Resets.
func (m *Meter) Change(image int, changes []Change) {
	if len(changes) == 0 {
		return
	}
	r, size := m.ref, m.ref.H*m.ref.W
	golden, count := r.Golden[image*size:(image+1)*size], &m.changed[image]
	var labels []uint8
	if r.Labels != nil {
		labels = r.Labels[image*size : (image+1)*size]
	}
	if count.All == 0 {
		m.touched = append(m.touched, image)
	}
	count.All += int64(len(changes))
	for _, c := range changes {
		if golden[c.Pixel] != c.Old || c.Old == c.New {
			panic(fmt.Sprintf("BUG: metrics: image %d, pixel %d from class %d to %d; the golden mask has %d", image, c.Pixel, c.Old, c.New, golden[c.Pixel]))
		}
		m.golden.move(int(c.Old), int(c.Old), int(c.New))
		if r.inner[c.Pixel] {
			count.Inner++
		}
		if labels == nil {
			continue
		}
		if label := int(labels[c.Pixel]); label != r.Ignore {
			count.Labelled++
			m.truth.move(label, int(c.Old), int(c.New))
		}
	}
}

// Mask takes an image's whole mask.
func (m *Meter) Mask(image int, mask []uint8) {
	size := m.ref.H * m.ref.W
	m.list = Changes(m.list[:0], m.ref.Golden[image*size:(image+1)*size], mask)
	m.Change(image, m.list)
}

// move counts a pixel of a true class that was predicted to be of one class and now is of another.
func (o Overlap) move(truth, from, to int) {
	o.Predicted[from]--
	if from == truth {
		o.Both[truth]--
	}
	if to < len(o.Predicted) {
		o.Predicted[to]++
		if to == truth {
			o.Both[truth]++
		}
	}
}

// Score measures the masks as they are now.
func (m *Meter) Score() Score {
	s := Score{Images: m.ref.Images, ImagesChanged: len(m.touched), Pixels: m.ref.pixels, Golden: m.golden.Quality(), Classes: m.golden}
	for _, image := range m.touched {
		c := m.changed[image]
		s.Changed.add(c)
		if c.All > s.InWorst.All || c.All == s.InWorst.All && image < s.Worst {
			s.Worst, s.InWorst = image, c
		}
	}
	if m.ref.Labels == nil {
		s.Drop = 1 - s.Golden.MIoU
		return s
	}
	s.Labelled, s.Truth = true, m.truth.Quality()
	s.Drop = m.ref.truth.MeanIoU() - s.Truth.MIoU
	return s
}
