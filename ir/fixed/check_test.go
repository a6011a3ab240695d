package fixed_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/fixed"
)

// chain is a small network with every operator: two branches of convolution and pooling, joined,
// rescaled, and reduced to classes.
func chain() *fixed.Net {
	value := func(name string, c, h, w int) *fixed.Value {
		return &fixed.Value{Name: name, Shape: fixed.Shape{c, h, w}, Format: fixed.Format{Bits: 8}}
	}
	ones := [2]int{1, 1}
	conv := func() *fixed.Conv {
		return &fixed.Conv{
			Window: fixed.Window{Kernel: ones, Stride: ones, Dilation: ones}, Group: 1, WeightBits: 4, BiasBits: 32, AccBits: 13,
			Weight: []int32{7, -7, 3, 1}, Bias: []int64{100, -100},
			Scale: fixed.Scale{Mult: []int64{40000, 50000}, MultBits: 16, Shift: []int{17, 18}, Lo: 0, Hi: 255},
		}
	}
	x, a, b := value("x", 2, 4, 4), value("a", 2, 4, 4), value("b", 2, 4, 4)
	joined, pooled, scaled := value("joined", 4, 4, 4), value("pooled", 4, 2, 2), value("scaled", 4, 2, 2)
	scaled.Format, scaled.Zero = fixed.Format{Bits: 4, Signed: true}, -1
	classes := value("classes", 1, 2, 2)
	two := [2]int{2, 2}
	return &fixed.Net{
		Name: "chain", Inputs: []*fixed.Value{x}, Outputs: []*fixed.Value{scaled, classes},
		Nodes: []*fixed.Node{
			{Name: "conv_a", In: []*fixed.Value{x}, Out: a, Op: conv()},
			{Name: "conv_b", In: []*fixed.Value{x}, Out: b, Op: conv()},
			{Name: "join", In: []*fixed.Value{a, b}, Out: joined, Op: &fixed.Concat{}},
			{Name: "pool", In: []*fixed.Value{joined}, Out: pooled, Op: &fixed.MaxPool{fixed.Window{Kernel: two, Stride: two, Dilation: ones}}},
			{Name: "rescale", In: []*fixed.Value{pooled}, Out: scaled, Op: &fixed.Requant{fixed.Scale{Shift: []int{5, 5, 5, 5}, Rounding: fixed.HalfEven, Lo: -8, Hi: 7}}},
			{Name: "argmax", In: []*fixed.Value{scaled}, Out: classes, Op: &fixed.ArgMax{}},
		},
	}
}

func TestCheckPassesASoundNetwork(t *testing.T) {
	require.NoError(t, fixed.Check(chain()))
	require.NoError(t, fixed.Verify(chain()))
}

