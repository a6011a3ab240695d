package result

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/sim/fault/sample"
)

var update = flag.Bool("update", false, "rewrite the golden tables")

// struck are n faults of a kind in a layer and bit, the first hits of them critical.
func struck(layer, stratum string, bit int32, n, hits int) []Row {
	var all []Row
	for k := range n {
		r := Row{Fault: fmt.Sprintf("%s.weight[%d].%d", layer, k, bit), Stratum: stratum, Space: "parameters", Kind: "weight", Tensor: layer + ".weight", Layer: layer, Index: int64(k), Bit: bit, Engine: Functional, Outcome: Masked, Images: 4}
		if k < hits {
			r.Outcome, r.Drop, r.Changed = Critical, float64(bit+1)/16, 12
		}
		all = append(all, r)
	}
	return all
}

func numbered(parts ...[]Row) []Row {
	var all []Row
	for _, p := range parts {
		all = append(all, p...)
	}
	for i := range all {
		all[i].Number = int64(i)
	}
	return all
}

func summarised(t *testing.T, m Meta, report Report, all []Row) *Summary {
	t.Helper()
	s, err := Summarise(m, unchecked(all), report)
	require.NoError(t, err)
	return s
}

func TestSummaryByHand(t *testing.T) {
	m := campaign(0)
	m.Strata = []Stratum{{"first", 1000}, {"second", 10}}
	all := numbered(struck("enc_1", "first", 7, 10, 5), struck("enc_0", "first", 0, 10, 0), struck("other", "second", 10, 5, 4))
	all[24].Bit, all[24].Index = -1, -1 // several bits
	s := summarised(t, m, Report{Top: 6}, all)

	assert.EqualValues(t, 25, s.Faults)
	assert.EqualValues(t, 4, s.Images)
	critical := s.Total.Outcomes[Critical]
	assert.EqualValues(t, 9, critical.Faults)
	// 5 of 20 stand for 1000 faults, 4 of 5 for 10.
	assert.InDelta(t, (1000*5./20+10*4./5)/1010, critical.Rate, 1e-15)
	assert.InDelta(t, (1000*5*0.5/20+10*4*0.6875/5)/1010, s.Total.MeanDrop, 1e-15)
	assert.InDelta(t, (5*0.5)/10, s.By["layer"][1].MeanDrop, 1e-15)
	assert.InDelta(t, 0.6875, s.Total.MaxDrop, 1e-15)

	names := func(division string) (out []string) {
		for _, g := range s.By[division] {
			out = append(out, fmt.Sprintf("%s %d/%d %.2f", g.Name, g.Outcomes[Critical].Faults, g.Faults, g.Outcomes[Critical].Rate))
		}
		return out
	}
	assert.Equal(t, []string{"enc_0 0/10 0.00", "enc_1 5/10 0.50", "other 4/5 0.80"}, names("layer"), "the network's order, then the others")
	assert.Equal(t, []string{"-1 0/1 0.00", "0 0/10 0.00", "7 5/10 0.50", "10 4/4 1.00"}, names("bit"))
	assert.Equal(t, []string{"first 5/20 0.25", "second 4/5 0.80"}, names("stratum"))
	assert.Equal(t, []string{"weight 9/25 0.26"}, names("kind"))
	assert.Equal(t, []string{"enc_0.weight 0/10 0.00", "enc_1.weight 5/10 0.50", "other.weight 4/5 0.80"}, names("tensor"))
	assert.Equal(t, []string{"functional 9/25 0.26"}, names("engine"))
	assert.Equal(t, []string{"space", "kind", "layer", "tensor", "bit", "stratum", "engine"}, Divisions())

	assert.Equal(t, []string{"enc_0", "enc_1", "other"}, s.Grid.Layers)
	assert.Equal(t, []int32{0, 7, 10}, s.Grid.Bits)
	assert.Equal(t, [][]int64{{10, 0, 0}, {0, 10, 0}, {0, 0, 4}}, s.Grid.Faults)
	assert.Nil(t, s.Grid.Rate[0][1])
	assert.Equal(t, 0.0, *s.Grid.Rate[0][0])
	assert.Equal(t, 0.5, *s.Grid.Rate[1][1])

	var worst []int64
	for _, b := range s.Worst {
		worst = append(worst, b.Number)
	}
	assert.Equal(t, []int64{20, 21, 22, 23, 0, 1}, worst, "by drop, then by number")

	// Of masked faults instead.
	s = summarised(t, m, Report{Outcome: Set{Masked}}, all)
	assert.Equal(t, 1.0, *s.Grid.Rate[0][0])
	assert.Equal(t, Set{Masked}, s.Grid.Outcome)
	assert.EqualValues(t, 16, s.Total.Chosen.Faults)
	assert.EqualValues(t, 5, s.Worst[0].Number, "the first that is masked")
}

