//go:build shared

package campaign

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/driver"
	"rampart/ir/quant"
	"rampart/sim/fault/result"
	"rampart/sim/fault/sample"
)

// sure is the confidence of each interval here: what does not overlap is no luck.
const sure = 0.999

// subject is a network whose findings are checked: NAME.onnx, NAME_bn.onnx and SET_*.npy in the folder that
// RAMPART_SHARED names.
type subject struct {
	folder, name, set string
	ignore            int
	base              string // its deepest layers
}

func subjects(t *testing.T, check func(t *testing.T, s subject)) {
	folder := os.Getenv("RAMPART_SHARED")
	require.NotEmpty(t, folder, "set RAMPART_SHARED to the folder that holds scenes_unet_t_bn.onnx")
	for _, s := range []subject{{folder, "scenes_unet_t", "scenes", -1, "/enc.2/*"}, {folder, "camvid_unet_s", "camvid", 11, "/enc.3/*"}} {
		t.Run(s.name, func(t *testing.T) { check(t, s) })
	}
}

func (s subject) file(name string) string { return filepath.Join(s.folder, name) }

// options are those of a campaign on parameters, on two images.
func (s subject) options(t *testing.T, description string) Options {
	dir := t.TempDir()
	o := Options{
		File: filepath.Join(dir, "campaign.yaml"), Out: filepath.Join(dir, "out"), Ignore: s.ignore, Jobs: 1, Confidence: sure, CrossCheck: -1,
		Images: s.file(s.set + "_test.images.npy"), Labels: s.file(s.set + "_test.labels.npy"),
	}
	require.NoError(t, os.WriteFile(o.File, []byte("name: findings\nspace: parameters\nimages: 2\n"+description), 0o666))
	return o
}

// float runs a campaign on the network as trained.
func (s subject) float(t *testing.T, description string) *Report {
	r, err := OnModel(t.Context(), s.file(s.name+"_bn.onnx"), s.options(t, "format: fp32\n"+description))
	require.NoError(t, err)
	return r
}

// build compiles the integer network of 8 bits.
func (s subject) build(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "build")
	_, err := driver.Compile(t.Context(), driver.Request{
		Model: s.file(s.name + ".onnx"), Calib: s.file(s.set + "_calib.images.npy"), Out: dir,
		Options: driver.Options{WeightBits: 8, ActBits: 8, HeadBits: 16, Scales: quant.General, Calibration: quant.MSE, Percentile: 99.99},
	}, nil)
	require.NoError(t, err)
	return dir
}

// harm is the rate of harmful faults of a campaign, or of one of its groups.
func harm(t *testing.T, r *Report, group ...string) result.Estimate {
	if group == nil {
		return logged(t, "all", r.Summary.Total.Harmful.Estimate)
	}
	for _, g := range r.Summary.By[group[0]] {
		if g.Name == group[1] {
			return logged(t, g.Name, g.Harmful.Estimate)
		}
	}
	require.Fail(t, "no such group", "%q", group)
	return result.Estimate{}
}

func logged(t *testing.T, name string, e result.Estimate) result.Estimate {
	t.Logf("%-40s %.5f [%.5f, %.5f]", name, e.Rate, *e.Low, *e.High)
	return e
}

// below asserts that one rate is surely less than another one.
func below(t *testing.T, less, more result.Estimate, text string) {
	t.Helper()
	assert.Less(t, *less.High, *more.Low, text)
}

// Bit 30 of a float does more harm than all its other bits together.
func TestFindingBit30(t *testing.T) {
	subjects(t, func(t *testing.T, s subject) {
		const trained = "select: {kinds: [weight, bias, gamma, beta], bits: %s}\nplan: {random: %d}\n"
		top := harm(t, s.float(t, fmt.Sprintf(trained, "30", 300)))
		others := harm(t, s.float(t, fmt.Sprintf(trained, "[0-29, 31]", 1500)))
		assert.Less(t, 31**others.High, *top.Low)
	})
}