// Each case breaks the sound network in one way, and Check says so.
func TestCheckFindsEachFault(t *testing.T) {
	conv := func(n *fixed.Net) *fixed.Conv { return n.Nodes[0].Op.(*fixed.Conv) }
	for want, fault := range map[string]func(n *fixed.Net){
		"needs an input and an output":              func(n *fixed.Net) { n.Outputs = nil },
		`value name "a" is empty or taken`:          func(n *fixed.Net) { n.Nodes[1].Out.Name = "a" },
		`node name "conv_a" is empty or taken`:      func(n *fixed.Net) { n.Nodes[1].Name = "conv_a" },
		`node name "" is empty`:                     func(n *fixed.Net) { n.Nodes[1].Name = "" },
		"input 0 is not computed before":            func(n *fixed.Net) { n.Nodes[0], n.Nodes[2] = n.Nodes[2], n.Nodes[0] },
		"there is no output value":                  func(n *fixed.Net) { n.Nodes[5].Out = nil },
		"output 1 is computed by no node or listed": func(n *fixed.Net) { n.Outputs[1] = n.Outputs[0] },
		"output 0 is computed by no node":           func(n *fixed.Net) { n.Outputs[0] = &fixed.Value{Name: "stray"} },
		"result of node argmax is never used":       func(n *fixed.Net) { n.Outputs = n.Outputs[:1] },
		"shape is 0, not in 1":                      func(n *fixed.Net) { n.Inputs[0].Shape.C = 0 },
		"more than 2147483648 elements":             func(n *fixed.Net) { n.Inputs[0].Shape = fixed.Shape{1 << 20, 1 << 20, 1} },
		"number of bits is 33":                      func(n *fixed.Net) { n.Nodes[4].Out.Format = fixed.Format{Bits: 33, Signed: true} },
		"number of bits is 32":                      func(n *fixed.Net) { n.Nodes[5].Out.Format = fixed.Format{Bits: 32} },
		"number of bits is 1":                       func(n *fixed.Net) { n.Inputs[0].Format.Bits = 1 },
		"zero point is 256":                         func(n *fixed.Net) { n.Inputs[0].Zero = 256 },
		"bits of an input is 17":                    func(n *fixed.Net) { n.Inputs[0].Format.Bits = 17 },
		"a value that a concat reads is 20": func(n *fixed.Net) {
			for _, v := range []*fixed.Value{n.Nodes[0].Out, n.Nodes[1].Out, n.Nodes[2].Out, n.Nodes[3].Out} {
				v.Format.Bits = 20
			}
		},
		"it has no operator":                 func(n *fixed.Net) { n.Nodes[0].Op = nil },
		"2 inputs where 1 are wanted":        func(n *fixed.Net) { n.Nodes[0].In = append(n.Nodes[0].In, n.Inputs[0]) },
		"it changes shape":                   func(n *fixed.Net) { n.Nodes[4].Out.Shape.C = 5 },
		"it makes shape {1 3 2}":             func(n *fixed.Net) { n.Nodes[5].Out.Shape.H = 3 },
		"must be unsigned with zero point 0": func(n *fixed.Net) { n.Nodes[5].Out.Format.Signed = true },
		"and hold class 3":                   func(n *fixed.Net) { n.Nodes[5].Out.Zero = 1 },
		"differ in height or width": func(n *fixed.Net) {
			n.Nodes[2].In[0] = &fixed.Value{}
			n.Nodes[2].In[0] = n.Nodes[0].Out
			n.Nodes[1].Out.Shape.H = 5
		},
		"input b and the output differ":       func(n *fixed.Net) { n.Nodes[1].Out.Zero = 3 },
		"its inputs make {4 4 4}":             func(n *fixed.Net) { n.Nodes[2].Out.Shape.C = 3 },
		"kernel is 0":                         func(n *fixed.Net) { conv(n).Kernel[1] = 0 },
		"stride is 0":                         func(n *fixed.Net) { conv(n).Stride[0] = 0 },
		"dilation is -1":                      func(n *fixed.Net) { conv(n).Dilation[0] = -1 },
		"padding before is -1":                func(n *fixed.Net) { conv(n).Before[0] = -1 },
		"padding after is 1048577":            func(n *fixed.Net) { conv(n).After[0] = 1<<20 + 1 },
		"has size 4, its window makes 5 to 5": func(n *fixed.Net) { conv(n).Before[0] = 1 },
		"has size 4, its window makes 8 to": func(n *fixed.Net) {
			conv(n).Transposed, conv(n).Stride, conv(n).Kernel = true, [2]int{2, 2}, [2]int{2, 2}
		},
		"3 groups do not divide":                 func(n *fixed.Net) { conv(n).Group = 3 },
		"0 groups do not divide":                 func(n *fixed.Net) { conv(n).Group = 0 },
		"it has 3 weights, its shape wants":      func(n *fixed.Net) { conv(n).Weight = conv(n).Weight[:3] },
		"it has 1 biases for 2 channels":         func(n *fixed.Net) { conv(n).Bias = conv(n).Bias[:1] },
		"weight 1 is 8, not in -8 to 7":          func(n *fixed.Net) { conv(n).Weight[1] = 8 },
		"width of the weights is 17":             func(n *fixed.Net) { conv(n).WeightBits = 17 },
		"width of the bias is 49":                func(n *fixed.Net) { conv(n).BiasBits = 49 },
		"width of the accumulator is 1,":         func(n *fixed.Net) { conv(n).AccBits = 1 },
		"bias of channel 0 is 100, not in -64":   func(n *fixed.Net) { conv(n).BiasBits = 7 },
		"2 channels, 1 shifts and 2 multipliers": func(n *fixed.Net) { conv(n).Scale.Shift = []int{1} },
		"2 channels, 2 shifts and 1 multipliers": func(n *fixed.Net) { conv(n).Scale.Mult = []int64{1} },
		"width of the absent multiplier":         func(n *fixed.Net) { conv(n).Scale.Mult = nil },
		"width of the multiplier is 33":          func(n *fixed.Net) { conv(n).Scale.MultBits = 33 },
		"is wider than 62 bits":                  func(n *fixed.Net) { conv(n).AccBits = 46 },
		"shift of channel 1 is 64":               func(n *fixed.Net) { conv(n).Scale.Shift[1] = 64 },
		"multiplier of channel 0 is 65536":       func(n *fixed.Net) { conv(n).Scale.Mult[0] = 65536 },
		"clamps to 0 to 256":                     func(n *fixed.Net) { conv(n).Scale.Hi = 256 },
		"clamps to 9 to 8":                       func(n *fixed.Net) { conv(n).Scale.Lo, conv(n).Scale.Hi = 9, 8 },
		"rounding mode 2":                        func(n *fixed.Net) { conv(n).Scale.Rounding = 2 },
		"its window makes {4 3 2}":               func(n *fixed.Net) { n.Nodes[3].Op.(*fixed.MaxPool).After[0] = 2 },
		"lies in the padding alone": func(n *fixed.Net) {
			p := n.Nodes[3].Op.(*fixed.MaxPool)
			p.Before, p.After = [2]int{2, 2}, [2]int{0, 0}
			n.Nodes[3].Out.Shape, n.Nodes[4].Out.Shape = fixed.Shape{4, 3, 3}, fixed.Shape{4, 3, 3}
		},
		"its input and output differ in format": func(n *fixed.Net) { n.Nodes[3].Out.Zero = 1 },
	} {
		t.Run(want, func(t *testing.T) {
			n := chain()
			fault(n)
			assert.ErrorContains(t, fixed.Check(n), want)
		})
	}
}