// Each of 8 faults of a stratum has another outcome; those of the other stratum are critical or masked. What is
// harmful stands in tables, grid and list unless other outcomes are asked for.
func TestHarmful(t *testing.T) {
	m := campaign(0)
	m.Strata = []Stratum{{"first", 800}, {"second", 200}}
	all := numbered(struck("enc_0", "first", 7, 8, 0), struck("enc_1", "second", 7, 4, 1))
	for i, o := range Outcomes() {
		all[i].Outcome, all[i].Drop = o, float64(i)/10
	}
	listed := func(s *Summary) (out []Outcome) {
		for _, b := range s.Worst {
			out = append(out, b.Outcome)
		}
		return out
	}
	s := summarised(t, m, Report{}, all)
	assert.Equal(t, s.Total.Harmful, s.Total.Chosen)
	assert.InDelta(t, 3./8, *s.Grid.Rate[0][0], 1e-15)
	assert.Equal(t, []Outcome{Hang, NaN, Critical, Critical}, listed(s))
	assert.Contains(t, s.Text(), "harmful rate")
	assert.Contains(t, s.CriticalText(), "the worst harmful faults")

	some := summarised(t, m, Report{Outcome: Set{Tolerable, NaN}}, all)
	assert.Equal(t, s.Total.Harmful, some.Total.Harmful)
	assert.EqualValues(t, 2, some.Total.Chosen.Faults)
	assert.InDelta(t, 800*2./8/1000, some.Total.Chosen.Rate, 1e-15)
	assert.InDelta(t, 2./8, *some.Grid.Rate[0][0], 1e-15)
	assert.Equal(t, []Outcome{NaN, Tolerable}, listed(some))
	assert.Contains(t, some.Text(), "tolerable,nan rate")
	assert.Contains(t, some.Text(), "\ntolerable,nan ")
	assert.Contains(t, some.CriticalText(), "the worst tolerable,nan faults")
	assert.EqualValues(t, 4, s.Total.Harmful.Faults, "critical twice, NaN and hang once")
	assert.InDelta(t, (800*3./8+200*1./4)/1000, s.Total.Harmful.Rate, 1e-15)
	assert.InDelta(t, 3./8, s.By["layer"][0].Harmful.Rate, 1e-15)
	assert.InDelta(t, 1./4, s.By["layer"][1].Harmful.Rate, 1e-15)
}

func TestPodium(t *testing.T) {
	drops := []float64{0, .3, .9, .3, -.1, .9, .1, .4, .3, 1.2}
	for size := 1; size < 10; size++ {
		p := podium{size: size}
		for n, d := range drops {
			p.offer(&Row{Number: int64(n), Drop: d})
		}
		got := []int64{}
		for _, b := range p.bits {
			assert.Equal(t, drops[b.Number], b.Drop)
			got = append(got, b.Number)
		}
		assert.Equal(t, []int64{9, 2, 5, 7, 1, 3, 8, 6, 0}[:size], got)
	}
}

func TestRates(t *testing.T) {
	of := func(population, drawn, trials, hits int64) extract {
		return extract{population: population, draws: draws{drawn: drawn, trials: trials, hits: hits}}
	}
	same := func(name string, want sample.Estimate, extracts ...extract) {
		t.Helper()
		got := rate(extracts, 0.9)
		require.NotNil(t, got.Low, name)
		assert.Equal(t, []float64{want.Share, want.Lo, want.Hi}, []float64{got.Rate, *got.Low, *got.High}, name)
	}
	same("one stratum", sample.Exact(sample.Binary(1000, 50, 3), 0.9), of(1000, 50, 50, 3))
	same("no bound", sample.Exact(sample.Binary(0, 50, 3), 0.9), of(0, 50, 50, 3))
	same("drawn whole", sample.Exact(sample.Binary(50, 50, 3), 0.9), of(50, 50, 50, 3))
	same("a part", sample.Exact(sample.Binary(0, 20, 3), 0.9), of(1000, 50, 20, 3))
	same("a part of what was drawn whole", sample.Exact(sample.Binary(20, 20, 3), 0.9), of(50, 50, 20, 3))
	same("more drawn than there are", sample.Exact(sample.Binary(0, 50, 3), 0.9), of(40, 50, 50, 3))
	same("two strata", sample.Total([]sample.Stratum{
		{Tally: sample.Binary(1000, 50, 3), Weight: 1000}, {Tally: sample.Binary(0, 20, 3), Weight: 4000 * 20. / 80},
	}, 0.9), of(1000, 50, 50, 3), of(4000, 80, 20, 3))
	same("one not drawn from", sample.Total([]sample.Stratum{
		{Tally: sample.Binary(1000, 50, 3)}, {Tally: sample.Binary(500, 0, 0)},
	}, 0.9), of(1000, 50, 50, 3), of(500, 0, 0, 0))
	assert.InDelta(t, 6./80, rate([]extract{of(0, 50, 50, 3), of(500, 30, 30, 3)}, 0.9).Rate, 1e-15, "where one population is not known, rows count alike")
	assert.Equal(t, Estimate{}, rate(nil, 0.9))
}

