package float

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

var everyRecondition = []ReconditionBatchNorm{
	{}, {Gamma: Bounded}, {Gamma: KeepGamma, Shift: InMean}, {Gamma: KeepGamma, Shift: InBeta}, {Shift: InMean}, {Gamma: Bounded, Shift: InBeta},
}

func TestReconditionKeepsTheFunction(t *testing.T) {
	touched := int64(0)
	for seed := range uint64(100) {
		g := randomNet(t, seed)
		for _, b := range everyRecondition {
			_, r := price(t, g, b, noises(g, 1))
			assert.Less(t, r.Price.Relative, near, "network %d, %v", seed, b)
			touched += r.Touched
		}
	}
	assert.Greater(t, touched, int64(1000))
}

func TestReconditionTrained(t *testing.T) {
	m := scenes(t, 2)
	for _, name := range []string{"scenes_unet_xs_bn", "scenes_unet_t_bn"} {
		g := trained(t, name)
		for _, b := range everyRecondition {
			after, r := price(t, g, b, m)
			t.Logf("%s, %s: %v; gammas one flip from infinite %v, then %v; left out %v", name, b, r.Price,
				figure(t, r, "gamma one flip from infinite, before"), figure(t, r, "gamma one flip from infinite, after"), r.Left)
			assert.Less(t, r.Price.Relative, near)
			assert.Greater(t, figure(t, r, "gamma one flip from infinite, before"), 10.0)
			if b.Gamma != KeepGamma {
				assert.Zero(t, figure(t, r, "gamma one flip from infinite, after"))
			}
			_, again := price(t, after, b, nil)
			assert.LessOrEqual(t, again.Largest, 1e-5, "done twice is done")
		}
	}
	_, r := price(t, trained(t, "scenes_unet_xs"), ReconditionBatchNorm{}, nil)
	assert.Zero(t, r.Touched)
	assert.Equal(t, []Note{{"", "there is no batch normalisation: the model has them folded"}}, r.Notes)
}

func TestReconditionByHand(t *testing.T) {
	for name, c := range map[string]struct {
		pass ReconditionBatchNorm
		was  norm
		now  norm
		why  string
	}{
		"down":              {ReconditionBatchNorm{}, norm{1.5, 1, 2, 8, 0}, norm{0.75, 1, 2, 2, 0}, ""},
		"down, negative":    {ReconditionBatchNorm{}, norm{-1.5, 1, 2, 8, 0}, norm{-0.75, 1, 2, 2, 0}, ""},
		"up, little room":   {ReconditionBatchNorm{}, norm{1.5, 1, 2, 0.5, 0.5}, norm{3, 1, 2, 3.5, 0.5}, ""},
		"over the variance": {ReconditionBatchNorm{}, norm{1.5, 1, 2, 4, 0}, norm{3, 1, 2, 16, 0}, ""},
		"variance alone":    {ReconditionBatchNorm{}, norm{0.75, 1, 2, 1, 0}, norm{0.375, 1, 2, 0.25, 0}, ""},
		"fine as it is":     {ReconditionBatchNorm{}, norm{0.75, 1, 2, 2, 0}, norm{0.75, 1, 2, 2, 0}, ""},
		"zero":              {ReconditionBatchNorm{}, norm{0, 1, 2, 1, 0}, norm{0, 1, 2, 1, 0}, ""},
		"kept":              {ReconditionBatchNorm{Gamma: KeepGamma}, norm{1.5, 1, 2, 8, 0}, norm{1.5, 1, 2, 8, 0}, ""},
		"bounded":           {ReconditionBatchNorm{Gamma: Bounded}, norm{0.375, 1, 2, 1, 0}, norm{3, 1, 2, 64, 0}, ""},
		"bounded, at 1":     {ReconditionBatchNorm{Gamma: Bounded}, norm{1, 1, 2, 1, 0}, norm{2, 1, 2, 4, 0}, ""},
		"bounded, there":    {ReconditionBatchNorm{Gamma: Bounded}, norm{2.5, 1, 2, 1, 0}, norm{2.5, 1, 2, 1, 0}, ""},
		"bounded, too far": {ReconditionBatchNorm{Gamma: Bounded}, norm{0x1p-40, 1, 2, 1, 0}, norm{0x1p-40, 1, 2, 1, 0},
			"no power of two helps: the variance would be negative or too large"},
		"into the mean":    {ReconditionBatchNorm{Gamma: KeepGamma, Shift: InMean}, norm{3, 1, 2, 4, 0}, norm{3, 0, 2 - 2.0/3, 4, 0}, ""},
		"into beta":        {ReconditionBatchNorm{Gamma: KeepGamma, Shift: InBeta}, norm{3, 1, 2, 4, 0}, norm{3, -2, 0, 4, 0}, ""},
		"no mean holds it": {ReconditionBatchNorm{Shift: InMean}, norm{0, 1, 2, 4, 0}, norm{0, 1, 2, 4, 0}, "gamma is 0, or too small for the mean to hold the shift"},
	} {
		now, why := c.pass.defaults().recondition(c.was)
		assert.Equal(t, c.now, now, name)
		assert.Equal(t, c.why, why, name)
	}
}

// What one flip does, by trying all flips of the exponent.
func TestFragile(t *testing.T) {
	for _, v := range []float32{1, -1, 1.5, 1.999, 0.5, 0.75, 2, 3.999, 4, 0, 1e-30, 0x1p64, 0x1p63, 0x1p-126, math.MaxFloat32, math.SmallestNonzeroFloat32, 0.01, 1e10} {
		want := false
		for bit := 23; bit < 31; bit++ {
			f := float64(math.Float32frombits(math.Float32bits(v) ^ 1<<bit))
			want = want || math.IsInf(f, 0) || math.IsNaN(f)
		}
		assert.Equal(t, want, fragile(v), "%v", v)
	}
}

// Random channels of all sizes: the two numbers that a channel computes with are kept to a float's rounding, and
// what is asked for is done or told.
func TestReconditionChannels(t *testing.T) {
	d := newDice(5)
	left := 0
	for range 20000 {
		v := d.noise(4, 12)
		n := norm{v[0], v[1], v[2], v[3] * v[3], 1e-5}
		for _, b := range everyRecondition {
			now, why := b.defaults().recondition(n)
			s, shift := n.affine()
			s2, shift2 := now.affine()
			assert.InEpsilon(t, s, s2, 1e-7)
			if now.variance < 0 || math.IsNaN(s2) {
				assert.Fail(t, "a variance that is none", "%v became %v", n, now)
			}
			scale := math.Abs(float64(now.beta)) + math.Abs(float64(now.mean)*s2) + math.Abs(float64(n.beta)) + math.Abs(float64(n.mean)*s)
			assert.LessOrEqual(t, math.Abs(shift-shift2), 2e-7*scale, "%v: %v became %v", b, n, now)
			switch {
			case why != "":
				left++
			case b.defaults().Gamma == Finite:
				assert.False(t, fragile(now.gamma), "%v became %v", n, now)
			case b.Gamma == Bounded:
				assert.GreaterOrEqual(t, math.Abs(float64(now.gamma)), 2.0)
			}
		}
	}
	assert.Less(t, left, 20000)
}
