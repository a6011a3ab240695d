package worker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// writer builds a payload.
type writer struct{ buf []byte }

func (w *writer) u8(v byte)    { w.buf = append(w.buf, v) }
func (w *writer) u32(v uint32) { w.buf = binary.LittleEndian.AppendUint32(w.buf, v) }
func (w *writer) u64(v uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, v) }
func (w *writer) i64(v int64)  { w.u64(uint64(v)) }

func (w *writer) bytes(b []byte) {
	w.u64(uint64(len(b)))
	w.buf = append(w.buf, b...)
}

func (w *writer) i64s(vs []int64) {
	w.u64(uint64(len(vs)))
	for _, v := range vs {
		w.i64(v)
	}
}

func (w *writer) bit(b bit) {
	w.u32(b.state)
	w.u32(b.bit)
	w.u64(b.word)
}

// bit is a site as the wire has it.
type bit struct {
	state, bit uint32
	word       uint64
}

var errShort = errors.New("message ends early")

// reader takes a payload apart; after the first error every value is zero.
type reader struct {
	buf []byte
	err error
}

func (r *reader) take(n uint64) []byte {
	if r.err == nil && n > uint64(len(r.buf)) {
		r.err, r.buf = errShort, nil
	}
	if r.err != nil {
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

func (r *reader) u8() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) i64() int64 { return int64(r.u64()) }

// bytes is nil where there are none, as i64s is.
func (r *reader) bytes() []byte {
	if b := r.take(r.u64()); len(b) > 0 {
		return b
	}
	return nil
}

func (r *reader) i64s() []int64 {
	n := r.u64()
	if r.err == nil && n > uint64(len(r.buf))/8 {
		r.err, r.buf = errShort, nil
	}
	var vs []int64
	for range n {
		if r.err != nil {
			return nil
		}
		vs = append(vs, r.i64())
	}
	return vs
}

// end reports an error of any read, or bytes that nobody read.
func (r *reader) end() error {
	if r.err == nil && len(r.buf) > 0 {
		r.err = fmt.Errorf("message has %d bytes too many", len(r.buf))
	}
	return r.err
}

// maxFrame bounds what a broken program can make the client allocate.
const maxFrame = 1 << 30

func writeFrame(w io.Writer, tag byte, payload []byte) error {
	if len(payload) >= maxFrame {
		return fmt.Errorf("a message of %d bytes is longer than %d", len(payload), maxFrame)
	}
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(payload)+1))
	if _, err := w.Write(append(head, tag)); err != nil {
		return err
	}
	_, err := w.Write(payload)
	return err
}

func readFrame(r io.Reader) (tag byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint32(head[:4])
	if n == 0 || n > maxFrame {
		return 0, nil, fmt.Errorf("message of %d bytes", n)
	}
	payload = make([]byte, n-1)
	_, err = io.ReadFull(r, payload)
	return head[4], payload, err
}