// Mean drops have the interval of sample.Mean, where a fault can lower mIoU to 0 and raise it to 1.
func TestMeanDrops(t *testing.T) {
	m := campaign(0)
	m.Strata = []Stratum{{"first", 1000}, {"second", 10}}
	all := numbered(struck("enc_1", "first", 7, 40, 5), struck("enc_0", "first", 0, 10, 0), struck("other", "second", 10, 5, 4))
	all[45].Drop = -0.02
	numbers := func(population int64, weight float64, rows []Row) sample.Numbers {
		n := sample.Numbers{Population: population, Weight: weight}
		for i := range rows {
			n.Add(rows[i].Drop)
		}
		return n
	}
	same := func(got Group, golden float64, strata ...sample.Numbers) {
		t.Helper()
		mean, low, high := sample.Mean(strata, sample.Range{Least: golden - 1, Most: golden}, 0.99)
		assert.Less(t, low, mean)
		assert.Less(t, mean, high)
		assert.Equal(t, Drops{mean, low, high}, got.Drops, got.Name)
	}
	for _, golden := range []float64{1, 0.75} {
		if golden < 1 {
			for i := range all {
				truth := golden - all[i].Drop
				all[i].MIoUTruth = &truth
			}
		}
		s := summarised(t, m, Report{Confidence: 0.99}, all)
		same(s.Total, golden, numbers(1000, 1000, all[:50]), numbers(10, 10, all[50:]))
		same(s.By["stratum"][0], golden, numbers(1000, 1000, all[:50]))
		same(s.By["layer"][1], golden, numbers(0, 800, all[:40]))
		assert.Contains(t, s.Text(), fmt.Sprintf("mean drop of mIoU %.4f, interval %.4f to %.4f", s.Total.MeanDrop, s.Total.LowDrop, s.Total.HighDrop))
	}
	m.Strata = append(m.Strata, Stratum{"third", 1010})
	doubt := summarised(t, m, Report{}, all).Total
	assert.Less(t, doubt.LowDrop, -0.25/2, "half of the faults are in a stratum without a row, and may do anything")
	assert.Greater(t, doubt.HighDrop, 0.75/2)
}

// Strata that stopped by their outcomes have the intervals of such: one the interval at which it stopped, several
// those of sample.StoppedTotal and StoppedMean. The first rows of a stratum are of its first look.
func TestStoppedStrata(t *testing.T) {
	m := campaign(0)
	m.Strata = []Stratum{{"first", 1000}, {"second", 500}}
	m.Sequence = &sample.Sequence{Width: 0.3, Confidence: 0.95, First: 20}
	looks := []int{len(m.Sequence.Looks(1000)), len(m.Sequence.Looks(500))}
	require.Greater(t, min(looks[0], looks[1]), 1)
	all := numbered(struck("enc_0", "first", 7, 20, 6), struck("enc_0", "second", 7, 20, 1), struck("enc_1", "first", 3, 10, 1))
	s := summarised(t, m, Report{Confidence: 0.9}, all)
	share := func(want sample.Estimate, got Share) {
		t.Helper()
		assert.InDeltaSlice(t, []float64{want.Share, want.Lo, want.Hi}, []float64{got.Rate, *got.Low, *got.High}, 1e-12)
	}
	first, last := sample.Binary(1000, 20, 6), sample.Binary(1000, 30, 7)
	share(sample.Exact(last, 1-0.1/float64(looks[0])), s.By["stratum"][0].Harmful)
	second := sample.Binary(500, 20, 1)
	share(sample.StoppedTotal([]sample.Stopped{
		{First: first, Last: last, Weight: 1000, Looks: looks[0]}, {First: second, Last: second, Weight: 500, Looks: looks[1]},
	}, sample.Exact, 0.9), s.Total.Harmful)
	share(sample.Exact(sample.Binary(0, 10, 1), 1-0.1/float64(looks[0])), s.By["layer"][1].Harmful)
	assert.Equal(t, []int64{30, 20}, []int64{s.By["stratum"][0].Faults, s.By["stratum"][1].Faults})

	numbers := func(population int64, weight float64, parts ...[]Row) sample.Numbers {
		n := sample.Numbers{Population: population, Weight: weight}
		for _, r := range numbered(parts...) {
			n.Add(r.Drop)
		}
		return n
	}
	other := numbers(500, 500, all[20:40])
	mean, low, high := sample.StoppedMean([]sample.StoppedNumbers{
		{First: numbers(1000, 1000, all[:20]), Last: numbers(1000, 1000, all[:20], all[40:]), Looks: looks[0]}, {First: other, Last: other, Looks: looks[1]},
	}, sample.Range{Most: 1}, 0.9)
	assert.InDeltaSlice(t, []float64{mean, low, high}, []float64{s.Total.MeanDrop, s.Total.LowDrop, s.Total.HighDrop}, 1e-12)

	m.Sequence = nil
	fixed := summarised(t, m, Report{Confidence: 0.9}, all)
	assert.Less(t, *fixed.Total.Harmful.High, *s.Total.Harmful.High)
	assert.Less(t, fixed.Total.HighDrop, s.Total.HighDrop)
}

