package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/nettest"
	"rampart/ir/fixed"
	"rampart/ir/graph"
	"rampart/ir/rtl"
)

// every calls visit with the populations of the embedded network.
func every(t *testing.T, visit func(name string, p *Population)) {
	s := loaded(t)
	for _, space := range []Space{HardwareSpace, ParameterSpace, ActivationSpace} {
		for _, format := range []Format{Fixed, FP32} {
			if space != HardwareSpace || format == Fixed {
				visit(string(format)+" "+string(space), s.population(&Campaign{Space: space, Format: format}))
			}
		}
	}
}

func TestNumbersOfBits(t *testing.T) {
	every(t, func(name string, p *Population) {
		step := max(1, p.Bits()/2000)
		last := Site{}
		for i := int64(0); i < p.Bits(); i += step {
			s := p.Site(i)
			require.Equal(t, i, p.Index(s), name)
			st := p.Stores[s.Store]
			require.True(t, s.Word >= 0 && s.Word < st.Words && s.Bit >= 0 && s.Bit < st.Bits, "%s: %+v", name, s)
			u := p.Place(s)
			u.When = When{}
			if p.Space == HardwareSpace {
				u.When.Kind = Cycle
			}
			require.NoError(t, p.Check(Fault{u}), name)
			last = s
		}
		end := p.Site(p.Bits() - 1)
		st := p.Stores[len(p.Stores)-1]
		assert.Equal(t, Site{len(p.Stores) - 1, st.Words - 1, st.Bits - 1}, end, name)
		assert.LessOrEqual(t, last.Store, end.Store)
	})
}

func TestHardwareIsAllState(t *testing.T) {
	s := loaded(t)
	p := Hardware(s.hardware.Design, s.hardware.Map, nil)
	bits, kinds, constants := int64(0), map[string]int64{}, map[string]bool{}
	for _, st := range s.hardware.Design.States() {
		bits += st.Bits()
	}
	assert.Equal(t, bits, p.Bits())
	for _, st := range p.Stores {
		kinds[st.Kind] += st.Words * int64(st.Bits)
		constants[st.Kind] = constants[st.Kind] || st.Constant
		assert.NotEmpty(t, st.Layer, st.Name)
		assert.Equal(t, st.Register, st.Tensor == "", st.Name)
	}
	assert.Len(t, kinds, 7, "weights, bias, requant, line, fifo, skip, register: %v", kinds)
	for kind, constant := range constants {
		assert.Equal(t, kind == string(rtl.MemWeights) || kind == string(rtl.MemBias) || kind == string(rtl.MemRequant), constant, kind)
	}
	i, ok := p.Find("enc_1_0.weights")
	require.True(t, ok)
	weights := p.Stores[i]
	assert.Equal(t, "/enc.1/enc.1.0/Conv.weight", weights.Tensor)
	assert.Equal(t, "/enc.1/enc.1.0/Conv", weights.Layer)
	assert.Equal(t, 8, weights.Lane, "a word holds several weights of 8 bits")
	assert.Greater(t, weights.Bits, 8)
}

func TestParametersAreAllThatTheNetworkHolds(t *testing.T) {
	s := loaded(t)
	want := int64(0)
	for _, n := range s.net.Nodes {
		if c, ok := n.Op.(*fixed.Conv); ok {
			want += int64(len(c.Weight)*c.WeightBits + len(c.Bias)*c.BiasBits + len(c.Scale.Mult)*c.Scale.MultBits)
		}
	}
	p, shifts := Parameters(s.net), int64(0)
	for _, st := range p.Stores {
		if st.Kind == "shift" {
			shifts += st.Words * int64(st.Bits)
		}
	}
	assert.Equal(t, want+shifts, p.Bits())

	learned := int64(0)
	kinds := map[string]bool{}
	f := FloatParameters(s.graph)
	for _, st := range f.Stores {
		assert.Equal(t, 32, st.Bits)
		if kinds[st.Kind] = true; st.Learned {
			learned += st.Words
		}
	}
	assert.Equal(t, graph.Describe(s.graph).Parameters, learned)
	assert.Equal(t, map[string]bool{"weight": true, "bias": true, "gamma": true, "beta": true, "mean": true, "var": true}, kinds)
}

