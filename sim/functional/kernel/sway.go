package kernel

// swayGo and exceedGo belong to the set "go".
func swayGo(s []int32, now, was []int16, step, pixels int, by []int16) {
	checkSway(s, now, was, step, pixels, by)
	for p := range pixels {
		a, b, sum := now[p*step:][:len(by)], was[p*step:][:len(by)], int32(0)
		for c, v := range a {
			d := int32(v) - int32(b[c])
			sum += max(d, -d) * int32(by[c])
		}
		s[p] = sum
	}
}

func exceedGo(mask []uint64, s []int32, row, height, width int, limit []int32) bool {
	checkExceed(mask, s, row, height, width, limit)
	clear(mask[:(len(limit)+63)/64])
	found := false
	for p, most := range limit {
		sum := int32(0)
		for y := range height {
			for _, v := range s[y*row+p:][:width] {
				sum += v
			}
		}
		if sum > most {
			mask[p/64] |= 1 << (p % 64)
			found = true
		}
	}
	return found
}
