package graph

// lowerBatchNorm turns every batch normalisation into a 1x1 depthwise convolution.
func lowerBatchNorm(g *Graph) error {
	for _, n := range g.Nodes {
		bn, ok := n.Op.(*BatchNorm)
		if !ok {
			continue
		}
		c := len(bn.Gamma)
		conv := &Conv{Window: NewWindow(1, 1), Group: c, Out: c, Weight: make([]float32, c), Bias: make([]float32, c)}
		for i := range c {
			scale, shift := bn.Affine(i)
			conv.Weight[i], conv.Bias[i] = float32(scale), float32(shift)
		}
		n.Op = conv
	}
	return nil
}
