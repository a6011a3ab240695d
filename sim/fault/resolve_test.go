package fault

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"rampart/sim/fault/sample"
	"rampart/sim/functional"
)

// small resolves a campaign on a small population, with a run of 1,000 cycles and 4 images of 200 each.
func small(t testing.TB, p *Population, text string) (*Draw, error) {
	t.Helper()
	head := fmt.Sprintf("name: small\nspace: %s\nformat: %s\n", p.Space, p.Format)
	c, err := Read("c.yaml", []byte(head+text))
	require.NoError(t, err)
	return Resolve(c, p, Run{Cycles: 1000, FrameCycles: 200, Frames: 4})
}

func smallDraw(t testing.TB, p *Population, text string) *Draw {
	t.Helper()
	d, err := small(t, p, text)
	require.NoError(t, err)
	return d
}

// tensors is a small population of parameters.
func tensors(format Format) *Population {
	bits := map[Format]int{Fixed: 8, FP32: 32}[format]
	a, b := tensor("a", "weight", 40, bits), tensor("a", "bias", 5, bits)
	a.Learned, b.Learned, a.Zero = true, true, 3
	return NewPopulation(ParameterSpace, format, []Store{a, b})
}

func all(d *Draw) (texts []string) {
	for _, f := range d.Faults(0, 1) {
		texts = append(texts, f.String())
	}
	return texts
}

func TestExhaustiveCampaignsTryEachFaultOnce(t *testing.T) {
	for text, want := range map[string]int64{
		"plan: exhaustive":                                                                        319 * 1000,
		"plan: exhaustive\nwhen: {cycle: 3}":                                                      319,
		"plan: exhaustive\nwhen: {frame: 3}\nselect: {kinds: register}":                           3 * 200,
		"plan: exhaustive\nwhen: start":                                                           288, // constants alone
		"plan: exhaustive\nwhen: start\nmodel: stuck":                                             2 * 288,
		"plan: exhaustive\nwhen: start\nmodel: {type: stuck, value: 1}":                           288,
		"plan: exhaustive\nwhen: start\nmodel: {type: multibit, bits: 3}":                         10*14 + 4*30,
		"plan: exhaustive\nwhen: start\nmodel: {type: cluster, shapes: [{cells: 2x2}]}":           288,
		"plan: exhaustive\nwhen: {cycle: 9}\nmodel: {type: multibit, bits: 4}\nselect: {bits: 0}": 10*2 + 4 + 7,
	} {
		d := smallDraw(t, stores(), text)
		require.Equal(t, want, d.Len(), text)
		seen := map[string]bool{}
		for i, f := range d.Faults(0, 1) {
			assert.False(t, seen[f.String()], "%s: %s twice", text, f)
			seen[f.String()] = true
			if i > 3000 {
				break
			}
		}
	}
	_, err := small(t, stores(), "plan: exhaustive\nselect: {kinds: [line, register]}\nwhen: start")
	assert.ErrorContains(t, err, "select: it leaves nothing that the model could strike")
	_, err = small(t, stores(), "plan: exhaustive\nselect: {kinds: register}\nmodel: {type: multibit, bits: 4}")
	assert.ErrorContains(t, err, "select: it leaves nothing that the model could strike")
}

// Shards share the faults out, and who asks for a fault alone gets the same.
func TestShards(t *testing.T) {
	d := smallDraw(t, stores(), "plan: {stratified: {by: [kind, bit], margin: 10%}}")
	whole := all(d)
	seen := map[int64]string{}
	for shard := range int64(7) {
		for i, f := range d.Faults(shard, 7) {
			assert.Equal(t, shard, i%7)
			seen[i] = f.String()
		}
	}
	require.Len(t, seen, len(whole))
	for i, text := range whole {
		assert.Equal(t, text, seen[int64(i)])
		assert.Equal(t, text, d.At(int64(i)).String())
		stratum, place := d.Stratum(int64(i))
		assert.EqualValues(t, i, d.Number(stratum, place))
	}
	assert.Equal(t, whole, all(smallDraw(t, stores(), "plan: {stratified: {by: [kind, bit], margin: 10%}}")))
	assert.NotEqual(t, whole, all(smallDraw(t, stores(), "seed: 2\nplan: {stratified: {by: [kind, bit], margin: 10%}}")))
	some := 0
	for range d.Faults(0, 1) {
		if some++; some == 3 {
			break
		}
	}
	assert.Equal(t, 3, some)
}