// A stratum of the campaign without a row leaves doubt in the total.
func TestStrataWithoutRows(t *testing.T) {
	m := campaign(0)
	m.Strata = []Stratum{{"first", 20}}
	all := numbered(struck("enc_1", "first", 7, 20, 5))
	known := summarised(t, m, Report{}, all).Total.Outcomes[Critical]
	assert.Equal(t, []float64{0.25, 0.25, 0.25}, []float64{known.Rate, *known.Low, *known.High}, "all were struck")
	m.Strata = append(m.Strata, Stratum{"second", 20})
	doubt := summarised(t, m, Report{}, all).Total.Outcomes[Critical]
	assert.Equal(t, []float64{0.125, 0.625}, []float64{*doubt.Low, *doubt.High})
}

func TestSummaryGolden(t *testing.T) {
	m := campaign(600)
	m.Layers = append(m.Layers[:2], `up "é".0`)
	all := rows(0, 600)
	for i := range all {
		if all[i].Layer == "dec_0" {
			all[i].Layer = `up "é".0`
		}
		if i%3 == 0 {
			all[i].Layer = ""
		}
	}
	s := summarised(t, m, Report{Top: 7}, all)
	data, err := s.JSON()
	require.NoError(t, err)
	var back Summary
	require.NoError(t, json.Unmarshal(data, &back))
	for i := range s.Worst { // the numbers struck are in the rows
		s.Worst[i].Before, s.Worst[i].After = nil, nil
	}
	assert.Equal(t, *s, back)

	path := filepath.Join("testdata", "tables.txtar")
	got := txtar.Format(&txtar.Archive{
		Comment: []byte("The tables of 600 made-up faults.\n"),
		Files:   []txtar.File{{Name: TablesFile, Data: []byte(s.Text())}, {Name: "critical.txt", Data: []byte(s.CriticalText())}},
	})
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o777))
		require.NoError(t, os.WriteFile(path, got, 0o666))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), string(got), "run with -update and look at the difference")
}

func TestTextOfAPart(t *testing.T) {
	m := sharded(10, 1, 4)
	s := summarised(t, m, Report{}, numbered(struck("enc_0", "s", 1, 3, 0)))
	assert.Contains(t, s.Text(), "shard 2 of 4 only\n")
	assert.Equal(t, "no harmful fault\n", s.CriticalText())
}

func TestValue(t *testing.T) {
	float := func(v float64) *float64 { return &v }
	for want, v := range map[string]*float64{
		"-": nil, "0": float(0), "-128": float(-128), "2147483647": float(math.MaxInt32), "0.1": float(float64(float32(0.1))),
		"NaN": float(math.NaN()), "+Inf": float(math.Inf(1)), "3.4028235e+38": float(math.MaxFloat32), "0.30000000000000004": float(math.Nextafter(0.3, 1)),
	} {
		assert.Equal(t, want, value(v))
	}
}

func TestNatural(t *testing.T) {
	want := []string{"", "-1", "0", "7", "10", "a", "a1b", "a2", "a02b", "a10", "b"}
	for i, a := range want {
		for k, b := range want {
			switch c := natural(a, b); {
			case i < k:
				assert.Negative(t, c, "%q %q", a, b)
			case i > k:
				assert.Positive(t, c, "%q %q", a, b)
			default:
				assert.Zero(t, c)
			}
		}
	}
}

func TestThresholdsText(t *testing.T) {
	assert.Equal(t, "mIoU falls by 0.01, or a class below IoU 0.5, or a share of 0.1 of one image's pixels changed", DefaultThresholds().String())
	assert.Equal(t, "a share of 0.25 of all pixels changed", Thresholds{Share: 0.25}.String())
}
