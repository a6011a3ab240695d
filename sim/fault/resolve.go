package fault

import (
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"sort"

	"rampart/internal/diag"
	"rampart/sim/fault/sample"
)

// Run is what the run without fault tells a campaign. Only campaigns on hardware need its cycles.
type Run struct {
	Cycles      int64 // of the whole run
	FrameCycles int64 // from one frame's first cycle to the next one's
	Frames      int64 // images
}

// Draw is the faults of a campaign on a population. They are numbered from 0, stratum after stratum; each is a
// function of seed, stratum and place in it alone, so that shards and batches try the same ones.
type Draw struct {
	Campaign   *Campaign
	Population *Population
	Run        Run
	Strata     []*Stratum

	first  []int64 // number of each stratum's first fault, and of all faults
	from   int64   // the first cycle that faults may strike in
	cycles int64   // and how many there are
	listed []Fault
}

// Resolve joins a campaign with what it strikes. All that does not fit is told, as diag.Problems with the places
// in the campaign's file.
func Resolve(c *Campaign, p *Population, r Run) (*Draw, error) {
	d := &Draw{Campaign: c, Population: p, Run: r}
	x := &resolver{Draw: d}
	if c.Space != p.Space || c.Format != p.Format {
		panic(fmt.Sprintf("BUG: fault: a campaign on %s %s, and a population of %s %s", c.Format, c.Space, p.Format, p.Space))
	}
	if c.Plan.Type == ListPlan {
		x.list()
		return d, x.found.Err()
	}
	x.moments()
	parts := c.Select.parts(p, x.selected)
	if parts = x.fit(parts); len(parts) == 0 && len(x.found) == 0 {
		x.fail("select", "it leaves nothing that the model could strike", "select more")
	}
	if err := x.found.Err(); err != nil {
		return nil, err
	}
	x.strata(parts)
	if err := x.found.Err(); err != nil {
		return nil, err
	}
	d.number()
	return d, nil
}

// resolver collects what is wrong.
type resolver struct {
	*Draw
	found diag.Problems
}

// fail notes a problem with a key, which may stand in the file or not.
func (x *resolver) fail(key, what, remedy string) {
	p := diag.Problem{File: x.Campaign.file, What: key + ": " + what, Remedy: remedy}
	if at, ok := x.Campaign.at[key]; ok {
		p.At = at.String()
	}
	x.found.Add(p)
}

func (x *resolver) selected(key, what, remedy string) { x.fail("select."+key, what, remedy) }

// list takes the faults that the campaign lists.
func (x *resolver) list() {
	s := &Stratum{Name: "all", Size: int64(len(x.Campaign.Plan.Faults))}
	for i, text := range x.Campaign.Plan.Faults {
		f, err := Parse(text)
		if err == nil {
			err = x.Population.Check(f)
		}
		if err == nil {
			err = x.inTime(f)
		}
		if err != nil {
			key := fmt.Sprintf("plan.list[%d]", i)
			if x.Campaign.Plan.File != "" {
				key = "plan.list.file"
			}
			x.fail(key, err.Error(), "list faults of this network")
		}
		x.listed = append(x.listed, f)
	}
	x.Strata = []*Stratum{s}
	x.number()
}

// inTime refuses faults that strike after the run.
func (x *resolver) inTime(f Fault) error {
	for _, u := range f {
		if u.When.Kind == Cycle && u.When.N >= x.Run.Cycles {
			return fmt.Errorf("%s: the run ends with cycle %d", u, x.Run.Cycles-1)
		}
		if u.When.Kind == Frame && u.When.N >= x.Run.Frames {
			return fmt.Errorf("%s: there are %d images", u, x.Run.Frames)
		}
	}
	return nil
}

// moments finds the cycles that faults may strike in.
func (x *resolver) moments() {
	w, r := x.Campaign.When, x.Run
	x.from, x.cycles = w.N, 1
	switch w.Kind {
	case Uniform:
		if r.Cycles < 1 {
			panic("BUG: fault: a run without cycles")
		}
		x.from, x.cycles = 0, r.Cycles
		if m := &x.Campaign.Model; m.Type == Accumulate && m.Frames > 0 {
			x.cycles = min(r.Cycles, m.Frames*r.FrameCycles)
		}
	case Cycle:
		if w.N >= r.Cycles {
			x.fail("when", fmt.Sprintf("the run ends with cycle %d", r.Cycles-1), "give an earlier cycle, or more images")
		}
	case Frame:
		if w.N >= r.Frames {
			x.fail("when", fmt.Sprintf("there are %d images", r.Frames), fmt.Sprintf("give a frame from 0 to %d, or more images", r.Frames-1))
		}
		if x.Campaign.Space == HardwareSpace {
			x.from = w.N * r.FrameCycles
			x.cycles = min(r.FrameCycles, r.Cycles-x.from)
		}
	}
	if m := &x.Campaign.Model; m.Type == Accumulate && m.Frames > r.Frames {
		x.fail("model.frames", fmt.Sprintf("there are %d images", r.Frames), "give no more, or leave it out")
	}
}

