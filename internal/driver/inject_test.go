package driver

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/filetest"
	"rampart/internal/journal"
	"rampart/internal/metrics"
	"rampart/ir/rtl"
	"rampart/sim"
)

// injection is what injecting random faults into a build takes.
func injection(b *Build, n int) InjectOptions {
	return InjectOptions{
		Engine: GoSim, Images: beside(b, "images.npy"), Ignore: -1, Random: n, Sites: AllSites, Seed: 5, Jobs: 1, Out: beside(b, "faults"),
	}
}

func fault(t testing.TB, text string) rtl.Fault {
	t.Helper()
	f, err := rtl.ParseFault(text)
	require.NoError(t, err)
	return f
}

// TestInject holds every outcome to a run of its own, from reset.
func TestInject(t *testing.T) {
	b := compiled(t, small())
	o := injection(b, 300)
	o.Labels = filetest.Noise(t, filepath.Dir(b.Dir), "labels.npy", 2, 3, 4, 4)
	o.Faults = []rtl.Fault{fault(t, b.HW.Map[0].Path+"[0].0@3")}
	r, err := b.Inject(t.Context(), o)
	require.NoError(t, err)
	require.Len(t, r.Outcomes, 301)
	assert.Equal(t, o.Faults[0].String(), r.Outcomes[0].Fault, "what was asked for comes first")

	m, err := b.Machine(t.Context(), GoSim, 1)
	require.NoError(t, err)
	defer func() { assert.NoError(t, m.Close()) }()
	_, images, err := b.Images(o.Images)
	require.NoError(t, err)
	golden, err := m.Run(t.Context(), b.stimulus(images))
	require.NoError(t, err)
	want := b.Masks(b.Unpack(golden, 3))
	changed, hangs, converged := 0, 0, 0
	for _, out := range r.Outcomes {
		s := b.stimulus(images)
		s.Faults = []rtl.Fault{fault(t, out.Fault)}
		s.Limit = 20 * golden.Cycle
		require.NoError(t, m.Reset())
		got, err := m.Run(t.Context(), s)
		require.NoError(t, err)
		masks := b.Masks(b.Unpack(got, 3))
		assert.Equal(t, metrics.Changed(want.Class, masks.Class), out.Changed, out.Fault)
		assert.Equal(t, got.Stop == sim.Hang, out.Stop == "hang", out.Fault)
		if out.Stop == "done" {
			assert.Equal(t, got.Cycle, out.Cycles, out.Fault)
			assert.Equal(t, got.Cycle-golden.Cycle, out.CyclesOff)
		}
		if out.Changed > 0 {
			changed++
			assert.Less(t, out.Golden, 1.0)
			assert.NotEqual(t, want.Of(out.Worst), masks.Of(out.Worst))
		} else {
			assert.Equal(t, 1.0, out.Golden)
			assert.Zero(t, *out.Drop)
		}
		assert.InDelta(t, *r.GoldenTruth-*out.Truth, *out.Drop, 1e-12)
		if out.Stop == "hang" {
			hangs++
		}
		if out.Converged {
			converged++
		}
	}
	assert.Equal(t, [2]int{changed, hangs}, [2]int{r.Changed, r.Hangs})
	assert.Greater(t, changed, pictures, "more than get a picture")
	assert.Positive(t, converged)

	files := filetest.Tree(t, o.Out)
	var back Injection
	require.NoError(t, json.Unmarshal([]byte(files[injectionFile]), &back))
	assert.Nil(t, back.Written)
	back.Written = r.Written
	assert.Equal(t, *r, back)
	assert.Equal(t, r.Text(), files["faults.txt"])
	assert.Len(t, files, 2+pictures)
	var worst []int
	for _, out := range r.Outcomes {
		if out.Picture != "" {
			assert.NotEmpty(t, files[out.Picture])
			worst = append(worst, out.Changed)
		}
	}
	all := make([]int, 0, len(r.Outcomes))
	for _, out := range r.Outcomes {
		all = append(all, out.Changed)
	}
	slices.Sort(all)
	slices.Sort(worst)
	assert.Equal(t, all[len(all)-pictures:], worst)
}

