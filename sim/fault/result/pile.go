package result

import "rampart/sim/fault/sample"

// counts are faults by outcome, in the order of Outcomes.
type counts [8]int64

func (c *counts) total() int64 {
	n := int64(0)
	for _, k := range c {
		n += k
	}
	return n
}

// cell is the part of a group that comes from one stratum.
type cell struct {
	content
	first *content // the part of it from the stratum's first look; nil where sizes were fixed, or none is there
}

type content struct {
	counts
	drops sample.Numbers
}

func (c *content) add(r *Row, outcome int) {
	c.counts[outcome]++
	c.drops.Add(r.Drop)
}

// draws is what the content shows of some outcomes, where so many rows are of the stratum.
func (c *content) draws(outcomes []int, drawn int64) draws {
	d := draws{drawn: drawn, trials: c.total(), drops: c.drops}
	for _, i := range outcomes {
		d.hits += c.counts[i]
	}
	return d
}

// pile is a group while rows come in.
type pile struct {
	cells    map[string]*cell // by stratum
	greatest float64          // drop
	any      bool
}

// add takes a row, which may be one of its stratum's first look.
func (p *pile) add(r *Row, outcome int, first bool) {
	c := p.cells[r.Stratum]
	if c == nil {
		if p.cells == nil {
			p.cells = map[string]*cell{}
		}
		c = new(cell)
		p.cells[r.Stratum] = c
	}
	c.add(r, outcome)
	if first {
		if c.first == nil {
			c.first = new(content)
		}
		c.first.add(r, outcome)
	}
	if !p.any || r.Drop > p.greatest {
		p.any, p.greatest = true, r.Drop
	}
}

func (p *pile) counts() (all counts) {
	for _, c := range p.cells {
		for i, n := range c.counts {
			all[i] += n
		}
	}
	return all
}

func into[K comparable](piles map[K]*pile, key K) *pile {
	p := piles[key]
	if p == nil {
		p = new(pile)
		piles[key] = p
	}
	return p
}
