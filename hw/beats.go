package hw

import (
	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// Pack turns images of a stream's tensor into its beats, each packed into ceil(width/8) little-endian
// bytes; lanes that are padding hold zero.
func Pack(s *plan.Stream, images []*fixed.Tensor) []byte {
	t := beatType(s)
	size := t.Bytes()
	packed := make([]byte, len(images)*s.FrameBeats()*size)
	lanes := make([]int64, s.Lanes)
	pixels := s.Value.Shape.H * s.Value.Shape.W
	at := 0
	for _, img := range images {
		for px := range pixels {
			for b := 0; b < len(s.Layout); b += s.Lanes {
				for l := range lanes {
					if lanes[l] = 0; s.Layout[b+l] >= 0 {
						lanes[l] = int64(img.Data[s.Layout[b+l]*pixels+px])
					}
				}
				t.Pack(packed[at:at+size], lanes)
				at += size
			}
		}
	}
	return packed
}

// Unpack turns beats of a stream into the images that they complete. Short lists the channels, row and
// column that an unfinished last image lacks as zeros; whole is the number of complete images.
func Unpack(s *plan.Stream, packed []byte) (images []*fixed.Tensor, whole int) {
	t := beatType(s)
	size := t.Bytes()
	lanes := make([]int64, s.Lanes)
	pixels, beats := s.Value.Shape.H*s.Value.Shape.W, s.Beats()
	for n := 0; n < len(packed)/size; n++ {
		frame := n % s.FrameBeats()
		if frame == 0 {
			images = append(images, fixed.NewTensor(s.Value.Shape))
		}
		t.Unpack(lanes, packed[n*size:(n+1)*size])
		img := images[len(images)-1]
		for l, v := range lanes {
			if c := s.Layout[frame%beats*s.Lanes+l]; c >= 0 {
				img.Data[c*pixels+frame/beats] = int32(v)
			}
		}
	}
	return images, len(packed) / size / s.FrameBeats()
}
