package sample_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"rampart/sim/fault/sample"
)

// resnet20 is the weights of each layer as the published study counts them: one of the five layers of 9,216
// stands in it with 10 more, without which neither its sums nor its population of 17,174,144 come out.
var resnet20 = []int64{432, 2304, 2304, 2304, 2304, 2304, 2304, 4608, 9226, 9216, 9216, 9216, 9216, 18432, 36864, 36864, 36864, 36864, 36864, 640}

// Ruospo et al., "Assessing convolutional neural networks reliability through statistical fault injections"
// (DATE 2023): each bit of 32 stuck at 0 and at 1, e = 1 %, 99 %.
func TestPublishedSizesOfResNet20(t *testing.T) {
	m := sample.Margin{E: 0.01, T: 2.58, P: 0.5}
	var layers, bits []int64
	population, perLayer, perBit := int64(0), int64(0), int64(0)
	for _, w := range resnet20 {
		layers, bits = append(layers, m.Faults(w*32*2)), append(bits, m.Faults(w*2))
		population += w * 32 * 2
		perLayer += m.Faults(w * 32 * 2)
		perBit += 32 * m.Faults(w*2)
	}
	assert.Equal(t, []int64{10389, 14954}, layers[:2])
	assert.Equal(t, []int64{821, 3609}, bits[:2])
	assert.EqualValues(t, 17_174_144, population)
	assert.EqualValues(t, 307_650, perLayer)
	assert.EqualValues(t, 4_885_760, perBit)
}

// Ruospo et al., "An effective iterative statistical fault injection methodology" (IEEE TC 2025).
func TestPublishedSizeOfOneStep(t *testing.T) {
	assert.EqualValues(t, 16_590, sample.Margin{E: 0.01, T: 2.576, P: 0.5}.Faults(0))
}

// unet lists the tensors of a U-Net of 25 bands and 6 classes with 32 to 1024 filters: kernels, biases, and
// where normalisations are not folded their gammas and betas.
func unet() (kernels, biases, norms []int64) {
	conv := func(kernel, in, out int64, norm bool) {
		kernels, biases = append(kernels, kernel*kernel*in*out), append(biases, out)
		if norm {
			norms = append(norms, out, out)
		}
	}
	widths, in := []int64{32, 64, 128, 256, 512, 1024}, int64(25)
	for _, w := range widths {
		conv(3, in, w, true)
		conv(3, w, w, true)
		in = w
	}
	for i := len(widths) - 2; i >= 0; i-- {
		w := widths[i]
		conv(2, in, w, false)
		conv(3, 2*w, w, true)
		conv(3, w, w, true)
		in = w
	}
	conv(1, in, 6, false)
	return kernels, biases, norms
}

// The sizes of the campaigns on U-Net 5_3_32 of Gutierrez-Zaballa et al. (arXiv 2412.03630). They are sums
// of sizes that are rounded once, as a sum.
func TestPublishedSizesOfUNet(t *testing.T) {
	kernels, biases, norms := unet()
	all := append(append(append([]int64{}, kernels...), biases...), norms...)
	parameters := int64(0)
	for _, n := range all {
		parameters += n
	}
	assert.EqualValues(t, 31_113_030, parameters)
	assert.Len(t, all, 100)
	for _, c := range []struct {
		m                            sample.Margin
		float, integer, floatPerBits float64
	}{
		{sample.Margin{E: 0.05, T: 1.96, P: 0.5}, 35_196, 20_038, 617_158},
		{sample.Margin{E: 0.01, T: 1.96, P: 0.5}, 513_243, 347_820, 7_643_074},
		{sample.Margin{E: 0.01, T: 2.576, P: 0.5}, 770_031, 549_114, 12_015_150},
	} {
		sum := func(tensors []int64, bits int64) float64 {
			n := 0.0
			for _, w := range tensors {
				n += c.m.Size(w * bits)
			}
			return n
		}
		assert.Equal(t, c.float, math.Round(sum(all, 32)), "float, by tensor")
		assert.Equal(t, c.integer, math.Round(sum(kernels, 8)+sum(biases, 32)), "int8, by tensor")
		assert.Equal(t, c.floatPerBits, math.Round(32*sum(all, 1)), "float, by tensor and bit")
	}
}

func TestSizesAtTheEdges(t *testing.T) {
	m := sample.Margin{E: 0.01, T: sample.Quantile(0.95), P: 0.5}
	assert.InDelta(t, 1.959964, m.T, 1e-6)
	assert.EqualValues(t, 1, m.Faults(1))
	assert.EqualValues(t, 10, m.Faults(10))
	assert.EqualValues(t, 1, sample.Margin{E: 0.01, T: 1.96, P: 0}.Faults(1000), "a share known to be 0")
	assert.EqualValues(t, 9604, m.Faults(1<<60), "a huge population is as one without bound")
	assert.LessOrEqual(t, m.Faults(5_000), int64(5_000))
}
