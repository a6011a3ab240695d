package fault

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"rampart/internal/yamlform"
)

// model reads a model: its name, or a mapping with its type and options.
func (d *decoder) model(v yamlform.Value) (m Model) {
	types := []ModelType{FlipModel, StuckModel, MultiBit, Cluster, Several, Accumulate, Zeros, Random}
	if !v.IsMap() {
		m.Type, _ = yamlform.OneOf(v, types...)
		d.options(&m, nil, v)
		return m
	}
	in, _ := v.Map()
	t, ok := in.Need("type", "write type: flip, stuck, multibit, cluster, several, accumulate, zeros or random")
	if !ok {
		return m
	}
	d.c.at["model.type"] = t.Pos()
	if m.Type, ok = yamlform.OneOf(t, types...); ok {
		d.options(&m, in, v)
		in.Done()
	}
	return m
}

// options reads the options of a model, nil for none, and sets what is left out.
func (d *decoder) options(m *Model, in *yamlform.Map, v yamlform.Value) {
	opt := func(key string) (yamlform.Value, bool) {
		if in == nil {
			return v, false
		}
		return d.get(in, key)
	}
	switch m.Type {
	case StuckModel:
		m.Stuck = StuckAtBoth
		if v, ok := opt("value"); ok {
			m.Stuck, _ = yamlform.OneOf(v, StuckAt0, StuckAt1, StuckAtBoth)
		}
	case MultiBit:
		m.Bits, m.Pattern = 2, Adjacent
		if v, ok := opt("bits"); ok {
			n, _ := v.Int(2, maxBit)
			m.Bits = int(n)
		}
		if v, ok := opt("pattern"); ok {
			m.Pattern, _ = yamlform.OneOf(v, Adjacent, Anywhere)
		}
	case Cluster:
		m.Interleave = 1
		if v, ok := opt("interleave"); ok {
			n, _ := v.Int(1, 1<<20)
			m.Interleave = int(n)
		}
		shapes, ok := opt("shapes")
		if !ok {
			v.Fail("a cluster needs shapes", "write shapes: [{cells: 1x2, share: 1}]")
			return
		}
		m.Shapes = d.shapes(shapes)
	case Several:
		m.Count, m.Spread = 2, SpreadAny
		if v, ok := opt("count"); ok {
			m.Count, _ = v.Int(1, 1<<40)
		}
		if v, ok := opt("spread"); ok {
			m.Spread, _ = yamlform.OneOf(v, SpreadAny, SpreadStore, SpreadEvery)
		}
	case Accumulate:
		rate, ok := opt("rate")
		if !ok {
			v.Fail("upsets accumulate at a rate", "write rate: the upsets per bit and frame, such as 1e-9")
			return
		}
		m.Rate, _ = rate.Share("rate above 0 and up to 1", func(x float64) bool { return x > 0 && x <= 1 })
		if v, ok := opt("frames"); ok {
			m.Frames, _ = v.Int(1, 1<<40)
		}
	case Zeros, Random:
		d.elements(m, opt, v)
	}
}

// elements reads the options of models that change whole elements.
func (d *decoder) elements(m *Model, opt func(string) (yamlform.Value, bool), v yamlform.Value) {
	m.Spread = SpreadStore
	count, counted := opt("count")
	part, parted := opt("share")
	switch {
	case counted && parted:
		part.Fail("there is a count already", "leave one of them out")
	case counted:
		m.Count, _ = count.Int(1, 1<<40)
	case parted:
		m.Share, _ = part.Share("share above 0 and up to 1", func(x float64) bool { return x > 0 && x <= 1 })
	default:
		v.Fail("it does not say how many elements change", "write count: N, or share: a part of them such as 10%")
	}
	if v, ok := opt("spread"); ok {
		m.Spread, _ = yamlform.OneOf(v, SpreadStore, SpreadEvery)
	}
	if m.Type == Random {
		m.Values = AnyBits
		if v, ok := opt("values"); ok {
			m.Values, _ = yamlform.OneOf(v, AnyBits, Unit)
			if m.Values == Unit && d.c.Format != FP32 {
				v.Fail("only floats take values from 0 to 1", "write bits, or set format: fp32")
			}
		}
	}
}

