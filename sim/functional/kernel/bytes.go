package kernel

func packGo(to []uint8, toStep int, now, was []int16, step, channels, pixels int) bool {
	checkPack(to, toStep, now, was, step, channels, pixels)
	fit := true
	for p := range pixels {
		a, b := now[p*step:][:channels], was[p*step:][:channels]
		for c, v := range a {
			d := v - b[c] + 128 // what wraps is not within a byte: differences have 17 bits
			fit = fit && uint16(d) < 256 && int32(v)-int32(b[c])+128 == int32(d)
			to[p*toStep+c] = uint8(d)
		}
	}
	return fit
}

func denseBytesGo(acc []int32, x []uint8, step int, offs []int32, w []int8, start []int32, pixels, blocks int) {
	checkDenseBytes(acc, x, step, offs, w, start, pixels, blocks)
	for p := range pixels {
		for b := range blocks {
			sum := acc[(p*blocks+b)*Lanes:][:Lanes]
			copy(sum, start[b*Lanes:])
			for s, off := range offs {
				in := (*[4]uint8)(x[p*step+int(off):])
				row := w[(b*len(offs)+s)*Lanes*4:][:4*Lanes]
				for l := range sum {
					for i, v := range in {
						sum[l] += int32(v) * int32(row[4*l+i])
					}
				}
			}
		}
	}
}
