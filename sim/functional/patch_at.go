package functional

import "rampart/ir/fixed"

// before tells whether m comes before (pixel, channel) or is that place.
func (m Moment) reached(pixel, channel int) bool {
	return pixel > m.Pixel || pixel == m.Pixel && channel >= m.Channel
}

// acts tells whether the patch holds for an output.
func (p *Patch) acts(pixel, channel int) bool {
	return p.From.reached(pixel, channel) && (p.To == Moment{} || !p.To.reached(pixel, channel))
}

// always tells whether the patch holds for the whole frame.
func (p *Patch) always() bool { return p.From == Moment{} && p.To == Moment{} }

// pixels is the range of pixels for which the patch holds in one channel, of so many.
func (p *Patch) pixels(channel, total int) (lo, hi int) {
	lo, hi = p.From.firstPixel(channel), total
	if p.To != (Moment{}) {
		hi = min(hi, p.To.firstPixel(channel))
	}
	return lo, hi
}

// firstPixel is the first pixel whose output of this channel does not come before m.
func (m Moment) firstPixel(channel int) int {
	if channel < m.Channel {
		return m.Pixel + 1
	}
	return m.Pixel
}

// coordinates takes apart an index into a value.
func coordinates(s fixed.Shape, index int) (c, y, x int) {
	return index / (s.H * s.W), index / s.W % s.H, index % s.W
}
