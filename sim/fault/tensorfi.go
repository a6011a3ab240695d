package fault

import (
	"math"
	"path/filepath"
	"slices"
	"strings"

	"rampart/internal/yamlform"
	"rampart/sim/fault/result"
)

// A configuration of TensorFI2 describes one injection. It is read as a campaign that means the same where that
// tool's meaning is clear, with its own numbers, so that the tool's faults are not taken over:
//
//	Target: layer_states    space: parameters (weight, bias, gamma, beta: what training learned)
//	Target: layer_outputs   space: activations, in every image
//	Mode: single            one tensor, the larger the likelier: every bit is as likely as any other
//	Mode: multiple          the same number in each tensor
//	Type: bitflips          Amount bits, distinct
//	Type: random            Amount elements, from 0 to below 1 in fp32, any bits in integers
//	Type: zeros             Amount percent of the elements
//	Bit: N or a number      any bit, or that one
//	Layer: N or a number    any tensor, or that one of those that training learned, in the network's order
//	Format: fp32            the float network
//	Format: int8, int32     weights, or biases, of the integer network; of outputs the integer network's
//	Ind0 to Ind3            one element: height, width, in, out in fp32, and out, height, width, in in integers
//	Images                  how many images each fault meets, or which
//
// Two keys are rampart's own: Injections, how many faults to draw (1), and Seed (1).

// tensorFIKeys tell that a file is a configuration of TensorFI2: a campaign's keys are in lower case.
var tensorFIKeys = []string{"Target", "Mode", "Type", "Amount", "Bit", "Layer", "Format", "Images"}

func isTensorFI(m *yamlform.Map) bool {
	return slices.ContainsFunc(m.Keys(), func(k string) bool { return slices.Contains(tensorFIKeys, k) })
}

// tensorFI reads a configuration of TensorFI2.
func (d *decoder) tensorFI(m *yamlform.Map) {
	c := d.c
	base := filepath.Base(c.file)
	c.Name, c.Seed, c.Critical = strings.TrimSuffix(base, filepath.Ext(base)), 1, result.DefaultThresholds()
	integer := d.tensorFITarget(m)
	single := true
	if v, ok := m.Need("Mode", "write Mode: single or multiple"); ok {
		mode, _ := yamlform.OneOf(v, "single", "multiple")
		single = mode != "multiple"
	}
	d.tensorFIType(m, single, integer)
	d.tensorFIPlace(m, single, integer)
	if v, ok := m.Get("Images"); ok {
		c.at["images"] = v.Pos()
		c.Images = d.images(v)
	}
	if v, ok := m.Get("Seed"); ok {
		c.Seed, _ = v.Uint64()
	}
	c.Plan = Plan{Type: RandomPlan, N: 1}
	v, ok := m.Get("Injections")
	if ok {
		c.at["plan.random"] = v.Pos()
		c.Plan.N, _ = v.Int(1, 1<<40)
	}
	if c.Model.Type == FlipModel && c.Select.Element != nil && len(c.Select.Bits) > 0 {
		c.Plan = Plan{Type: Exhaustive} // there is one such fault
		if ok {
			v.Fail("the indices and Bit leave one fault", "leave it out")
		}
	}
	m.Done()
}

// tensorFITarget reads Target and Format, and tells whether numbers are integers.
func (d *decoder) tensorFITarget(m *yamlform.Map) (integer bool) {
	c, format := d.c, "fp32"
	if v, ok := m.Get("Format"); ok {
		format, _ = yamlform.OneOf(v, "fp32", "int8", "int32")
	}
	if c.Format = FP32; format != "fp32" {
		c.Format, integer = Fixed, true
	}
	v, ok := m.Need("Target", "write Target: layer_states or layer_outputs")
	if !ok {
		return integer
	}
	switch target, _ := yamlform.OneOf(v, "layer_states", "layer_outputs"); target {
	case "layer_outputs":
		c.Space = ActivationSpace
	case "layer_states":
		c.Space = ParameterSpace
		c.Select.Kinds = map[string][]string{"fp32": {"weight", "bias", "gamma", "beta"}, "int8": {"weight"}, "int32": {"bias"}}[format]
	}
	return integer
}

