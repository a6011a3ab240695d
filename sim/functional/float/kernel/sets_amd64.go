package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run ./asm .

// assembly lists the sets of the instructions that this CPU has and the operating system saves. What is not
// arithmetic on many operands is bound by memory, so that wider vectors than those of AVX2 gain nothing.
func assembly() []*Set {
	x := &cpu.X86
	if !x.HasAVX || !x.HasAVX2 || !x.HasPOPCNT {
		return nil
	}
	set := func(name string, block int, conv func(y, x []float32, a Area, taps *Taps, w, bias []float32)) *Set {
		return &Set{
			Name: name, Block: block,
			Conv: conv, Affine: affineAVX, Relu: reluAVX, Max: maxAVX, ArgMax: argMaxAVX,
			First: firstAVX, Last: lastAVX, Count: countAVX, NonFinite: nonFiniteAVX,
		}
	}
	var sets []*Set
	if x.HasBMI2 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
		sets = append(sets, set("avx512", len(conv512), convAVX512))
	}
	return append(sets, set("avx2", len(conv256), convAVX2))
}

// first is where v begins. The assembly does not look at the length.
func first[T any](v []T) *T { return unsafe.SliceData(v) }

// A convTile computes so many tiles one below the other; its steps are in bytes, n and tiles are not 0.
type convTile func(y *float32, yRow, yPlane int, x *float32, xRow int, offs *int32, n int, w, bias *float32, tiles, lanes int)

// Element [c][r] is for c+1 channels and tiles of r+1 rows.
var (
	conv512 = [4][Tile]convTile{
		{conv512x1x1, conv512x2x1, conv512x3x1, conv512x4x1, conv512x5x1, conv512x6x1},
		{conv512x1x2, conv512x2x2, conv512x3x2, conv512x4x2, conv512x5x2, conv512x6x2},
		{conv512x1x3, conv512x2x3, conv512x3x3, conv512x4x3, conv512x5x3, conv512x6x3},
		{conv512x1x4, conv512x2x4, conv512x3x4, conv512x4x4, conv512x5x4, conv512x6x4},
	}
	conv256 = [2][Tile]convTile{
		{conv256x1x1, conv256x2x1, conv256x3x1, conv256x4x1, conv256x5x1, conv256x6x1},
		{conv256x1x2, conv256x2x2, conv256x3x2, conv256x4x2, conv256x5x2, conv256x6x2},
	}
)

func convAVX512(y, x []float32, a Area, taps *Taps, w, bias []float32) {
	checkConv(y, x, a, taps, w, bias)
	checkSizes("conv", len(conv512)-len(bias))
	convTiles(&conv512[len(bias)-1], 16, y, x, a, taps, w, bias)
}

func convAVX2(y, x []float32, a Area, taps *Taps, w, bias []float32) {
	checkConv(y, x, a, taps, w, bias)
	checkSizes("conv", len(conv256)-len(bias))
	convTiles(&conv256[len(bias)-1], 8, y, x, a, taps, w, bias)
}

// convTiles goes down the area in columns as wide as a vector. Tiles of nearly one size cover the rows, for a
// small one takes longer than its share.
func convTiles(tiles *[Tile]convTile, lanes int, y, x []float32, a Area, taps *Taps, w, bias []float32) {
	if a.Rows == 0 || a.Cols == 0 {
		return
	}
	if taps.Len() == 0 {
		convGo(y, x, a, taps, w, bias)
		return
	}
	count := (a.Rows + len(tiles) - 1) / len(tiles)
	size := (a.Rows + count - 1) / count
	large := a.Rows - (size-1)*count // the others have a row less
	run := func(r, c, size, count int) {
		tiles[size-1](&y[r*a.YRow+c], 4*a.YRow, 4*a.YPlane, &x[r*a.XRow+c], 4*a.XRow,
			first(taps.offs), taps.Len(), first(w), first(bias), count, min(lanes, a.Cols-c))
	}
	for c := 0; c < a.Cols; c += lanes {
		run(0, c, size, large)
		if large < count {
			run(large*size, c, size-1, count-large)
		}
	}
}

func affineAVX(y, x []float32, scale, shift float64) {
	checkSame("affine", y, x)
	affine(first(y), first(x), len(x), scale, shift)
}

func reluAVX(y, x []float32) {
	checkSame("relu", y, x)
	relu(first(y), first(x), len(x))
}

func maxAVX(y, x []float32) {
	checkSame("max", y, x)
	maximum(first(y), first(x), len(x))
}

func argMaxAVX(class []int32, x []float32, step, channels int) {
	checkArgMax(class, x, step, channels)
	argMax(first(class), first(x), len(class), 4*step, channels)
}

func firstAVX(a, b []float32) int {
	checkSame("first", a, b)
	return min(firstDiff(first(a), first(b), len(a)), len(a))
}

func lastAVX(a, b []float32) int {
	checkSame("last", a, b)
	whole := len(a) &^ 7
	if i := lastGo(a[whole:], b[whole:]); i >= 0 {
		return whole + i
	}
	return max(lastDiff(first(a), first(b), whole), -1)
}

func countAVX(a, b []float32) int {
	checkSame("count", a, b)
	return countDiff(first(a), first(b), len(a))
}

func nonFiniteAVX(x []float32) (nan, inf int) { return nonFinite(first(x), len(x)) }
