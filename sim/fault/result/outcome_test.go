package result

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/metrics"
)

// changedBy is an effect on one image of 10 x 10 pixels, the lower half of class 1, in which the first pixels
// of class 0 and of class 1 became the other.
func changedBy(t *testing.T, zeroes, ones int, labels bool) Effect {
	s := metrics.Setting{Images: 2, H: 10, W: 10, Classes: 3, Ignore: metrics.NoIgnore, Golden: make([]uint8, 200)}
	for p := 50; p < 100; p++ {
		s.Golden[p], s.Golden[p+100] = 1, 1
	}
	if labels {
		s.Labels = s.Golden
	}
	ref, err := metrics.NewReference(s)
	require.NoError(t, err)
	m := ref.Meter()
	var list []metrics.Change
	for p := range zeroes {
		list = append(list, metrics.Change{Pixel: p, Old: 0, New: 1})
	}
	for p := range ones {
		list = append(list, metrics.Change{Pixel: 50 + p, Old: 1, New: 0})
	}
	m.Change(1, list)
	return Effect{Score: m.Score()}
}

func TestClassify(t *testing.T) {
	never := Thresholds{Drop: 1}
	for name, c := range map[string]struct {
		zeroes, ones int
		change       func(*Effect)
		thresholds   Thresholds
		want         Outcome
		collapsed    string
	}{
		"nothing":                 {0, 0, nil, DefaultThresholds(), Masked, "0"},
		"put right":               {0, 0, func(e *Effect) { e.Corrected = true }, never, Corrected, "0"},
		"put right, late":         {0, 0, func(e *Effect) { e.Corrected, e.CyclesOff = true, 2 }, never, Corrected, "0"},
		"put right, not quite":    {0, 0, func(e *Effect) { e.Corrected, e.Scores = true, 2 }, never, Changed, "0"},
		"scores":                  {0, 0, func(e *Effect) { e.Scores = 1 }, never, Changed, "0"},
		"late":                    {0, 0, func(e *Effect) { e.CyclesOff = 1 }, never, Changed, "0"},
		"early":                   {0, 0, func(e *Effect) { e.CyclesOff = -1 }, never, Changed, "0"},
		"a pixel":                 {1, 0, nil, never, Tolerable, "0"},
		"a pixel, put right":      {1, 0, func(e *Effect) { e.Corrected = true }, never, Tolerable, "0"},
		"NaN":                     {1, 0, func(e *Effect) { e.NaN = 1 }, never, NaN, "0"},
		"infinite, nothing else":  {0, 0, func(e *Effect) { e.Inf = 1 }, never, NaN, "0"},
		"NaN and critical":        {40, 0, func(e *Effect) { e.NaN = 1 }, Thresholds{Drop: 0.01}, NaN, "0"},
		"hang":                    {40, 0, func(e *Effect) { e.Hang, e.NaN = true, 1 }, Thresholds{Drop: 0.01}, Hang, "0"},
		"detected":                {0, 0, func(e *Effect) { e.Detected = true }, never, Detected, "0"},
		"detected, and all else":  {40, 0, func(e *Effect) { e.Detected, e.Hang, e.NaN, e.Corrected = true, true, 1, true }, never, Detected, "0"},
		"drop below":              {10, 0, nil, Thresholds{Drop: 0.096}, Tolerable, "0"}, // IoU 0.9 and 100/110
		"drop reached":            {10, 0, nil, Thresholds{Drop: 0.095}, Critical, "0"},
		"class below":             {0, 60, nil, Thresholds{ClassIoU: 0.5}, Tolerable, "0"}, // 50 of them: IoU 50/100
		"class collapsed":         {0, 50, nil, Thresholds{ClassIoU: 0.51}, Critical, "2"},
		"both collapsed":          {50, 50, nil, Thresholds{ClassIoU: 0.51}, Critical, "3"},
		"share below":             {10, 0, nil, Thresholds{Share: 0.051}, Tolerable, "0"},
		"share reached":           {10, 0, nil, Thresholds{Share: 0.05}, Critical, "0"},
		"worst image below":       {10, 0, nil, Thresholds{WorstShare: 0.11}, Tolerable, "0"},
		"worst image reached":     {10, 0, nil, Thresholds{WorstShare: 0.1}, Critical, "0"},
		"only one of several":     {10, 0, nil, Thresholds{Drop: 0.5, ClassIoU: 0.1, Share: 0.9, WorstShare: 0.1}, Critical, "0"},
		"thresholds of 0 are off": {50, 50, nil, Thresholds{}, Tolerable, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, labels := range []bool{false, true} {
				e := changedBy(t, c.zeroes, min(c.ones, 50), labels)
				if c.change != nil {
					c.change(&e)
				}
				var r Row
				r.Measure(&e, c.thresholds)
				assert.Equal(t, c.want, r.Outcome)
				assert.Equal(t, c.collapsed, r.Collapsed)
			}
		})
	}
}