// tensorFIType reads Type, Amount and Bit.
func (d *decoder) tensorFIType(m *yamlform.Map, single, integer bool) {
	c := d.c
	kind := ""
	if v, ok := m.Need("Type", "write Type: bitflips, random or zeros"); ok {
		c.at["model"] = v.Pos()
		kind, _ = yamlform.OneOf(v, "bitflips", "random", "zeros")
	}
	spread := SpreadEvery
	if single {
		spread = SpreadStore
	}
	amount, counted := m.Need("Amount", "write Amount: the number of values, of zeros the percentage")
	bit, hasBit := m.Get("Bit")
	if counted {
		c.at["model.count"] = amount.Pos()
	}
	if hasBit && kind != "bitflips" && kind != "" {
		bit.Fail("whole values are replaced", "leave it out, or write Type: bitflips")
	}
	count := int64(0)
	if counted && kind != "zeros" {
		count, _ = amount.Int(1, 1<<40)
	}
	switch kind {
	case "bitflips":
		c.Model = Model{Type: FlipModel}
		if count > 1 || !single {
			c.Model = Model{Type: Several, Count: count, Spread: spread}
		}
		d.tensorFIBit(bit, hasBit, m, integer)
	case "random":
		c.Model = Model{Type: Random, Count: count, Spread: spread, Values: Unit}
		if integer {
			c.Model.Values = AnyBits
		}
	case "zeros":
		c.Model = Model{Type: Zeros, Spread: spread}
		if counted {
			percent, _ := amount.Float("percentage above 0 and up to 100", func(x float64) bool { return x > 0 && x <= 100 })
			c.Model.Share = percent / 100
		}
	}
}

// tensorFIBit reads the bit to be flipped.
func (d *decoder) tensorFIBit(v yamlform.Value, ok bool, m *yamlform.Map, integer bool) {
	if !ok {
		m.Fail("there is no Bit", "write Bit: N for any, or a number")
		return
	}
	d.c.at["select.bits[0]"] = v.Pos()
	if text, ok := v.Text(); !ok || text == "N" {
		return
	}
	widest := int64(31)
	if integer && len(d.c.Select.Kinds) == 1 && d.c.Select.Kinds[0] == "weight" {
		widest = 7
	}
	if bit, ok := v.Int(0, widest); ok {
		d.c.Select.Bits = []Range{{int(bit), int(bit)}}
	}
}

// tensorFIPlace reads Layer and the indices of an element.
func (d *decoder) tensorFIPlace(m *yamlform.Map, single, integer bool) {
	c := d.c
	numbered := false
	if v, ok := m.Get("Layer"); ok {
		c.at["select.number"] = v.Pos()
		if text, ok := v.Text(); ok && text != "N" {
			n, ok := v.Int(0, math.MaxInt32)
			switch {
			case !ok:
			case c.Space == ActivationSpace:
				v.Fail("layers are numbered by what training learned, and outputs are not", "write Layer: N, or a campaign that selects layers by name")
			case !single:
				v.Fail("Mode: multiple strikes every layer", "write Layer: N, or Mode: single")
			default:
				c.Select.Number, numbered = &n, true
			}
		}
	}
	var index []int64
	for k, key := range []string{"Ind0", "Ind1", "Ind2", "Ind3"} {
		v, ok := m.Get(key)
		if !ok {
			continue
		}
		c.at["select.element"] = v.Pos()
		n, ok := v.Int(0, math.MaxInt32)
		switch {
		case !ok:
		case len(index) != k:
			v.Fail("the indices before it are not there", "write Ind0 alone, or Ind0 to Ind3")
		case !numbered:
			v.Fail("it is an index into one layer's tensor", "write Layer: the number of the layer")
		}
		index = append(index, n)
	}
	if len(index) == 0 {
		return
	}
	if len(index) != 1 && len(index) != 4 {
		m.Fail("an element has one index or four", "write Ind0 alone, or Ind0 to Ind3")
	}
	if c.Model.Type == Several || c.Model.Count > 1 {
		m.Fail("the indices name one element", "write Amount: 1 and Mode: single")
	}
	if c.Select.Element = (&Element{Order: TF, Index: index}); integer {
		c.Select.Element.Order = TFLite
	}
}
