package plan

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
)

// leastDepths complains of a FIFO in front of a join that is too shallow for the timing that FIFOs
// without end would give, or deeper than that timing needs.
func leastDepths(ctx context.Context, p *Plan) error {
	same := func(a, b timing) bool { return a.pace == b.pace && a.latency == b.latency }
	time := func(unlimited map[*Stream]bool) (timing, error) { return NewSchedule(p, unlimited).steady(ctx) }
	now, err := time(nil)
	if err != nil {
		return err
	}
	unlimited := map[*Stream]bool{}
	for _, s := range p.Streams {
		unlimited[s] = s.Skip || s.From != nil && s.Depth > s.From.ownDepth(s)
	}
	best, err := time(unlimited)
	if err != nil {
		return err
	}
	if !same(now, best) {
		return fmt.Errorf("pace %d, latency %d; without end %d, %d", now.pace, now.latency, best.pace, best.latency)
	}
	for _, s := range p.Streams {
		if s.From == nil || s.Depth <= s.From.ownDepth(s) {
			continue
		}
		s.Depth--
		t, err := time(nil)
		s.Depth++
		if err == nil && same(t, now) {
			return fmt.Errorf("stream %s is as good with depth %d", s.Name, s.Depth-1)
		}
	}
	return nil
}

// each plans random U-Nets and other networks for few and for many multipliers.
func each(t *testing.T, seeds int, check func(t *testing.T, net *fixed.Net, p *Plan)) {
	for seed := uint64(1); seed <= uint64(seeds); seed++ {
		nets := map[string]*fixed.Net{"unet": unet(t, seed, 1+int(seed)%3)}
		d := nettest.New(seed)
		nets["any"] = d.Net(d.Within(1, 9))
		for kind, net := range nets {
			for _, target := range []Target{{}, {Multipliers: 100}, {Multipliers: 1000}} {
				t.Run(fmt.Sprintf("%s %d for %d", kind, seed, target.Multipliers), func(t *testing.T) {
					p, err := New(t.Context(), net, target)
					require.NoError(t, err)
					check(t, net, p)
				})
			}
		}
	}
}

func TestPaceIsThatOfTheSlowestStageWithTheLeastBuffers(t *testing.T) {
	deep := 0
	each(t, 5, func(t *testing.T, _ *fixed.Net, p *Plan) {
		assert.Equal(t, p.slowest(), p.Estimate.CyclesPerFrame)
		require.NoError(t, leastDepths(t.Context(), p))
		for _, s := range p.Streams {
			if s.From != nil && s.Depth > s.From.ownDepth(s) {
				deep++
			}
		}
	})
	assert.Greater(t, deep, 50, "streams whose depth the test is about")
}

func TestLeastDepthsComplains(t *testing.T) {
	p, err := New(t.Context(), unet(t, 3, 2), Target{Multipliers: 100})
	require.NoError(t, err)
	for _, s := range p.Streams {
		if !s.Skip {
			continue
		}
		s.Depth++
		assert.ErrorContains(t, leastDepths(t.Context(), p), "is as good with depth")
		s.Depth -= 2
		assert.Error(t, leastDepths(t.Context(), p))
		s.Depth++
	}
}

// A pipeline may take its first images at one pace and keep another; what New says of the pace must hold
// for many images, and from the image on that it names.
func TestPaceLasts(t *testing.T) {
	each(t, 2, func(t *testing.T, _ *fixed.Net, p *Plan) {
		s := NewSchedule(p, nil)
		frames := p.Estimate.WarmupFrames + 10
		require.NoError(t, s.Run(t.Context(), frames))
		for n := p.Estimate.WarmupFrames; n < frames; n++ {
			assert.Equal(t, p.Estimate.CyclesPerFrame, s.frameEnd(n)-s.frameEnd(n-1), "image %d", n)
		}
		assert.Equal(t, p.Estimate.LatencyCycles, s.frameEnd(0))
	})
}

// dense is small images through convolutions that each see the results of all before: several images are
// under way at a time.
func dense(t *testing.T, length int) *fixed.Net {
	s, v := newSketch(t, 1, 2, 6, 7)
	before := []*fixed.Value{v}
	for range length {
		if v = before[0]; len(before) > 1 {
			v = s.concat(before...)
		}
		before = append(before, s.conv(v, 2, same(3, 1)))
	}
	return s.finish(s.conv(s.concat(before...), 2, same(1, 1)))
}

// Buffers hold what comes while several images are on their way, however little effort the search may take.
func TestManyImagesUnderWay(t *testing.T) {
	for _, length := range []int{4, 12, 20} {
		p, err := stages(dense(t, length))
		require.NoError(t, err)
		require.NoError(t, p.pace(Target{Multipliers: 16 * length}, false, powers, counts, divisors))
		p.setRows()
		require.NoError(t, p.setDepths(t.Context(), 1))
		assert.Equal(t, p.slowest(), p.Estimate.CyclesPerFrame)
		assert.Greater(t, p.Estimate.LatencyCycles, int64(length/4)*p.Estimate.CyclesPerFrame, "the images that the test is about")
	}
}

// A search that is cut short leaves buffers that are deep enough to run, and says so.
func TestLittleEffort(t *testing.T) {
	for seed := uint64(1); seed <= 6; seed++ {
		net := unet(t, seed, 1+int(seed)%2)
		best, err := New(t.Context(), net, Target{Multipliers: 100})
		require.NoError(t, err)
		assert.True(t, best.Estimate.LeastBuffers)
		p, err := New(t.Context(), net, Target{Multipliers: 100})
		require.NoError(t, err)
		p.setRows()
		require.NoError(t, p.setDepths(t.Context(), 1))
		require.NoError(t, Check(p))
		assert.False(t, p.Estimate.LeastBuffers)
		s := NewSchedule(p, nil)
		require.NoError(t, s.Run(t.Context(), 10))
		assert.Equal(t, p.Estimate.CyclesPerFrame, s.frameEnd(9)-s.frameEnd(8))
	}
}

// A schedule is the same in one piece and image by image.
func TestScheduleInPieces(t *testing.T) {
	p, err := New(t.Context(), unet(t, 5, 2), Target{Multipliers: 100})
	require.NoError(t, err)
	whole, pieces := NewSchedule(p, nil), NewSchedule(p, nil)
	require.NoError(t, whole.Run(t.Context(), 5))
	for n := range 5 {
		require.NoError(t, pieces.Run(t.Context(), n+1))
	}
	assert.Equal(t, whole.Outputs(), pieces.Outputs())
	for k, times := range whole.Outputs() {
		assert.Len(t, times, 5*p.Outputs[k].FrameBeats())
		assert.IsIncreasing(t, times)
	}
}

func TestShallowPipelineStops(t *testing.T) {
	p, err := New(t.Context(), unet(t, 3, 2), Target{Multipliers: 100})
	require.NoError(t, err)
	for _, s := range p.Streams {
		if s.Skip {
			s.Depth = minDepth
		}
	}
	err = NewSchedule(p, nil).Run(t.Context(), 1)
	require.ErrorContains(t, err, "a buffer is too shallow")
}

func TestPlanningEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New(ctx, unet(t, 3, 2), Target{})
	require.ErrorIs(t, err, context.Canceled)
}
