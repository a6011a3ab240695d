package functional

// SetFew sets how many changed pixels of a convolution's input go one by one: small networks would not see the
// other way.
func (e *Engine) SetFew(n int) { e.few = n }