// Networks with any names, widths and operators have populations.
func TestPopulationsOfRandomNetworks(t *testing.T) {
	for seed := range uint64(30) {
		net := nettest.New(seed).Net(6)
		net.Nodes[0].Name = "an odd + name@[1].2"
		for _, p := range []*Population{Parameters(net), Activations(net)} {
			for i := int64(0); i < p.Bits(); i += max(1, p.Bits()/50) {
				u := p.Place(p.Site(i))
				f, err := Parse(u.String())
				require.NoError(t, err)
				require.NoError(t, p.Check(f))
				assert.Equal(t, i, p.Index(p.Site(i)))
			}
		}
		for _, st := range Activations(net).Stores {
			assert.Less(t, st.Zero, uint64(1)<<st.Bits)
		}
	}
}

func TestFaultsThatAreNotThere(t *testing.T) {
	s := loaded(t)
	hardware, parameters := Hardware(s.hardware.Design, s.hardware.Map, nil), FloatParameters(s.graph)
	name := parameters.Stores[0].Name
	for text, why := range map[string]string{
		"enc_1_0.weight[19].7@0":          "there is no such memory or register; memory_map.json lists",
		"enc_1_0.weights[190000].7@0":     "enc_1_0.weights has",
		"enc_1_0.weights[19].7000@0":      "bits; give one from 0 to",
		"enc_1_0.weights.7@0":             "has words; give one",
		"dec_1_0.window.out_y[0].2@0":     "is a register; leave out the word",
		"dec_1_0.window.lines[0].2@start": "is written while the network runs; give a cycle",
		"enc_1_0.weight[19].7":            "it strikes a tensor, and the campaign strikes hardware",
	} {
		f, err := Parse(text)
		require.NoError(t, err)
		assert.ErrorContains(t, hardware.Check(f), why, text)
	}
	for text, why := range map[string]string{
		"nowhere.weight[0].1":    "there is no such tensor",
		name + "[0].32":          "32 bits",
		name + "[0]=0x123456789": "does not fit in 32 bits",
		name + "[9999999:1]=0x0": "give no more",
		"a.weights[0].1@5":       "it strikes hardware, and the campaign does not",
	} {
		f, err := Parse(text)
		require.NoError(t, err)
		assert.ErrorContains(t, parameters.Check(f), why, text)
	}
	f, err := Parse("x.weight[0]=unit/1")
	require.NoError(t, err)
	assert.ErrorContains(t, NewPopulation(ParameterSpace, Fixed, []Store{{Name: "x.weight", Words: 1, Bits: 8, Lane: 8}}).Check(f), "only floats")
}

// A kernel's element is the same one in every order of its axes.
func TestOrdersOfAxes(t *testing.T) {
	conv := Store{Name: "c.weight", Words: 2 * 3 * 4 * 5, Dims: []int{2, 3, 4, 5}, Axes: "oihw"}
	turned := Store{Name: "t.weight", Words: 2 * 3 * 4 * 5, Dims: []int{2, 3, 4, 5}, Axes: "iohw", Turned: true}
	bias := Store{Name: "c.bias", Words: 7, Dims: []int{7}}
	at := func(s Store, order ElementOrder, index ...int64) int64 {
		n, err := (&Element{order, index}).word(&s)
		require.NoError(t, err)
		return n
	}
	want := int64(((1*3+2)*4+3)*5 + 4)
	assert.Equal(t, want, at(conv, TF, 3, 4, 2, 1), "height, width, in, out")
	assert.Equal(t, want, at(conv, TFLite, 1, 3, 4, 2), "out, height, width, in")
	assert.Equal(t, want, at(turned, TF, 3, 4, 2, 1), "height, width, out, in: in 1, out 2")
	assert.Equal(t, want, at(turned, TFLite, 2, 3, 4, 1))
	assert.Equal(t, want, at(conv, Flat, want))
	assert.EqualValues(t, 6, at(bias, TF, 6))
	for _, bad := range []Element{{TF, []int64{4, 0, 0, 0}}, {TF, []int64{0}}, {Flat, []int64{120}}} {
		_, err := bad.word(&conv)
		assert.ErrorContains(t, err, "c.weight has")
	}
	_, err := (&Element{TF, []int64{0, 0, 0, 0}}).word(&bias)
	assert.ErrorContains(t, err, "c.bias has 1 axes")
}
