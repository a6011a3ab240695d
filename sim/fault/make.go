package fault

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"rampart/sim/fault/sample"
)

// make is the fault at a place of a stratum. Its site, and where that is drawn its cycle and the value that it
// is stuck at, come from the stratum's order, so that no two places have the same; all else from a source
// of its own.
func (d *Draw) make(s *Stratum, place int64) Fault {
	m := &d.Campaign.Model
	r := sample.Stream(d.Campaign.Seed, "fault "+s.Name, place)
	var unit int64
	switch {
	case s.Population == 0:
		unit = -1
	case s.order != nil:
		unit = s.order.At(place)
	default:
		unit = place
	}
	switch m.Type {
	case Accumulate:
		return d.accumulate(s, r)
	case Zeros, Random:
		return d.elements(s, r)
	case Several:
		return d.several(s, r)
	}
	when := d.Campaign.When
	if d.Population.Space == HardwareSpace && when.Kind != Start {
		when = When{Kind: Cycle, N: d.from + d.digit(&unit, d.cycles, r)}
	}
	action := Flip
	switch {
	case m.Type != StuckModel:
	case m.Stuck == StuckAt1, m.Stuck == StuckAtBoth && d.digit(&unit, 2, r) == 1:
		action = Stuck1
	default:
		action = Stuck0
	}
	site, one := s.site(d.digit(&unit, s.Sites, r))
	var f Fault
	for _, hit := range d.around(site, one, r) {
		u := d.Population.Place(hit)
		u.Action, u.When = action, when
		f = append(f, u)
	}
	return f
}

// digit takes a number below n off a unit, or off a source where there is no unit.
func (d *Draw) digit(unit *int64, n int64, r *rand.Rand) int64 {
	if *unit < 0 {
		return r.Int64N(n)
	}
	k := *unit % n
	*unit /= n
	return k
}

// around is the bits that the model strikes with the drawn one.
func (d *Draw) around(site Site, one part, r *rand.Rand) []Site {
	m, hits := &d.Campaign.Model, []Site{site}
	switch {
	case m.Type == MultiBit && m.Pattern == Adjacent:
		for k := 1; k < m.Bits; k++ {
			hits = append(hits, Site{site.Store, site.Word, site.Bit + k})
		}
	case m.Type == MultiBit:
		others := slices.DeleteFunc(slices.Clone(one.bits), func(b int) bool { return b == site.Bit })
		r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
		for _, b := range others[:m.Bits-1] {
			hits = append(hits, Site{site.Store, site.Word, b})
		}
		slices.SortFunc(hits, func(a, b Site) int { return cmp.Compare(a.Bit, b.Bit) })
	case m.Type == Cluster:
		layout := LayoutOf(&d.Population.Stores[site.Store], m.Interleave)
		row, column := layout.Cell(site.Word, site.Bit)
		hits = nil
		for _, c := range m.shape(r).Cells {
			if word, bit, ok := layout.At(row+int64(c.Row), column+int64(c.Column)); ok {
				hits = append(hits, Site{site.Store, word, bit})
			}
		}
	}
	return hits
}

// shape draws a shape.
func (m *Model) shape(r *rand.Rand) *Shape {
	u := 0.0
	if len(m.Shapes) > 1 {
		u = r.Float64()
	}
	for i := range m.Shapes {
		if u -= m.Shapes[i].Share; u < 0 {
			return &m.Shapes[i]
		}
	}
	return &m.Shapes[len(m.Shapes)-1]
}

// several strikes distinct bits at one time.
func (d *Draw) several(s *Stratum, r *rand.Rand) Fault {
	m, when := &d.Campaign.Model, d.time(r)
	var f Fault
	strike := func(within *Stratum) {
		order := sample.NewPermutation(within.Sites, r.Uint64(), "several")
		for k := range min(m.Count, within.Sites) {
			site, _ := within.site(order.At(k))
			u := d.Population.Place(site)
			u.When = when
			f = append(f, u)
		}
	}
	switch m.Spread {
	case SpreadAny:
		strike(s)
	case SpreadStore:
		one, _ := s.part(r.Int64N(s.Sites))
		strike(alone(one))
	case SpreadEvery:
		for _, one := range s.parts {
			strike(alone(one))
		}
	}
	return f
}

// alone is a stratum of one part.
func alone(one part) *Stratum {
	s := &Stratum{parts: []part{one}}
	s.count(false)
	return s
}

// time draws a time for the upsets of a fault.
func (d *Draw) time(r *rand.Rand) When {
	if d.Population.Space == HardwareSpace && d.Campaign.When.Kind != Start {
		return When{Kind: Cycle, N: d.from + r.Int64N(d.cycles)}
	}
	return d.Campaign.When
}

// accumulate strikes any bits at any time, their number by Poisson's law, in order of time.
func (d *Draw) accumulate(s *Stratum, r *rand.Rand) Fault {
	mean := d.Campaign.Model.Rate * float64(s.Sites) * float64(d.frames())
	f := make(Fault, int(distuv.Poisson{Lambda: mean, Src: r}.Rand()))
	for i := range f {
		site, _ := s.site(r.Int64N(s.Sites))
		f[i] = d.Population.Place(site)
		if f[i].When = d.time(r); d.Population.Space != HardwareSpace {
			f[i].When = When{Kind: Frame, N: r.Int64N(d.frames())}
		}
	}
	slices.SortStableFunc(f, func(a, b Upset) int { return cmp.Compare(a.When.N, b.When.N) })
	return f
}

// spelled is how many changed elements a fault spells out; more are told by their number and key.
const spelled = 16

// elements changes whole elements of one tensor or of each.
func (d *Draw) elements(s *Stratum, r *rand.Rand) Fault {
	parts := s.parts
	if d.Campaign.Model.Spread == SpreadStore {
		one, _ := s.part(r.Int64N(s.Sites))
		parts = []part{one}
	}
	var f Fault
	for _, one := range parts {
		f = append(f, d.replace(one, r.Uint64())...)
	}
	return f
}

// replace changes the elements of a part that belong to a key.
func (d *Draw) replace(one part, key uint64) Fault {
	m, s := &d.Campaign.Model, &d.Population.Stores[one.store]
	n := m.Count
	if n == 0 {
		n = max(1, int64(m.Share*float64(one.words)))
	}
	n = min(n, one.words)
	u := Upset{Place: s.Name, Word: Scattered, Bit: AllBits, Action: Write, Value: s.Zero, When: d.Campaign.When}
	if m.Type == Random {
		if u.Action = RandomBits; m.Values == Unit {
			u.Action = RandomUnit
		}
		u.Key = key
	}
	if n > spelled {
		u.Count, u.Key = n, key
		return Fault{u}
	}
	order := sample.NewPermutation(one.words, key, "elements")
	f := make(Fault, n)
	for k := range f {
		u.Word = one.from + order.At(int64(k))
		f[k] = u
	}
	return f
}