// Draws are uniform over bits and over cycles, whatever holds the bits.
func TestDrawsAreUniformOverBits(t *testing.T) {
	p := stores()
	for _, model := range []string{"flip", "{type: several, count: 3}", "{type: multibit, bits: 2, pattern: random}", "{type: accumulate, rate: 0.005}"} {
		d := smallDraw(t, p, "model: "+model+"\nplan: {random: 12000}")
		bits, cycles, n := make([]float64, p.Bits()), make([]float64, 10), 0.0
		for _, f := range d.Faults(0, 1) {
			for _, u := range f {
				k, _ := p.Find(u.Place)
				bits[p.Index(Site{k, max(0, u.Word), u.Bit})]++
				cycles[u.When.N/100]++
				n++
			}
		}
		for name, counts := range map[string][]float64{"bits": bits, "cycles": cycles} {
			chi, want := 0.0, n/float64(len(counts))
			for _, c := range counts {
				chi += (c - want) * (c - want) / want
			}
			limit := distuv.ChiSquared{K: float64(len(counts) - 1)}.Quantile(1 - 1e-6)
			if name == "cycles" && model != "flip" {
				limit *= 4 // upsets of a fault share a cycle
			}
			assert.Less(t, chi, limit, "%s of %s", name, model)
		}
	}
}

// The control: a stratum's own numbers are those of a published formula, and populations are counted right.
func TestStratifiedSizes(t *testing.T) {
	s := loaded(t)
	d := drawn(t, "name: x\nspace: parameters\nformat: fp32\nselect: {kinds: [weight, bias, gamma, beta]}\nplan: {stratified: {by: [tensor, bit], margin: 1%, t: 2.58, confidence: 99%}}")
	m := sample.Margin{E: 0.01, T: 2.58, P: 0.5}
	want := int64(0)
	for _, st := range FloatParameters(s.graph).Stores {
		if st.Learned {
			want += 32 * m.Faults(st.Words)
		}
	}
	assert.Equal(t, want, d.Len())

	sizes := func(plan string) map[string]int64 {
		all := map[string]int64{}
		for _, st := range smallDraw(t, stores(), "when: {cycle: 0}\nplan: {stratified: {"+plan+"}}").Strata {
			all[st.Name] = st.Size
		}
		return all
	}
	assert.Equal(t, map[string]int64{"weights": 60, "bias": 55, "line": 22, "register": 3}, sizes("by: kind, margin: 10%, t: 1.96, p: [{p: 0.5}]"))
	assert.Equal(t, map[string]int64{"all": 74}, sizes("margin: 10%, t: 1.96"))
	assert.Equal(t, map[string]int64{"all": 74}, sizes("margin: 10%, t: 1.96, allocation: uniform"))
	assert.Equal(t, map[string]int64{"weights": 37, "bias": 29, "line": 6, "register": 2}, sizes("by: kind, margin: 10%, t: 1.96, allocation: proportional"))
	assert.Equal(t, map[string]int64{"weights": 24, "bias": 24, "line": 23, "register": 3}, sizes("by: kind, margin: 10%, t: 1.96, allocation: equal"))
	got := sizes("by: kind, margin: 10%, t: 1.96, allocation: neyman, p: [{p: 1%}, {kinds: bias, p: 0.5}]")
	assert.Greater(t, got["bias"], 2*got["weights"])
	guessed := sizes("by: kind, margin: 10%, t: 1.96, p: [{p: 1%}, {kinds: [weights], bits: 7, p: 0.5}]")
	assert.Less(t, guessed["bias"], int64(10))
	assert.Greater(t, guessed["weights"], guessed["bias"])
}