// The same faults give the same bytes on any engine, with any number of jobs, and when two jobs were interrupted.
func TestInjectIsRepeatable(t *testing.T) {
	b := compiled(t, small())
	o := injection(b, 40)
	for bit := range 3 {
		o.Faults = append(o.Faults, fault(t, fmt.Sprintf("%s[0].%d@3", b.HW.Map[0].Path, bit)))
	}
	var first map[string]string
	for _, e := range []Engine{Interp, GoSim} {
		for _, jobs := range []int{1, 2, 5} {
			o.Engine, o.Jobs = e, jobs
			if jobs == 2 {
				var kept Kept
				require.ErrorAs(t, interrupted(t, b, o, 20), &kept)
				assert.InDelta(t, 21, kept.Done, 1, "each job may end one more")
			}
			_, err := b.Inject(t.Context(), o)
			require.NoError(t, err)
			files := filetest.Tree(t, o.Out)
			files[injectionFile] = strings.Replace(files[injectionFile], fmt.Sprintf("%q", e), `"engine"`, 1)
			if first == nil {
				first = files
			}
			assert.Equal(t, first, files)
		}
	}
	o.Seed++
	_, err := b.Inject(t.Context(), o)
	require.NoError(t, err)
	assert.NotEqual(t, first["faults.txt"], filetest.Tree(t, o.Out)["faults.txt"])
	assert.Empty(t, journals(t, b))
}

// journals are the journals beside a build.
func journals(t *testing.T, b *Build) []string {
	all, err := filepath.Glob(beside(b, ".*.journal"))
	require.NoError(t, err)
	return all
}

// interrupted starts an injection and ends it when so many faults are done.
func interrupted(t *testing.T, b *Build, o InjectOptions, after int) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(_ string, done, _ int) {
		if done >= after {
			cancel()
		}
	}
	_, err := b.Inject(ctx, o)
	return err
}

func TestInjectGoesOnWhereItWasInterrupted(t *testing.T) {
	b := compiled(t, small())
	o := injection(b, 25)
	_, err := b.Inject(t.Context(), o)
	require.NoError(t, err)
	want := filetest.Tree(t, o.Out)

	for name, spoil := range map[string]func(t *testing.T, journal string){
		"as it was": func(*testing.T, string) {},
		"half a record": func(t *testing.T, j string) {
			appendTo(t, j, string(journal.AppendFrame(nil, []byte(`{"n":17,"outcome":{"fault":"c.`))[:20]))
		},
		"a broken one": func(t *testing.T, j string) { appendTo(t, j, "\x07\x00\x00\x00\x00\x00\x00\x00"+`{"n":3}`) },
		"zeroes":       func(t *testing.T, j string) { appendTo(t, j, strings.Repeat("\x00", 100)) },
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.RemoveAll(o.Out))
			err := interrupted(t, b, o, 10)
			assert.ErrorIs(t, err, context.Canceled)
			var kept Kept
			require.ErrorAs(t, err, &kept)
			assert.Equal(t, [2]int{10, 25}, [2]int{kept.Done, kept.Of})
			assert.ErrorContains(t, err, "10 of 25 faults are done and kept")
			assert.NoDirExists(t, o.Out)
			require.Len(t, journals(t, b), 1)
			spoil(t, journals(t, b)[0])

			require.Error(t, interrupted(t, b, o, 15), "again, further on")
			other := o
			other.Seed++
			other.Out = o.Out
			require.Error(t, interrupted(t, b, other, 2), "other work keeps a journal of its own")
			require.Len(t, journals(t, b), 2)

			var ran []int
			o := o
			o.Progress = func(_ string, done, _ int) { ran = append(ran, done) }
			_, err = b.Inject(t.Context(), o)
			require.NoError(t, err)
			assert.Equal(t, []int{15, 16, 17, 18, 19, 20, 21, 22, 23, 24}, ran)
			assert.Equal(t, want, filetest.Tree(t, o.Out))
			left := journals(t, b)
			require.Len(t, left, 1)
			require.NoError(t, os.Remove(left[0]))
		})
	}
}

