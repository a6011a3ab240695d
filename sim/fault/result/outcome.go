package result

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"rampart/internal/diag"
	"rampart/internal/metrics"
)

// Outcome is what a fault came to. Each fault has one.
type Outcome string

// The outcomes, from harmless to worst.
const (
	Masked    Outcome = "masked"    // everything that leaves is as without the fault
	Corrected Outcome = "corrected" // so it is, for a protection put it right
	Changed   Outcome = "changed"   // scores or their cycles differ, no class does
	Tolerable Outcome = "tolerable" // classes differ, within the thresholds
	Critical  Outcome = "critical"  // a threshold is reached, silently
	NaN       Outcome = "nan"       // a score is NaN or infinite
	Hang      Outcome = "hang"      // the run does not end
	Detected  Outcome = "detected"  // a protection raised an error, whatever else happened
)

// Outcomes lists the outcomes, from harmless to worst. Detected is last for it stands over all others.
func Outcomes() []Outcome {
	return []Outcome{Masked, Corrected, Changed, Tolerable, Critical, NaN, Hang, Detected}
}

// Harmful tells whether the masks are of no use: critical ones, scores that are no numbers, none at all.
func (o Outcome) Harmful() bool { return o == Critical || o == NaN || o == Hang }

func (o Outcome) valid() bool { return slices.Contains(Outcomes(), o) }

// Set is some of the outcomes, in the order of Outcomes. Its text is "harmful", or outcomes with commas between.
type Set []Outcome

const harmful = "harmful"

// HarmfulOnes are the outcomes that are Harmful.
func HarmfulOnes() Set {
	return slices.DeleteFunc(Set(Outcomes()), func(o Outcome) bool { return !o.Harmful() })
}

// ParseSet reads outcomes with commas between, in any order; "harmful" stands for those that are Harmful.
func ParseSet(text string) (Set, error) {
	var given Set
	for _, word := range strings.Split(text, ",") {
		switch o := Outcome(strings.TrimSpace(word)); {
		case o == harmful:
			given = append(given, HarmfulOnes()...)
		case o.valid():
			given = append(given, o)
		default:
			return nil, fmt.Errorf("%q is no outcome; there are harmful and %s", o, Set(Outcomes()))
		}
	}
	return slices.DeleteFunc(Set(Outcomes()), func(o Outcome) bool { return !given.Has(o) }), nil
}

// Has tells whether an outcome is one of the set.
func (s Set) Has(o Outcome) bool { return slices.Contains(s, o) }

func (s Set) String() string {
	if slices.Equal(s, HarmfulOnes()) {
		return harmful
	}
	words := make([]string, len(s))
	for i, o := range s {
		words[i] = string(o)
	}
	return strings.Join(words, ",")
}

// MarshalText gives String.
func (s Set) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is ParseSet.
func (s *Set) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSet(string(text))
	return err
}

// Thresholds say from where on a change of the masks is critical. A threshold of 0 is not applied; any one
// that is reached suffices.
type Thresholds struct {
	Drop       float64 `json:"miou_drop" yaml:"miou_drop"`     // mIoU fell by at least this, 0 to 1
	ClassIoU   float64 `json:"class_iou" yaml:"class_iou"`     // a class of the golden masks has an IoU with them below this: it collapsed
	Share      float64 `json:"share" yaml:"share"`             // this share of all images' pixels changed, or more
	WorstShare float64 `json:"worst_share" yaml:"worst_share"` // this share of one image's pixels changed, or more
}

// DefaultThresholds are a starting point: a point of mIoU, half a class, a tenth of an image.
func DefaultThresholds() Thresholds { return Thresholds{Drop: 0.01, ClassIoU: 0.5, WorstShare: 0.1} }