func TestWhatDoesNotFit(t *testing.T) {
	for text, why := range map[string]string{
		"select: {kinds: [weight]}\nplan: exhaustive":                                       `c.yaml: line 4, column 18: select.kinds[0]: nothing matches "weight"; there are weights, bias, line, register`,
		"plan: {random: 400000}":                                                            "line 4, column 16: plan.random: there are 319000 faults in all; give no more, or make the plan exhaustive",
		"when: {cycle: 1000}\nplan: exhaustive":                                             "when: the run ends with cycle 999",
		"when: {frame: 4}\nplan: exhaustive":                                                "when: there are 4 images; give a frame from 0 to 3",
		"model: {type: several, count: 400}\nplan: {random: 1}":                             "model.count: all has 319 bits",
		"model: {type: accumulate, rate: 0.5, frames: 5}\nplan: {random: 1}":                "model.frames: there are 4 images",
		"plan: {list: [\"a.weights[10].0@3\", \"a.lines[0].0@start\", b.state.0@2000]}":     "a.weights has 10 words",
		"plan: {list: [\"a.weights[1].0@3\", \"a.lines[0].0@start\", b.state.0@2000]}":      "line 4, column 35: plan.list[1]: fault a.lines[0].0@start: a.lines is written while the network runs",
		"plan: {list: [\"a.weights[1].0@3\", b.state.0@2000]}":                              "plan.list[1]: b.state.0@2000: the run ends with cycle 999",
		"select: {memories: [x, \"!y\"], bits: 99}\nplan: exhaustive":                       "select.bits[0]: no number has a bit 99",
		"model: {type: accumulate, rate: 1}\nplan: {random: 1}\nselect: {kinds: [weights]}": "",
	} {
		_, err := small(t, stores(), text)
		if why == "" {
			assert.NoError(t, err, text)
			continue
		}
		assert.ErrorContains(t, err, why, text)
	}
	_, err := small(t, stores(), "select: {memories: [x, \"!y\"], bits: 99}\nplan: exhaustive")
	assert.Len(t, strings.Split(err.Error(), "\n"), 3, "all at once: %v", err)
	huge := NewPopulation(HardwareSpace, Fixed, []Store{{Name: "m", Kind: "line", Words: 1 << 40, Bits: 1 << 20, Lane: 1}})
	_, err = small(t, huge, "plan: {random: 1}")
	assert.ErrorContains(t, err, "more faults than can be counted")
	big := NewPopulation(HardwareSpace, Fixed, []Store{{Name: "m", Kind: "line", Words: 1 << 20, Bits: 1 << 10, Lane: 1}})
	_, err = small(t, big, "model: {type: accumulate, rate: 1e-3}\nplan: {random: 1}")
	assert.ErrorContains(t, err, "model.rate: it makes")
	d := smallDraw(t, big, "plan: exhaustive")
	assert.EqualValues(t, 1000<<30, d.Len(), "a million million faults take no memory")
	assert.Equal(t, "m[1048575].1023@999", d.At(d.Len()-1).String())
}

func TestMultiBitModels(t *testing.T) {
	p := stores()
	d := smallDraw(t, p, "select: {kinds: weights}\nmodel: {type: multibit, bits: 3, pattern: random}\nplan: {random: 4000}")
	seen := map[string]int{}
	for _, f := range d.Faults(0, 1) {
		require.Len(t, f, 3)
		assert.True(t, f[0].Bit < f[1].Bit && f[1].Bit < f[2].Bit && f[0].Word == f[2].Word && f[0].When == f[2].When)
		seen[fmt.Sprint(f[0].Bit, f[1].Bit, f[2].Bit)]++
	}
	assert.Greater(t, len(seen), 540, "of 560 sets of three bits of 16")
	d = smallDraw(t, p, "select: {kinds: weights, bits: 6}\nmodel: {type: multibit, bits: 3}\nwhen: {cycle: 1}\nplan: exhaustive")
	assert.Equal(t, "a.weights[0].6@1+a.weights[0].7@1+a.weights[0].8@1", d.At(0).String())
	assert.EqualValues(t, 10, d.Len(), "bit 14 has no two neighbours above")
}