// What is whole and cannot be is nobody's to mend.
func TestInjectRefusesAJournalThatLies(t *testing.T) {
	b := compiled(t, small())
	o := injection(b, 25)
	for name, record := range map[string]string{
		"a lie": `{"n":20,"outcome":{"fault":"c.x@1","pixels_changed":7}}`, "beyond": `{"n":99,"outcome":{}}`, "no record": "x",
	} {
		require.Error(t, interrupted(t, b, o, 10))
		path := journals(t, b)[0]
		appendTo(t, path, string(journal.AppendFrame(nil, []byte(record))))
		_, err := b.Inject(t.Context(), o)
		requireProblem(t, err, path, "no outcome of this injection", "remove it")
		require.NoError(t, os.Remove(path), name)
	}
}

func appendTo(t *testing.T, path, text string) {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// An older result stays until the new one is whole, and other images, labels or engines are other work.
func TestInjectKeepsWorkApart(t *testing.T) {
	b := compiled(t, small())
	o := injection(b, 6)
	dir := filepath.Dir(b.Dir)
	_, err := b.Inject(t.Context(), o)
	require.NoError(t, err)
	old := filetest.Tree(t, o.Out)
	images, labels, engine, fewer := o, o, o, o
	images.Images = filetest.Noise(t, dir, "other.npy", 200, 3, 4, 4, 1)
	labels.Labels = filetest.Noise(t, dir, "labels.npy", 2, 3, 4, 4)
	engine.Engine = Interp
	fewer.Random = 5
	for n, other := range []InjectOptions{o, images, labels, engine, fewer} {
		require.Error(t, interrupted(t, b, other, 3))
		assert.Len(t, journals(t, b), n+1)
		assert.Equal(t, old, filetest.Tree(t, o.Out))
	}
}

func TestPodium(t *testing.T) {
	changed := []int{0, 3, 9, 3, 0, 9, 1, 4, 3, 12}
	for seed := range uint64(80) {
		size := int(seed % 8)
		p := podium{size: size}
		for _, n := range rand.New(rand.NewPCG(seed, 0)).Perm(len(changed)) {
			p.offer(n, changed[n], nil)
		}
		var got []int
		for _, place := range p.places {
			assert.Equal(t, changed[place.n], place.changed)
			got = append(got, place.n)
		}
		assert.Equal(t, []int{9, 2, 5, 7, 1, 3, 8, 6}[:size], append([]int{}, got...))
	}
}

func TestInjectRefuses(t *testing.T) {
	b := compiled(t, small())
	dir := filepath.Dir(b.Dir)
	memory, register := b.HW.Map[0], b.HW.Design.States()[0].Path
	for _, s := range b.HW.Design.States() {
		if s.Reg != nil {
			register = s.Path
		}
	}
	at := func(texts ...string) func(*InjectOptions) {
		return func(o *InjectOptions) {
			o.Random = 0
			for _, text := range texts {
				o.Faults = append(o.Faults, fault(t, text))
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*InjectOptions)
		tells  []string
	}{
		"no faults":           {at(), []string{"no faults", "--random"}},
		"negative":            {func(o *InjectOptions) { o.Random = -1 }, []string{"--random"}},
		"engine":              {func(o *InjectOptions) { o.Engine = HLSC }, []string{"hlsc has no cycles", "interp, go or verilator"}},
		"no such memory":      {at("nowhere[0].0@1"), []string{"nowhere[0].0@1", "no such memory or register", "memory_map.json"}},
		"no such register":    {at("c.nowhere.0@1"), []string{"c.nowhere.0@1", "no such memory or register"}},
		"a word too far":      {at(fmt.Sprintf("%s[%d].0@1", memory.Path, memory.Depth)), []string{fmt.Sprintf("has %d words", memory.Depth), fmt.Sprintf("0 to %d", memory.Depth-1)}},
		"a bit too far":       {at(fmt.Sprintf("%s[0].%d@1", memory.Path, memory.Width)), []string{fmt.Sprintf("has %d bits", memory.Width)}},
		"a memory's register": {at(memory.Path + ".0@1"), []string{"is a memory", "[WORD].BIT@CYCLE"}},
		"a register's word":   {at(register + "[0].0@1"), []string{"is a register", register + ".BIT@CYCLE"}},
		"several":             {at("nowhere[0].0@1", memory.Path+"[0].0@1", "else.0@2"), []string{"nowhere[0].0@1", "else.0@2"}},
		"past the end":        {at(memory.Path+"[0].0@1", memory.Path+"[0].0@1000000"), []string{"@1000000", "the run ends with cycle"}},
		"images of a size":    {func(o *InjectOptions) { o.Images = filetest.Noise(t, dir, "wide.npy", 9, 1, 4, 5, 1) }, []string{"wide.npy", "[1 4 5 1]"}},
		"no images":           {func(o *InjectOptions) { o.Images = filetest.Noise(t, dir, "none.npy", 9, 0, 4, 4, 1) }, []string{"none.npy", "no image"}},
		"labels of a size":    {func(o *InjectOptions) { o.Labels = filetest.Noise(t, dir, "l5.npy", 2, 3, 5, 4) }, []string{"l5.npy", "[3 5 4]"}},
		"out below a file":    {func(o *InjectOptions) { o.Out = filepath.Join(beside(b, "images.npy"), "x") }, []string{"a part of its path is a file"}},
		"somebody's folder":   {func(o *InjectOptions) { o.Out = dir }, []string{"holds other files"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := injection(b, 2)
			c.change(&o)
			before := filetest.Tree(t, dir)
			_, err := b.Inject(t.Context(), o)
			requireProblem(t, err, c.tells...)
			assert.Equal(t, before, filetest.Tree(t, dir))
		})
	}
}

// The last cycle of a run can be struck, and makes no difference to what has left.
func TestInjectLastCycle(t *testing.T) {
	b := compiled(t, small())
	o := injection(b, 1)
	r, err := b.Inject(t.Context(), o)
	require.NoError(t, err)
	o.Random, o.Faults = 0, []rtl.Fault{fault(t, fmt.Sprintf("%s[0].0@%d", b.HW.Map[0].Path, r.Cycles-1))}
	r, err = b.Inject(t.Context(), o)
	require.NoError(t, err)
	assert.Zero(t, r.Changed+r.Hangs+r.Outcomes[0].Logits)
	assert.Len(t, filetest.Tree(t, o.Out), 2, "no pictures of nothing")
}

func TestDrawFaults(t *testing.T) {
	d := compiled(t, small()).HW.Design
	draw := Draw{Count: 400, Cycles: 50, Seed: 1, Sites: AllSites}
	faults := DrawFaults(d, draw)
	assert.Equal(t, faults, DrawFaults(d, draw))
	require.NoError(t, checkFaults(d, faults))
	require.NoError(t, strikesWithin(faults, 50))
	assert.True(t, slices.IsSortedFunc(faults, func(a, b rtl.Fault) int { return int(a.Cycle - b.Cycle) }))
	draw.Seed++
	assert.NotEqual(t, faults, DrawFaults(d, draw))

	kinds := siteKinds(d)
	count := func(o Draw) map[string]int {
		n := map[string]int{}
		for _, f := range DrawFaults(d, o) {
			n[kinds[f.Path]]++
		}
		return n
	}
	draw.Sites = MemorySites
	assert.Zero(t, count(draw)["register"])
	draw.Sites = RegisterSites
	assert.Equal(t, map[string]int{"register": 400}, count(draw))
	draw.Sites, draw.EachKind = AllSites, true
	for kind, n := range count(draw) {
		assert.InDelta(t, 400/len(count(draw)), n, 1, kind)
	}
	top := rtl.NewModule("bare", "No state.")
	assert.Empty(t, DrawFaults(rtl.NewDesign(top), draw))
}
