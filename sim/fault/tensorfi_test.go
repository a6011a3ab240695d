package fault

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// An index into a kernel of TensorFlow's is the same weight in the float network, and so is one of TFLite's in
// the integer network.
func TestTensorFI2Targets(t *testing.T) {
	s := loaded(t)
	resolve := func(text string) (*Draw, error) {
		c, err := Read("tfi.yaml", []byte(text))
		require.NoError(t, err)
		return Resolve(c, s.population(c), s.run)
	}
	learned := func(p *Population, number int) (st Store) {
		for _, st := range p.Stores {
			if st.Learned {
				if number == 0 {
					return st
				}
				number--
			}
		}
		return st
	}
	const head = "Target: layer_states\nMode: single\nType: bitflips\nAmount: 1\nBit: 30\nLayer: 0\n"
	kernel := learned(FloatParameters(s.graph), 0)
	require.Equal(t, "oihw", kernel.Axes)
	d, err := resolve(head + "Ind0: 2\nInd1: 1\nInd2: 5\nInd3: 3\n")
	require.NoError(t, err)
	require.EqualValues(t, 1, d.Len())
	assert.Equal(t, Fault{{Place: kernel.Name, Word: int64(((3*kernel.Dims[1]+5)*3+2)*3 + 1), Bit: 30}}, d.At(0))

	kernel = learned(Parameters(s.net), 0)
	d, err = resolve("Format: int8\n" + "Target: layer_states\nMode: single\nType: bitflips\nAmount: 1\nBit: 6\nLayer: 0\nInd0: 3\nInd1: 2\nInd2: 1\nInd3: 5\n")
	require.NoError(t, err)
	assert.Equal(t, Fault{{Place: kernel.Name, Word: int64(((3*kernel.Dims[1]+5)*3+2)*3 + 1), Bit: 6}}, d.At(0))

	_, err = resolve(head + "Ind0: 3\nInd1: 1\nInd2: 5\nInd3: 3\n")
	assert.ErrorContains(t, err, "tfi.yaml: line 10, column 7: select.element: "+learned(FloatParameters(s.graph), 0).Name+" has 3 places along axis h, and index 3 is given")
	_, err = resolve("Target: layer_states\nMode: single\nType: bitflips\nAmount: 1\nBit: N\nLayer: 0\nFormat: int32\n")
	assert.ErrorContains(t, err, "tfi.yaml: line 6, column 8: select.number: tensor 0 is "+kernel.Name+", which is not selected otherwise")
	_, err = resolve("Target: layer_states\nMode: single\nType: bitflips\nAmount: 1\nBit: N\nLayer: 400\n")
	assert.ErrorContains(t, err, "select.number: there are ")
}

// What that tool cannot do, or does in one layer alone: every mode, type and format draws what it says.
func TestTensorFI2Modes(t *testing.T) {
	s := loaded(t)
	for _, target := range []string{"layer_states", "layer_outputs"} {
		for _, mode := range []string{"single", "multiple"} {
			for _, kind := range []string{"bitflips\nBit: N", "bitflips\nBit: 7", "random", "zeros"} {
				for _, format := range []string{"fp32", "int8", "int32"} {
					text := "Target: " + target + "\nMode: " + mode + "\nType: " + kind + "\nAmount: 2\nFormat: " + format + "\nInjections: 40\n"
					c, err := Read("tfi.yaml", []byte(text))
					require.NoError(t, err, text)
					p := s.population(c)
					d, err := Resolve(c, p, s.run)
					require.NoError(t, err, text)
					require.EqualValues(t, 40, d.Len())
					struck := map[string]bool{}
					for _, f := range d.Faults(0, 1) {
						require.NoError(t, p.Check(f), text)
						var places []string
						for _, u := range f {
							places = append(places, u.Place)
							struck[u.Place] = true
						}
						slices.Sort(places)
						if mode == "single" {
							require.Len(t, slices.Compact(places), 1, text)
						}
					}
					if mode == "multiple" {
						require.Len(t, struck, len(d.Strata[0].parts), "each layer: %s", text)
					} else {
						require.Greater(t, len(struck), 1, "any layer: %s", text)
					}
				}
			}
		}
	}
}
