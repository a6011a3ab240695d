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

// scaleConv applies bn to the output channels of op; false if op is no convolution.
func scaleConv(op Op, bn *BatchNorm) bool {
	switch c := op.(type) {
	case *Conv:
		per := len(c.Weight) / c.Out
		scaleChannels(c.Weight, &c.Bias, c.Out, bn, func(i int) int { return i / per })
	case *ConvTranspose:
		kernel := c.Kernel[0] * c.Kernel[1]
		perOut := c.Out / c.Group
		perGroup := len(c.Weight) / c.Group
		scaleChannels(c.Weight, &c.Bias, c.Out, bn, func(i int) int { return i/perGroup*perOut + i/kernel%perOut })
	default:
		return false
	}
	return true
}

// scaleChannels scales weights and bias; channel gives a weight's output channel.
func scaleChannels(weight []float32, bias *[]float32, out int, bn *BatchNorm, channel func(int) int) {
	if *bias == nil {
		*bias = make([]float32, out)
	}
	for i, w := range weight {
		scale, _ := bn.affine(channel(i))
		weight[i] = float32(float64(w) * scale)
	}
	for c, b := range *bias {
		scale, shift := bn.affine(c)
		(*bias)[c] = float32(float64(b)*scale + shift)
	}
}
