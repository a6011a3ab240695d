package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// A frame is the record's length and a CRC-32C of that length and the record, 4 bytes each, little-endian,
// then the record.
const (
	frameHead = 8
	// MaxRecord bounds a record, so that a damaged length is not taken for memory to be had.
	MaxRecord = 1 << 28
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(length, record []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, record)
}

// frame puts the head before a record.
func frame(record []byte) []byte { return AppendFrame(make([]byte, 0, frameHead+len(record)), record) }

// AppendFrame appends a record in its frame. Records are not empty.
func AppendFrame(b, record []byte) []byte {
	if len(record) > MaxRecord {
		panic("BUG: journal: a record above MaxRecord")
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(record)))
	b = binary.LittleEndian.AppendUint32(b, checksum(b[len(b)-4:], record))
	return append(b, record...)
}

// Scanner reads frames one by one, to the first that is damaged or not whole.
type Scanner struct {
	r      io.Reader
	left   int64
	done   int64
	record []byte
	err    error
}

// NewScanner reads frames from so many bytes.
func NewScanner(r io.Reader, size int64) *Scanner { return &Scanner{r: r, left: size} }

// Scan goes to the next record. It gives false at the end, at the first damaged frame, and at an error of
// the reader.
func (s *Scanner) Scan() bool {
	var head [frameHead]byte
	if s.err != nil || s.left < frameHead || !s.read(head[:]) {
		return false
	}
	n := int64(binary.LittleEndian.Uint32(head[:]))
	if n == 0 || n > MaxRecord || n > s.left-frameHead {
		s.left = 0
		return false
	}
	if int64(cap(s.record)) < n {
		s.record = make([]byte, n)
	}
	s.record = s.record[:n]
	if !s.read(s.record) {
		return false
	}
	if checksum(head[:4], s.record) != binary.LittleEndian.Uint32(head[4:]) {
		s.left = 0
		return false
	}
	s.left -= frameHead + n
	s.done += frameHead + n
	return true
}

func (s *Scanner) read(b []byte) bool {
	_, err := io.ReadFull(s.r, b)
	if err == nil {
		return true
	}
	s.left = 0
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		s.err = err
	}
	return false
}

// Record is the record that Scan found; it holds until the next Scan.
func (s *Scanner) Record() []byte { return s.record }

// Size is how many bytes the records found so far take, with their frames.
func (s *Scanner) Size() int64 { return s.done }

// Err is the reader's error, nil where the end or a damaged frame ended it.
func (s *Scanner) Err() error { return s.err }