func TestSpreadsOfSeveral(t *testing.T) {
	p := tensors(Fixed)
	place := func(f Fault) (names []string) {
		for _, u := range f {
			names = append(names, u.Place)
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	weights := 0
	for _, f := range smallDraw(t, p, "model: {type: several, count: 4, spread: one}\nplan: {random: 900}").Faults(0, 1) {
		require.Len(t, f, 4)
		require.Len(t, place(f), 1)
		if f[0].Place == "a.weight" {
			weights++
		}
	}
	assert.InDelta(t, 800, weights, 40, "the larger tensor is struck more often, bit for bit")
	for _, f := range smallDraw(t, p, "model: {type: several, count: 60, spread: each}\nplan: {random: 20}").Faults(0, 1) {
		require.Len(t, f, 60+40, "all bits of the small tensor")
		require.Len(t, place(f), 2)
		texts := strings.Split(f.String(), "+")
		slices.Sort(texts)
		assert.Len(t, slices.Compact(texts), 100, "no bit twice")
	}
}

func TestAccumulationFollowsPoisson(t *testing.T) {
	p := tensors(Fixed)
	d := smallDraw(t, p, "model: {type: accumulate, rate: 0.002, frames: 3}\nplan: {random: 3000}")
	const mean = 0.002 * 45 * 8 * 3
	sum, square, frames := 0.0, 0.0, map[int64]float64{}
	for _, f := range d.Faults(0, 1) {
		sum, square = sum+float64(len(f)), square+float64(len(f)*len(f))
		last := int64(0)
		for _, u := range f {
			assert.Equal(t, Frame, u.When.Kind)
			assert.GreaterOrEqual(t, u.When.N, last, "in order of time")
			last = u.When.N
			frames[last]++
		}
	}
	got := sum / 3000
	assert.InDelta(t, mean, got, 4*math.Sqrt(mean/3000))
	assert.InDelta(t, mean, square/3000-got*got, 0.25, "the variance is the mean")
	assert.Len(t, frames, 3)
	for _, n := range frames {
		assert.InDelta(t, sum/3, n, 5*math.Sqrt(sum/3))
	}
}

func TestElementModels(t *testing.T) {
	p := tensors(Fixed)
	d := smallDraw(t, p, "model: {type: zeros, share: 10%, spread: each}\nplan: {random: 2}")
	f := d.At(0)
	require.Len(t, f, 4+1, "a tenth of 40, and one of 5")
	for _, u := range f {
		want := uint64(0)
		if u.Place == "a.weight" {
			want = 3 // what stands for 0 there
		}
		assert.Equal(t, want, u.Value)
		assert.Equal(t, AllBits, u.Bit)
		require.NoError(t, p.Check(Fault{u}))
	}
	f = smallDraw(t, p, "select: {tensors: a.weight}\nmodel: {type: zeros, share: 50%}\nplan: {random: 1}").At(0)
	require.Len(t, f, 1)
	assert.Regexp(t, `^a\.weight\[20:[0-9a-f]+\]=0x3$`, f.String())
	count := map[int64]bool{}
	f[0].Elements(40, func(e int64, c functional.Change) { count[e] = true; assert.EqualValues(t, 3, c.Apply(77, 8, true)) })
	assert.Len(t, count, 20)

	floats := tensors(FP32)
	f = smallDraw(t, floats, "model: {type: random, count: 2, values: unit}\nplan: {random: 1}").At(0)
	require.Len(t, f, 2)
	f[1].Elements(40, func(_ int64, c functional.Change) {
		v := math.Float32frombits(uint32(c.Apply(-1, 32, false)))
		assert.True(t, v >= 0 && v < 1, "%g", v)
	})
	first := 0
	for _, f := range smallDraw(t, floats, "model: {type: random, count: 1}\nplan: {random: 900}").Faults(0, 1) {
		if f[0].Place == "a.weight" {
			first++
		}
	}
	assert.InDelta(t, 800, first, 40, "elements are as likely, whatever tensor they are in")
}