// Check refuses thresholds that no mask could be measured by.
func (t Thresholds) Check() error {
	var problems diag.Problems
	for _, c := range []struct {
		name  string
		value float64
	}{{"miou_drop", t.Drop}, {"class_iou", t.ClassIoU}, {"share", t.Share}, {"worst_share", t.WorstShare}} {
		if !(c.value >= 0 && c.value <= 1) { // NaN included
			problems.Add(diag.Problem{At: "threshold " + c.name, What: fmt.Sprintf("%v is no share", c.value), Remedy: "give a number from 0 (not applied) to 1"})
		}
	}
	if err := problems.Err(); err != nil {
		return err
	}
	if t == (Thresholds{}) {
		return diag.Problem{At: "thresholds", What: "all of them are 0, so that no fault would be critical", Remedy: "give at least one of miou_drop, class_iou, share and worst_share"}
	}
	return nil
}

// Effect is what a run with a fault showed.
type Effect struct {
	Score     metrics.Score
	Scores    int64 // outputs before the decision for a class that differ
	NaN, Inf  int64 // scores that are, and are not without the fault
	CyclesOff int64 // that the run took longer
	Hang      bool  // it did not end
	Detected  bool  // a protection raised an error
	Corrected bool  // a protection put something right
}

// Classify gives the outcome of an effect, and the classes that collapsed.
func (t Thresholds) Classify(e *Effect) (Outcome, []int) {
	collapsed := e.Score.Classes.Collapsed(t.ClassIoU)
	s := &e.Score
	reached := func(value, threshold float64) bool { return threshold > 0 && value >= threshold }
	switch {
	case e.Detected:
		return Detected, collapsed
	case e.Hang:
		return Hang, collapsed
	case e.NaN > 0 || e.Inf > 0:
		return NaN, collapsed
	case len(collapsed) > 0 || reached(s.Drop, t.Drop) || reached(s.Share(), t.Share) || reached(s.WorstShare(), t.WorstShare):
		return Critical, collapsed
	case s.Changed.All > 0:
		return Tolerable, collapsed
	case e.Scores > 0:
		return Changed, collapsed
	case e.Corrected: // which may take a few cycles
		return Corrected, collapsed
	case e.CyclesOff != 0:
		return Changed, collapsed
	}
	return Masked, collapsed
}

// Measure fills in the columns that an effect gives, the outcome among them.
func (r *Row) Measure(e *Effect, t Thresholds) {
	outcome, collapsed := t.Classify(e)
	s := &e.Score
	r.Outcome, r.Collapsed = outcome, ClassSet(collapsed)
	r.Images, r.ImagesChanged = int32(s.Images), int32(s.ImagesChanged)
	r.Changed, r.ChangedInner, r.ChangedLabelled = s.Changed.All, s.Changed.Inner, s.Changed.Labelled
	r.Worst, r.WorstChanged, r.WorstInner, r.WorstLabelled = int32(s.Worst), s.InWorst.All, s.InWorst.Inner, s.InWorst.Labelled
	r.Scores, r.NaN, r.Inf, r.CyclesOff = e.Scores, e.NaN, e.Inf, e.CyclesOff
	r.Drop, r.LeastIoU = s.Drop, s.Classes.Least()
	r.MIoUGolden, r.GIoUGolden, r.WIoUGolden = s.Golden.MIoU, s.Golden.GIoU, s.Golden.WIoU
	r.MIoUTruth, r.GIoUTruth, r.WIoUTruth = nil, nil, nil
	if s.Labelled {
		truth := s.Truth // a copy, for the effect may be used again
		r.MIoUTruth, r.GIoUTruth, r.WIoUTruth = &truth.MIoU, &truth.GIoU, &truth.WIoU
	}
}

// ClassSet writes classes as a bit mask in hexadecimal, class k being bit k: classes 0, 2 and 5 are "25".
// No class is "0".
func ClassSet(classes []int) string {
	mask := new(big.Int)
	for _, k := range classes {
		mask.SetBit(mask, k, 1)
	}
	return mask.Text(16)
}
