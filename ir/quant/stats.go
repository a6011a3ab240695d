package quant

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"

	"rampart/internal/diag"
	"rampart/ir/graph"
)

// bins is the number of histogram bins between the least and the greatest value.
const bins = 4096

// stats is what the calibration images show of a group. The range encloses 0.
type stats struct {
	lo, hi float64
	zeros  int64 // values that are exactly 0, of which rectifiers make many; not in the bins
	count  [bins]int64
}

// width of one bin.
func (s *stats) width() float64 { return (s.hi - s.lo) / bins }

func (s *stats) add(v float64) {
	if v == 0 {
		s.zeros++
		return
	}
	b := int((v - s.lo) / (s.hi - s.lo) * bins)
	s.count[min(max(b, 0), bins-1)]++
}

func (s *stats) merge(o *stats) {
	s.zeros += o.zeros
	for i, n := range o.count {
		s.count[i] += n
	}
}

// calibrate runs the images twice: for ranges and channel means, then for the histograms, and does so
// in an order that leaves the result the same every time.
func (m *model) calibrate(ctx context.Context, g *graph.Graph, images [][]*graph.Tensor, opt Options) error {
	standing := map[*graph.Value][]*tensor{}
	for _, t := range m.tensors() {
		if t.group != nil {
			standing[t.real] = append(standing[t.real], t)
		}
	}
	if err := m.measureRanges(ctx, g, images, standing); err != nil {
		return err
	}
	for _, gr := range m.groups {
		if gr.input && opt.InputRange != [2]float64{} {
			gr.stats.lo, gr.stats.hi = min(opt.InputRange[0], 0), max(opt.InputRange[1], 0)
		}
	}
	if opt.Calibration == MinMax && opt.Scales == General {
		return nil
	}
	return m.measureHistograms(ctx, g, images, standing)
}

// first tells whether the tensor's values are new to its group, not copies by MaxPool or Concat.
func (t *tensor) first() bool {
	if t.by == nil {
		return true
	}
	switch t.by.op.(type) {
	case *graph.MaxPool, *graph.Concat:
		return false
	}
	return true
}

// summary is the range and the channel means of one tensor in one image.
type summary struct {
	lo, hi float64
	mean   []float64
}

func summarise(t *graph.Tensor) summary {
	s := summary{mean: make([]float64, t.Shape.C)}
	plane := t.Shape.H * t.Shape.W
	for c := range s.mean {
		sum := 0.0
		for _, v := range t.Data[c*plane : (c+1)*plane] {
			s.lo, s.hi = min(s.lo, float64(v)), max(s.hi, float64(v))
			sum += float64(v)
		}
		s.mean[c] = sum / float64(plane)
	}
	return s
}

func (m *model) measureRanges(ctx context.Context, g *graph.Graph, images [][]*graph.Tensor, standing map[*graph.Value][]*tensor) error {
	wanted := map[*graph.Value]bool{}
	for v := range standing {
		wanted[v] = true
	}
	for _, l := range m.layers {
		if l.weights != nil {
			wanted[l.sum] = true
		}
	}
	seen := make([]map[*graph.Value]summary, len(images))
	err := eachImage(ctx, g, images, func(i int) func(*graph.Value, *graph.Tensor) {
		seen[i] = map[*graph.Value]summary{}
		return func(v *graph.Value, t *graph.Tensor) {
			if wanted[v] {
				seen[i][v] = summarise(t)
			}
		}
	})
	if err != nil {
		return err
	}
	for _, l := range m.layers {
		if l.weights != nil {
			l.mean = channelMeans(l.sum, seen[:min(len(seen), correctionImages)])
		}
	}
	for _, t := range m.tensors() {
		if t.group == nil {
			continue
		}
		for i := range images {
			s := seen[i][t.real]
			t.lo, t.hi = min(t.lo, s.lo), max(t.hi, s.hi)
			for _, v := range s.mean {
				if !isFinite(v) {
					return diag.Problem{At: t.name, What: fmt.Sprintf("calibration image %d makes it infinite or not a number", i), Remedy: "look at the model and at the scaling of the images"}
				}
			}
		}
		if t.first() {
			t.group.stats.lo, t.group.stats.hi = min(t.group.stats.lo, t.lo), max(t.group.stats.hi, t.hi)
		}
	}
	return nil
}

// channelMeans is the mean of each channel of v over the images.
func channelMeans(v *graph.Value, images []map[*graph.Value]summary) []float64 {
	mean := make([]float64, v.Shape.C)
	for _, seen := range images {
		for c, m := range seen[v].mean {
			mean[c] += m / float64(len(images))
		}
	}
	return mean
}

func (m *model) measureHistograms(ctx context.Context, g *graph.Graph, images [][]*graph.Tensor, standing map[*graph.Value][]*tensor) error {
	parts := make([]map[*group]*stats, len(images))
	err := eachImage(ctx, g, images, func(i int) func(*graph.Value, *graph.Tensor) {
		parts[i] = map[*group]*stats{}
		return func(v *graph.Value, data *graph.Tensor) {
			for _, t := range standing[v] {
				if !t.first() {
					continue
				}
				part := parts[i][t.group]
				if part == nil {
					part = &stats{lo: t.group.stats.lo, hi: t.group.stats.hi}
					parts[i][t.group] = part
				}
				for _, v := range data.Data {
					part.add(float64(v))
				}
			}
		}
	})
	if err != nil {
		return err
	}
	for _, part := range parts {
		for gr, s := range part { // groups are apart and counts add up: the order does not matter
			gr.stats.merge(s)
		}
	}
	return nil
}

// eachImage runs the graph on every image, some at a time; visitor gives the function that sees the
// values of image i.
func eachImage(ctx context.Context, g *graph.Graph, images [][]*graph.Tensor, visitor func(i int) func(*graph.Value, *graph.Tensor)) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, in := range images {
		visit := visitor(i)
		work.Go(func() error {
			if err := graph.Run(ctx, g, in, visit); err != nil {
				return fmt.Errorf("calibration image %d: %w", i, err)
			}
			return nil
		})
	}
	return work.Wait()
}

// round is to the nearest integer, ties away from zero; a value for a grid, so far from any limit.
func round(v float64) float64 { return math.Round(v) }

// clampInt is v as an integer within lo to hi.
func clampInt(v float64, lo, hi int64) int64 {
	return int64(min(max(v, float64(lo)), float64(hi)))
}
