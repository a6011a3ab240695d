package campaign

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"

	"rampart/internal/driver"
	"rampart/internal/metrics"
)

// hasher is a digest of numbers.
type hasher struct{ hash.Hash }

func newDigest() hasher { return hasher{sha256.New()} }

func (h hasher) number(v uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], v)
	h.Write(b[:])
}

func (h hasher) sum() string { return hex.EncodeToString(h.Sum(nil)) }

// digest tells the images from others.
func (n *integers) digest() string {
	h := newDigest()
	for _, image := range n.images {
		for _, v := range image.Data {
			h.number(uint64(v))
		}
	}
	return h.sum()
}

// setLabels gives a setting the labels of the chosen images, and the digest of images and labels.
func setLabels(s *metrics.Setting, l *driver.Labels, chosen []int, images string) string {
	h := newDigest()
	h.Write([]byte(images))
	if l != nil {
		s.Ignore = l.Ignore()
		h.number(uint64(s.Ignore))
		for _, i := range chosen {
			s.Labels = append(s.Labels, l.Masks.Of(i)...)
		}
		h.Write(s.Labels)
	}
	h.number(uint64(s.Border))
	return h.sum()
}
