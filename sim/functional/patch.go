package functional

// Kind says which part of a node's computation a Patch changes.
type Kind uint8

// The kinds of patch. Index counts as the comments say.
const (
	Weight Kind = iota // Conv.Weight, [out][in/group][kh][kw]
	Bias               // Conv.Bias, the channel
	Mult               // Scale.Mult, the channel; Conv and Requant
	Shift              // Scale.Shift, the channel; Conv and Requant
	Input              // the tensor Node.In[Arg] as this node alone reads it, [channel][row][column]
	Output             // the tensor Node.Out, or a network input, as every reader sees it
	Low                // Clip.Lo, the channel
	High               // Clip.Hi, the channel
)

// Change is what happens to the bits of an integer: new = ((old | Set) &^ Clear) ^ Flip, within the
// integer's width and read in its own signedness afterwards.
type Change struct{ Flip, Set, Clear uint64 }

// Apply changes v, an integer of so many bits.
func (c Change) Apply(v int64, bits int, signed bool) int64 {
	u := (uint64(v)|c.Set)&^c.Clear ^ c.Flip
	k := 64 - bits
	if signed {
		return int64(u<<k) >> k
	}
	return int64(u << k >> k)
}

// Moment is a place in the raster order of a node's outputs: the pixel row*W+column, and within that
// pixel the channel.
type Moment struct{ Pixel, Channel int }

// Patch is one change to the computation of one frame. It holds for the outputs of the node from From up
// to and without To, in raster order, channels within a pixel; the zero To is the frame's end. So a weight
// that is struck in the middle of a frame hurts the pixels computed after. Output patches hold
// for the whole frame and take no moments. The change meets the value that is there, golden or already
// hurt by another patch upstream; the patches of one place take effect in their order in the list.
type Patch struct {
	Node     int // index into Net.Nodes; -1-i is network input i, with Output alone
	Kind     Kind
	Arg      int // the input, for Input
	Index    int
	Change   Change
	From, To Moment
}
