package kernel

func packAVX512(to []uint8, toStep int, now, was []int16, step, channels, pixels int) bool {
	checkPack(to, toStep, now, was, step, channels, pixels)
	if channels == 0 || pixels == 0 {
		return true
	}
	if step == channels && toStep == channels { // one long pixel
		channels, pixels = channels*pixels, 1
	}
	return pack512(first(to), toStep, first(now), first(was), 2*step, channels, pixels) == 0
}

// A bytesTile computes so many tiles of neighbouring pixels; accStep is in bytes and n is not 0.
type bytesTile func(acc *int32, accStep int, x *uint8, step int, offs *int32, n int, w *int8, start *int32, tiles int)

// Number i is for tiles of i+1 pixels.
var (
	oneBlockBytes = [...]bytesTile{
		bytes512x1x1, bytes512x2x1, bytes512x3x1, bytes512x4x1, bytes512x5x1, bytes512x6x1,
		bytes512x7x1, bytes512x8x1, bytes512x9x1, bytes512x10x1, bytes512x11x1, bytes512x12x1,
	}
	twoBlocksBytes = [...]bytesTile{
		bytes512x1x2, bytes512x2x2, bytes512x3x2, bytes512x4x2, bytes512x5x2, bytes512x6x2,
		bytes512x7x2, bytes512x8x2, bytes512x9x2, bytes512x10x2, bytes512x11x2, bytes512x12x2,
	}
)

func denseBytesAVX512(acc []int32, x []uint8, step int, offs []int32, w []int8, start []int32, pixels, blocks int) {
	checkDenseBytes(acc, x, step, offs, w, start, pixels, blocks)
	if pixels == 0 || blocks == 0 || len(offs) == 0 {
		denseBytesGo(acc, x, step, offs, w, start, pixels, blocks)
		return
	}
	for b := 0; b < blocks; b += 2 {
		tiles := twoBlocksBytes[:]
		if b+1 == blocks {
			tiles = oneBlockBytes[:]
		}
		large, size, small := tiling(pixels, len(tiles))
		run := func(p, size, count int) {
			if count > 0 {
				tiles[size-1](&acc[(p*blocks+b)*Lanes], blocks*Lanes*4, first(x[p*step:]), step, first(offs), len(offs), &w[b*len(offs)*Lanes*4], &start[b*Lanes], count)
			}
		}
		run(0, size, large)
		run(large*size, size-1, small)
	}
}

// tiling covers pixels, of which there are some, by tiles of nearly one size, for a small one takes longer than its
// share: so many large ones of a size, then small ones of a pixel less.
func tiling(pixels, most int) (large, size, small int) {
	count := (pixels + most - 1) / most
	size = (pixels + count - 1) / count
	large = pixels - (size-1)*count
	return large, size, count - large
}