func TestMeasure(t *testing.T) {
	e := changedBy(t, 10, 0, true)
	e.Scores, e.NaN, e.Inf, e.CyclesOff = 7, 2, 3, -4
	var r Row
	r.Measure(&e, Thresholds{ClassIoU: 0.95})
	s := e.Score
	assert.Equal(t, Row{
		Outcome: NaN, Images: 2, ImagesChanged: 1, Changed: 10, ChangedInner: 10, ChangedLabelled: 10, Worst: 1, WorstChanged: 10,
		WorstInner: 10, WorstLabelled: 10, Scores: 7, NaN: 2, Inf: 3, CyclesOff: -4, Drop: s.Drop,
		MIoUGolden: s.Golden.MIoU, GIoUGolden: s.Golden.GIoU, WIoUGolden: s.Golden.WIoU,
		MIoUTruth: &s.Truth.MIoU, GIoUTruth: &s.Truth.GIoU, WIoUTruth: &s.Truth.WIoU, LeastIoU: 0.9, Collapsed: "3",
	}, r)
	assert.InDelta(t, 1-(0.9+100./110)/2, r.Drop, 1e-15)
	e = changedBy(t, 0, 0, false)
	r.Measure(&e, DefaultThresholds())
	assert.Equal(t, Row{Outcome: Masked, Images: 2, MIoUGolden: 1, GIoUGolden: 1, WIoUGolden: 1, LeastIoU: 1, Collapsed: "0"}, r, "nothing of the last effect is left")
}

func TestClassSet(t *testing.T) {
	for text, classes := range map[string][]int{"0": nil, "1": {0}, "25": {0, 2, 5}, "10000000000000001": {0, 64}, "8" + strings.Repeat("0", 63): {255}} {
		assert.Equal(t, text, ClassSet(classes))
	}
}

func TestThresholdsCheck(t *testing.T) {
	assert.NoError(t, DefaultThresholds().Check())
	err := Thresholds{Drop: -0.1, Share: 2}.Check()
	requireProblem(t, err, "miou_drop", "share")
	var ps diag.Problems
	require.ErrorAs(t, err, &ps)
	assert.Len(t, ps, 2)
	requireProblem(t, Thresholds{}.Check(), "all of them are 0")
}

func TestSets(t *testing.T) {
	for text, want := range map[string]Set{
		"harmful": {Critical, NaN, Hang}, "nan": {NaN}, "hang, tolerable,hang": {Tolerable, Hang}, "masked,harmful": {Masked, Critical, NaN, Hang},
		"detected,hang,nan,critical,tolerable,changed,corrected,masked": Outcomes(),
	} {
		got, err := ParseSet(text)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		again, err := ParseSet(got.String())
		require.NoError(t, err)
		assert.Equal(t, want, again)
		for _, o := range Outcomes() {
			assert.Equal(t, slices.Contains(want, o), got.Has(o))
		}
	}
	assert.Equal(t, "harmful", Set{Critical, NaN, Hang}.String())
	assert.Equal(t, "critical,nan", Set{Critical, NaN}.String())
	for _, text := range []string{"", ",", "nan,", "Critical", "nan;hang"} {
		_, err := ParseSet(text)
		assert.ErrorContains(t, err, "is no outcome; there are harmful and masked,", text)
	}
}

func TestRowsOfNoKindAreBugs(t *testing.T) {
	for name, change := range map[string]func(*Row){
		"engine": func(r *Row) { r.Engine = "abacus" }, "outcome": func(r *Row) { r.Outcome = "" }, "text": func(r *Row) { r.Fault = "" },
	} {
		r := rowOf(1)
		r.check()
		change(&r)
		assert.Panics(t, r.check, name)
	}
}