// With bit 30 inverted, a gamma near 1 is infinite or no number, and so are scores. Weights are too small for that.
func TestFindingGammasNearOne(t *testing.T) {
	subjects(t, func(t *testing.T, s subject) {
		r := s.float(t, "select: {kinds: gamma, bits: 30}\nplan: exhaustive\n")
		near, spoilt := 0, 0
		for row, err := range open(t, r).Rows() {
			require.NoError(t, err)
			if size := math.Abs(*row.Before); size < 1 || size >= 2 {
				continue
			}
			near++
			assert.True(t, math.IsNaN(*row.After) || math.IsInf(*row.After, 0), "%s: %v became %v", row.Fault, *row.Before, *row.After)
			if row.Outcome == result.NaN {
				spoilt++
			}
		}
		t.Logf("%d of %d gammas from 1 to 2", spoilt, near)
		require.Greater(t, near, 50)
		assert.Equal(t, near, spoilt)
		w := s.float(t, "select: {kinds: weight, bits: 30}\nplan: {random: 300}\n")
		below(t, w.Summary.Total.Outcomes[result.NaN].Estimate, r.Summary.Total.Outcomes[result.NaN].Estimate, "NaN from weights and from gammas")
	})
}

// open opens the results of a campaign.
func open(t *testing.T, r *Report) *result.File {
	f, err := result.Read(r.Out)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	return f
}

// Bit by bit, of the exponent and the sign, a gamma is worth more than a weight or a beta.
func TestFindingKinds(t *testing.T) {
	subjects(t, func(t *testing.T, s subject) {
		r := s.float(t, "select: {kinds: [weight, gamma, beta], bits: 23-31}\nplan: {stratified: {by: kind, margin: 4%}}\n")
		gamma := harm(t, r, "kind", "gamma")
		below(t, harm(t, r, "kind", "weight"), gamma, "weights and gammas")
		below(t, harm(t, r, "kind", "beta"), gamma, "betas and gammas")
	})
}

// Kernels and gammas of the first encoder level are worth more than those of the base; which is not inert.
func TestFindingEarlyLayers(t *testing.T) {
	subjects(t, func(t *testing.T, s subject) {
		const level = "select: {kinds: [weight, gamma], layers: %q, bits: 23-31}\nplan: {stratified: {by: kind, margin: 5%%}}\n"
		early, base := s.float(t, fmt.Sprintf(level, "/enc.0/*")), s.float(t, fmt.Sprintf(level, s.base))
		for _, kind := range []string{"weight", "gamma"} {
			rate := harm(t, base, "kind", kind)
			below(t, rate, harm(t, early, "kind", kind), kind)
			assert.Greater(t, *rate.Low, 0.0)
		}
	})
}

// The integer network loses less by a flip, and no number of it is without bound: over all bits of weights and
// biases, each as likely, on the same images.
func TestFindingIntegers(t *testing.T) {
	subjects(t, func(t *testing.T, s subject) {
		const stored = "select: {kinds: [weight, bias]}\nplan: {stratified: %s}\n"
		integers, err := OnBuild(t.Context(), s.build(t), s.options(t, fmt.Sprintf(stored, "{by: kind, margin: 2%}")))
		require.NoError(t, err)
		floats := s.float(t, fmt.Sprintf(stored, "{by: bit, margin: 7%, p: [{bits: 0-22, p: 1%}]}"))
		assert.Zero(t, integers.Summary.Total.Outcomes[result.NaN].Faults)
		below(t, loss(t, integers), loss(t, floats), "mean loss of mIoU")
		below(t, harm(t, integers, "kind", "weight"), harm(t, integers, "kind", "bias"), "harmful bits of integer weights and biases")
		harm(t, integers) // these two may overlap: for the log alone
		harm(t, floats)
	})
}

// loss is the mean loss of mIoU over all bits of a campaign. Gains count as none, which is little.
func loss(t *testing.T, r *Report) result.Estimate {
	f := open(t, r)
	const steps = 10000
	hits := map[string][]int64{}
	for row, err := range f.Rows() {
		require.NoError(t, err)
		if hits[row.Stratum] == nil {
			hits[row.Stratum] = make([]int64, steps+1)
		}
		hits[row.Stratum][int(math.Round(steps*max(0, row.Drop)))]++
	}
	var strata []sample.Stratum
	for _, st := range f.Meta.Strata {
		strata = append(strata, sample.Stratum{Tally: sample.Tally{Population: st.Population, Hits: hits[st.Name]}})
	}
	e := sample.Total(strata, sure)
	return logged(t, "loss", result.Estimate{Rate: e.Share, Low: &e.Lo, High: &e.Hi})
}