// shapes reads the shapes of clusters, whose shares add up to 1.
func (d *decoder) shapes(v yamlform.Value) (all []Shape) {
	sum, good := 0.0, true
	for _, item := range v.List() {
		m, ok := item.Map()
		if !ok {
			return nil
		}
		s := Shape{Share: 1}
		cells, ok := m.Need("cells", "write cells: ROWSxCOLUMNS, or a list of [ROW, COLUMN]")
		if ok {
			s.Cells, ok = d.cells(cells)
		}
		good = good && ok
		if v, ok := m.Get("share"); ok {
			s.Share, ok = v.Share("share above 0 and up to 1", func(x float64) bool { return x > 0 && x <= 1 })
			good = good && ok
		}
		m.Done()
		sum += s.Share
		all = append(all, s)
	}
	if good && math.Abs(sum-1) > 1e-9 {
		v.Fail(fmt.Sprintf("the shares add up to %g", sum), "make them add up to 1")
	}
	return all
}

// cells reads the cells of a shape.
func (d *decoder) cells(v yamlform.Value) (all []Cell, ok bool) {
	const widest = 64
	if !v.IsList() {
		text, _ := v.Text()
		rows, columns, two := strings.Cut(text, "x")
		h, err := strconv.Atoi(rows)
		w, err2 := strconv.Atoi(columns)
		if !two || err != nil || err2 != nil || h < 1 || w < 1 || h > widest || w > widest {
			v.Fail("it is no block of cells", "write ROWSxCOLUMNS such as 1x2, or a list of [ROW, COLUMN]")
			return nil, false
		}
		for y := range h {
			for x := range w {
				all = append(all, Cell{y, x})
			}
		}
		return all, true
	}
	for _, item := range v.List() {
		pair := item.List()
		if !item.IsList() || len(pair) != 2 {
			item.Fail("it is no cell", "write [ROW, COLUMN]")
			return nil, false
		}
		row, ok := pair[0].Int(-widest, widest)
		column, ok2 := pair[1].Int(-widest, widest)
		if !ok || !ok2 {
			return nil, false
		}
		cell := Cell{int(row), int(column)}
		if slices.Contains(all, cell) {
			item.Fail("the cell stands twice", "leave one of them out")
			return nil, false
		}
		all = append(all, cell)
	}
	if len(all) == 0 {
		v.Fail("there is no cell", "write one at least")
		return nil, false
	}
	return all, true
}

// fits notes what model, time and plan cannot have together.
func (d *decoder) fits() {
	c := d.c
	fail := func(key, what, remedy string) { d.r.Fail(c.at[key], key+": "+what, remedy) }
	tensors := c.Space == ParameterSpace || c.Space == ActivationSpace
	switch c.Model.Type {
	case Cluster:
		if tensors {
			fail("model", "clusters lie in a memory's array, and tensors have none", "set space: hardware")
		}
	case Zeros, Random:
		if c.Space == HardwareSpace {
			fail("model", "hardware has bits and no elements", "set space: parameters or activations")
		}
		if len(c.Select.Bits) > 0 {
			fail("select.bits", "the model changes whole elements", "leave it out")
		}
	case Accumulate:
		if c.When.Kind != Uniform && c.When.Kind != Always {
			fail("when", "accumulated upsets come at any time", "leave it out")
		}
	}
	drawn := c.Model.drawn()
	switch c.Plan.Type {
	case Exhaustive:
		if drawn != "" {
			fail("plan", "faults that "+drawn+" cannot all be listed", "make the plan random, stratified or sequential")
		}
	case Stratified, Sequential:
		whole := c.Model.Type == Zeros || c.Model.Type == Random
		if whole && slices.Contains(c.Plan.By, ByBit) {
			fail("plan", "whole elements have no bit to tell strata apart", "leave bit out of by")
		}
		if slices.Contains(c.Plan.By, ByMemory) && tensors {
			fail("plan", "tensors are in no memory", "write tensor in place of memory")
		}
		if c.Plan.Allocation == UniformDraw && len(c.Plan.By) > 0 {
			fail("plan", "one draw over all bits has no strata", "leave out by; results can be looked at by any of it")
		}
	case ListPlan:
		if c.at["model"] != (yamlform.Pos{}) || c.at["when"] != (yamlform.Pos{}) || c.at["select"] != (yamlform.Pos{}) {
			fail("plan", "listed faults say themselves what they do, where and when", "leave out model, when and select")
		}
	}
}

// drawn says what of a fault is left to chance beside the place that is drawn, "" where nothing is: the
// faults of a population without bound.
func (m *Model) drawn() string {
	switch m.Type {
	case MultiBit:
		if m.Pattern == Anywhere {
			return "take bits at random"
		}
	case Cluster:
		if len(m.Shapes) > 1 {
			return "take one of several shapes"
		}
	case Several, Accumulate, Zeros, Random:
		return "take several places at random"
	}
	return ""
}
