package functional

// SetFew sets how many changed pixels of a convolution's input go one by one: small networks would not see the
// other way.
func (e *Engine) SetFew(n int) { e.few = n }

// LoosenTail lets changes sway scores further, by so much, than is proved to have no effect. It tells how many steps
// of a tail there are.
func (w *Worker) LoosenTail(by int) int {
	t := w.e.tail
	if t == nil {
		return 0
	}
	w.judge(t)
	for i, limits := range w.verdict.limits {
		for k := range limits {
			limits[k] += int32(by << t.steps[i].bits)
		}
	}
	return len(t.steps)
}
