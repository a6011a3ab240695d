package kernel

func swayAVX512(s []int32, now, was []int16, step, pixels int, by []int16) {
	checkSway(s, now, was, step, pixels, by)
	if pixels == 0 || len(by) == 0 {
		clear(s[:pixels])
		return
	}
	if len(by) == 8 && step == 8 {
		if whole := pixels &^ 3; whole > 0 {
			sway512x4(first(s), first(now), first(was), whole/4, first(by))
			s, now, was, pixels = s[whole:], now[whole*step:], was[whole*step:], pixels-whole
		}
	}
	if pixels > 0 {
		sway512(first(s), first(now), first(was), 2*step, pixels, first(by), len(by))
	}
}

func exceedAVX512(mask []uint64, s []int32, row, height, width int, limit []int32) bool {
	checkExceed(mask, s, row, height, width, limit)
	clear(mask[:(len(limit)+63)/64])
	if len(limit) == 0 || height == 0 || width == 0 {
		return exceedGo(mask, s, row, height, width, limit)
	}
	return exceed512(first(mask), first(s), 4*row, height, width, first(limit), len(limit)) != 0
}
