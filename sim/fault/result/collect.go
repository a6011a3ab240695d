package result

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// divisions are the ways in which faults are grouped.
var divisions = []struct {
	name  string
	of    func(*Row) string
	order func(*Meta) []string // groups that come first, in this order; nil for none
}{
	{"space", func(r *Row) string { return r.Space }, nil},
	{"kind", func(r *Row) string { return r.Kind }, nil},
	{"layer", func(r *Row) string { return r.Layer }, func(m *Meta) []string { return m.Layers }},
	{"tensor", func(r *Row) string { return r.Tensor }, nil},
	{"bit", func(r *Row) string { return strconv.Itoa(int(r.Bit)) }, nil},
	{"stratum", func(r *Row) string { return r.Stratum }, func(m *Meta) []string { return strataNames(m.Strata) }},
	{"engine", func(r *Row) string { return string(r.Engine) }, func(*Meta) []string { return []string{string(Dead), string(Functional), string(Cycle)} }},
}

func strataNames(strata []Stratum) []string {
	names := make([]string, len(strata))
	for i, s := range strata {
		names[i] = s.Name
	}
	return names
}

// place is a field of the grid.
type place struct {
	layer string
	bit   int32
}

// collector sums up rows one by one. Its memory grows with the groups, not with the rows.
type collector struct {
	meta   Meta
	report Report
	index  map[Outcome]int
	strata map[string]int64 // populations
	looks  map[string]int   // that strata might have had; none where sizes were fixed
	total  pile
	piles  []map[string]*pile // by division
	grid   map[place]*pile
	top    podium
	images int32
	golden float64 // mIoU without a fault: against the labels where there are some
}

func newCollector(meta Meta, report Report) *collector {
	c := &collector{
		meta: meta, report: report, index: map[Outcome]int{}, strata: map[string]int64{}, looks: map[string]int{}, grid: map[place]*pile{},
		top: podium{size: report.Top}, golden: 1,
	}
	for i, o := range Outcomes() {
		c.index[o] = i
	}
	for _, s := range meta.Strata {
		c.strata[s.Name] = s.Population
		if meta.Sequence != nil {
			c.looks[s.Name] = len(meta.Sequence.Looks(s.Population))
		}
	}
	for range divisions {
		c.piles = append(c.piles, map[string]*pile{})
	}
	return c
}

func (c *collector) add(r *Row) {
	outcome, ok := c.index[r.Outcome]
	if !ok {
		panic("BUG: result: outcome " + string(r.Outcome))
	}
	c.images = max(c.images, r.Images)
	if r.MIoUTruth != nil {
		c.golden = min(max(0, *r.MIoUTruth+r.Drop), 1) // but for rounding the same in all rows
	}
	first := c.inFirstLook(r.Stratum)
	c.total.add(r, outcome, first)
	for i, d := range divisions {
		into(c.piles[i], d.of(r)).add(r, outcome, first)
	}
	if r.Bit >= 0 {
		into(c.grid, place{r.Layer, r.Bit}).add(r, outcome, first)
	}
	if c.report.Outcome.Has(r.Outcome) {
		c.top.offer(r)
	}
}

// inFirstLook tells whether the next row of a stratum is of its first look.
func (c *collector) inFirstLook(stratum string) bool {
	if c.meta.Sequence == nil {
		return false
	}
	all := c.total.cells[stratum]
	return all == nil || all.total() < c.meta.Sequence.First
}

func (c *collector) summary() *Summary {
	s := &Summary{
		Version: c.meta.Version, Model: c.meta.Model, Build: c.meta.Build, Seed: c.meta.Seed, Images: c.images,
		Thresholds: c.meta.Thresholds, Outcome: c.report.Outcome, Total: c.group("all", &c.total), By: map[string]Groups{},
		Worst: c.top.bits,
	}
	s.Faults = s.Total.Faults
	if !c.meta.Shard.whole() {
		s.Shard = c.meta.Shard.String()
	}
	for i, d := range divisions {
		var first []string
		if d.order != nil {
			first = d.order(&c.meta)
		}
		groups := Groups{}
		for _, name := range ordered(slices.Collect(maps.Keys(c.piles[i])), first) {
			groups = append(groups, c.group(name, c.piles[i][name]))
		}
		s.By[d.name] = groups
	}
	s.Grid = c.gridOf()
	return s
}

// ordered puts names into order: those of first as they stand there, the others as people count.
func ordered(names, first []string) []string {
	rank := map[string]int{}
	for i, name := range first {
		if _, ok := rank[name]; !ok {
			rank[name] = i
		}
	}
	place := func(name string) int {
		if i, ok := rank[name]; ok {
			return i
		}
		return len(first)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), natural(a, b), cmp.Compare(a, b))
	})
	return names
}