// fit leaves of the selected parts what the model can strike.
func (x *resolver) fit(parts []part) []part {
	c := x.Campaign
	var all []part
	for _, one := range parts {
		s := &x.Population.Stores[one.store]
		if c.When.Kind == Start && !s.Constant {
			continue // it is written before it is read
		}
		if m := &c.Model; m.Type == MultiBit {
			if m.Pattern == Adjacent {
				one.bits = slices.DeleteFunc(slices.Clone(one.bits), func(b int) bool { return b+m.Bits > s.Bits })
			} else if len(one.bits) < m.Bits {
				one.bits = nil
			}
		}
		if len(one.bits) > 0 {
			all = append(all, one)
		}
	}
	return all
}

// elements tells whether faults change whole elements.
func (m *Model) elements() bool { return m.Type == Zeros || m.Type == Random }

// strata makes the strata and their sizes.
func (x *resolver) strata(parts []part) {
	c := x.Campaign
	x.Strata = divide(x.Population, parts, c.Plan.By)
	variants := int64(1)
	if c.Model.Type == StuckModel && c.Model.Stuck == StuckAtBoth {
		variants = 2
	}
	all := uint64(0)
	for _, s := range x.Strata {
		s.count(c.Model.elements())
		hi, lo := bits.Mul64(uint64(s.Sites), uint64(variants)*uint64(x.cycles))
		if all += lo; hi > 0 || lo > 1<<61 || all > 1<<61 {
			x.fail("when", "there are more faults than can be counted", "select less, or strike at one cycle or within one frame")
			return
		}
		if c.Model.drawn() == "" {
			s.Population = int64(lo)
		}
		if m := &c.Model; m.Type == Several && m.Spread == SpreadAny && m.Count > s.Sites {
			x.fail("model.count", fmt.Sprintf("%s has %d bits", s.Name, s.Sites), "give no more")
		}
		if mean := c.Model.Rate * float64(s.Sites) * float64(x.frames()); c.Model.Type == Accumulate && mean > maxUpsets {
			x.fail("model.rate", fmt.Sprintf("it makes %.0f upsets in each run", mean), fmt.Sprintf("lower it, to at most %d", maxUpsets))
		}
	}
	x.sizes()
	for _, s := range x.Strata {
		if c.Plan.Type != Exhaustive && s.Population > 0 {
			order := sample.NewPermutation(s.Population, c.Seed, s.Name)
			s.order = &order
		}
	}
}

// maxUpsets is the most upsets that faults may be made of.
const maxUpsets = 100_000

// frames is how many frames accumulated upsets come in.
func (d *Draw) frames() int64 {
	if n := d.Campaign.Model.Frames; n > 0 {
		return n
	}
	return d.Run.Frames
}

// number numbers the faults.
func (d *Draw) number() {
	d.first = make([]int64, len(d.Strata)+1)
	for i, s := range d.Strata {
		d.first[i+1] = d.first[i] + s.Size
	}
}

// Len is how many faults there are, at most where the campaign stops by its outcomes.
func (d *Draw) Len() int64 { return d.first[len(d.Strata)] }

// Stratum is the stratum of fault i, and the fault's place in it.
func (d *Draw) Stratum(i int64) (stratum int, place int64) {
	stratum = sort.Search(len(d.Strata), func(k int) bool { return d.first[k+1] > i })
	return stratum, i - d.first[stratum]
}

// Number is the number of the fault at a place of a stratum.
func (d *Draw) Number(stratum int, place int64) int64 { return d.first[stratum] + place }

// At is fault i.
func (d *Draw) At(i int64) Fault {
	if d.listed != nil {
		return d.listed[i]
	}
	stratum, place := d.Stratum(i)
	return d.make(d.Strata[stratum], place)
}

// Faults visits the faults of a shard in order: those whose numbers leave shard when divided by of.
func (d *Draw) Faults(shard, of int64) iter.Seq2[int64, Fault] {
	return func(yield func(int64, Fault) bool) {
		for i := shard; i < d.Len(); i += of {
			if !yield(i, d.At(i)) {
				return
			}
		}
	}
}
