package result

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// A Parquet file has checksums of its pages, which readers leave out in part, and none of its end, which
// tells where the pages are; readers of damaged ends crash. So the file has a seal: among the key/value
// metadata, a CRC-32C of the whole file as it is with 0 digits in the place of the seal.
const (
	sealKey    = keyPrefix + "checksum"
	sealDigits = 8
)

// sealMark is what stands before the seal's digits: Parquet's metadata are in Thrift's compact protocol, in
// which the key is followed by the next field's header and the value's length.
var sealMark = append([]byte(sealKey), 0x18, sealDigits)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealAt finds the seal's digits.
func sealAt(end []byte) (int, bool) {
	at := bytes.Index(end, sealMark)
	return at + len(sealMark), at >= 0 && at+len(sealMark)+sealDigits <= len(end)
}

// sealer passes on what is written, and holds back the end for the seal.
type sealer struct {
	w       io.Writer
	sum     uint32
	holding bool
	end     []byte
}

func (s *sealer) Write(b []byte) (int, error) {
	if s.holding {
		s.end = append(s.end, b...)
		return len(b), nil
	}
	n, err := s.w.Write(b)
	s.sum = crc32.Update(s.sum, castagnoli, b[:n])
	return n, err
}

// hold begins the end, and gives what is to be written in the place of the seal.
func (s *sealer) hold() string {
	s.holding = true
	return fmt.Sprintf("%0*d", sealDigits, 0)
}

// close seals and writes the end.
func (s *sealer) close() error {
	at, ok := sealAt(s.end)
	if !ok {
		panic("BUG: result: the Parquet file has no place for its checksum")
	}
	copy(s.end[at:], fmt.Sprintf("%08x", crc32.Update(s.sum, castagnoli, s.end)))
	_, err := s.w.Write(s.end)
	return err
}

// verify refuses a Parquet file that is not as it was written.
func verify(path string, file io.ReaderAt, size int64) error {
	short := damaged(path, "its end is missing, as of a file that was cut off")
	var tail [8]byte
	if size < 12 {
		return short
	}
	if _, err := file.ReadAt(tail[:], size-8); err != nil {
		return unreadable(path, err)
	}
	n := int64(binary.LittleEndian.Uint32(tail[:4]))
	if string(tail[4:]) != "PAR1" || n > size-12 {
		return short
	}
	end := make([]byte, n)
	if _, err := file.ReadAt(end, size-8-n); err != nil {
		return unreadable(path, err)
	}
	at, ok := sealAt(end)
	if !ok {
		return foreign(path)
	}
	was := string(end[at : at+sealDigits])
	copy(end[at:], fmt.Sprintf("%0*d", sealDigits, 0))
	rows := crc32.New(castagnoli)
	if _, err := io.Copy(rows, io.NewSectionReader(file, 0, size-8-n)); err != nil {
		return unreadable(path, err)
	}
	if sum := crc32.Update(rows.Sum32(), castagnoli, append(end, tail[:]...)); fmt.Sprintf("%08x", sum) != was {
		return damaged(path, "its checksum is another")
	}
	return nil
}
