package fixed

// Alarmed tells whether a node can raise an alarm: a convolution with a checksum, a Vote, a Clip with Flag.
func Alarmed(n *Node) bool {
	switch op := n.Op.(type) {
	case *Conv:
		return op.Checksum
	case *Clip:
		return op.Flag
	case *Vote:
		return true
	}
	return false
}

// Raised tells where a node that can raise an alarm does so: 1 at each element of its output for which it found
// something wrong, else 0. A Clip finds numbers outside its bounds, a Vote copies that differ; a convolution's
// checksum finds nothing without an upset. It is nil for a node that has no alarm.
func Raised(n *Node, in []*Tensor) *Tensor {
	if !Alarmed(n) {
		return nil
	}
	alarm := NewTensor(n.Out.Shape)
	set := func(c, i int, wrong bool) {
		if wrong {
			alarm.Plane(c)[i] = 1
		}
	}
	switch op := n.Op.(type) {
	case *Clip:
		for c := range alarm.Shape.C {
			for i, x := range in[0].Plane(c) {
				set(c, i, op.Apply(c, int64(x)) != int64(x))
			}
		}
	case *Vote:
		for c, voters := range op.Voters(alarm.Shape.C) {
			first := in[0].Plane(c)
			for _, v := range voters[1:] {
				for i, x := range in[0].Plane(v) {
					set(c, i, x != first[i])
				}
			}
		}
	}
	return alarm
}