// natural compares texts with the numbers in them by their values, so that conv_2 comes before conv_10.
func natural(a, b string) int {
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na == 0 || nb == 0 {
			if a[0] != b[0] {
				return cmp.Compare(a[0], b[0])
			}
			a, b = a[1:], b[1:]
			continue
		}
		va, vb := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
		if c := cmp.Or(cmp.Compare(len(va), len(vb)), cmp.Compare(va, vb)); c != 0 {
			return c
		}
		a, b = a[na:], b[nb:]
	}
	return cmp.Compare(len(a), len(b))
}

// digits is how many digits a text begins with.
func digits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

func (c *collector) group(name string, p *pile) Group {
	g := Group{Name: name, Outcomes: map[Outcome]Share{}, MaxDrop: p.greatest}
	all := p.counts()
	g.Faults = all.total()
	g.Drops = meanDrop(c.extracts(p, nil), c.golden, c.report.Confidence)
	for _, o := range Outcomes() {
		g.Outcomes[o] = c.share(p, Set{o})
	}
	g.Harmful, g.Chosen = c.share(p, HarmfulOnes()), c.share(p, c.report.Outcome)
	return g
}

// share is that of some outcomes, together.
func (c *collector) share(p *pile, outcomes Set) Share {
	extracts := c.extracts(p, outcomes)
	s := Share{Estimate: rate(extracts, c.report.Confidence)}
	for _, x := range extracts {
		s.Faults += x.hits
	}
	return s
}

// extracts lists what a pile shows of some outcomes, stratum by stratum, in the order of their names. The pile
// of all faults shows that of some strata nothing was drawn.
func (c *collector) extracts(p *pile, outcomes Set) []extract {
	names := slices.Collect(maps.Keys(p.cells))
	if p == &c.total {
		for _, s := range c.meta.Strata {
			if p.cells[s.Name] == nil {
				names = append(names, s.Name)
			}
		}
	}
	slices.Sort(names)
	hits := make([]int, len(outcomes))
	for i, o := range outcomes {
		hits[i] = c.index[o]
	}
	extracts := make([]extract, 0, len(names))
	for _, name := range names {
		x := extract{population: c.strata[name], looks: c.looks[name]}
		if n := p.cells[name]; n != nil {
			all := c.total.cells[name]
			x.draws = n.draws(hits, all.total())
			if n.first != nil {
				x.first = n.first.draws(hits, all.first.total())
			}
		}
		extracts = append(extracts, x)
	}
	return extracts
}

// gridOf is the rates by layer and bit.
func (c *collector) gridOf() Grid {
	g := Grid{Outcome: c.report.Outcome, Layers: []string{}, Bits: []int32{}, Faults: [][]int64{}, Rate: [][]*float64{}}
	layers, bits := map[string]bool{}, map[int32]bool{}
	for at := range c.grid {
		layers[at.layer], bits[at.bit] = true, true
	}
	g.Bits = slices.AppendSeq(g.Bits, maps.Keys(bits))
	slices.Sort(g.Bits)
	g.Layers = append(g.Layers, ordered(slices.Collect(maps.Keys(layers)), c.meta.Layers)...)
	for _, layer := range g.Layers {
		faults, rates := make([]int64, len(g.Bits)), make([]*float64, len(g.Bits))
		for k, bit := range g.Bits {
			p := c.grid[place{layer, bit}]
			if p == nil {
				continue
			}
			all := p.counts()
			faults[k] = all.total()
			rate := c.share(p, c.report.Outcome).Rate
			rates[k] = &rate
		}
		g.Faults, g.Rate = append(g.Faults, faults), append(g.Rate, rates)
	}
	return g
}

// podium holds the rows with the greatest drops of mIoU, the greatest first and the earlier of equals first.
type podium struct {
	size int
	bits []Bit
}

func (p *podium) offer(r *Row) {
	if len(p.bits) == p.size && r.Drop <= p.bits[p.size-1].Drop {
		return
	}
	at, _ := slices.BinarySearchFunc(p.bits, r.Drop, func(b Bit, drop float64) int {
		if b.Drop >= drop { // rows come by number
			return -1
		}
		return 1
	})
	p.bits = slices.Insert(p.bits, at, Bit{
		Number: r.Number, Fault: r.Fault, Layer: r.Layer, Kind: r.Kind, Bit: r.Bit, Before: r.Before, After: r.After,
		Outcome: r.Outcome, Changed: r.Changed, Drop: r.Drop,
	})
	p.bits = p.bits[:min(p.size, len(p.bits))]
}
