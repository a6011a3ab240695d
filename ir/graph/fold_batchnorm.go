package graph

// foldBatchNorm multiplies a batch normalisation into the weights and bias of the convolution or
// transposed convolution before it, in float64. It needs the convolution's output for itself alone: with
// another user, or as an output of the network, the value before the normalisation must stay.
//
//	BN(w*x + b) = (scale*w)*x + (scale*b + shift)
func foldBatchNorm(g *Graph) error {
	by, uses := g.producers(), g.uses()
	gone := map[*Node]bool{}
	for _, n := range g.Nodes {
		bn, ok := n.Op.(*BatchNorm)
		if !ok {
			continue
		}
		conv := by[n.In[0]]
		if conv == nil || uses[n.In[0]] != 1 || g.isOutput(n.In[0]) || !scaleConv(conv.Op, bn) {
			continue
		}
		conv.Out = n.Out
		by[n.Out] = conv // a second normalisation folds into the same convolution
		gone[n] = true
	}
	g.remove(gone)
	return nil
}

// scaleConv applies bn to the output channels of op; false if op is no convolution. The weights are new
// slices, because other operators may hold the old ones.
func scaleConv(op Op, bn *BatchNorm) bool {
	switch c := op.(type) {
	case *Conv:
		per := len(c.Weight) / c.Out
		c.Weight = scaled(c.Weight, bn, func(i int) int { return i / per })
		c.Bias = shifted(c.Bias, bn)
	case *ConvTranspose:
		kernel, perOut, perGroup := c.Kernel[0]*c.Kernel[1], c.Out/c.Group, len(c.Weight)/c.Group
		c.Weight = scaled(c.Weight, bn, func(i int) int { return i/perGroup*perOut + i/kernel%perOut })
		c.Bias = shifted(c.Bias, bn)
	default:
		return false
	}
	return true
}

// scaled multiplies each weight by the scale of its output channel, which channel gives.
func scaled(weight []float32, bn *BatchNorm, channel func(int) int) []float32 {
	out := make([]float32, len(weight))
	for i, w := range weight {
		scale, _ := bn.Affine(channel(i))
		out[i] = float32(float64(w) * scale)
	}
	return out
}

// shifted normalises a bias, nil for none.
func shifted(bias []float32, bn *BatchNorm) []float32 {
	out := make([]float32, len(bn.Gamma))
	for c := range out {
		scale, shift := bn.Affine(c)
		if bias != nil {
			shift += float64(float64(bias[c]) * scale)
		}
		out[c] = float32(shift)
	}
	return out
}
