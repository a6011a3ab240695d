// Package access tells when the words of a design's memories are read and written in a run. In: the record
// that an engine wrote of a run (package tape) and the design. Out: for a word and a cycle the last use at
// or before, the uses after, and the ordinal of each among those of its port. It knows no networks: what
// the n-th use of a port is for, hw says.
//
// A read in cycle c gets what the word held before the clock edge that ends c; a write in cycle c is there
// after that edge. So a fault at cycle c, which strikes after the same edge, hits what the last write at or
// before c left, and is seen by the reads after c up to and including those in the cycle of the next write.
package access

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"

	"rampart/ir/rtl"
	"rampart/sim/access/tape"
)

// Recorder is a machine that keeps the record of its run since its last reset. The interpreter does with
// interp.Record, generated Go with gengo.Options.Record.
type Recorder interface {
	// Accesses is the record of the run so far; an error where none is kept, or where the machine was taken
	// back to another state meanwhile.
	Accesses() ([]byte, error)
}

// Record is the accesses of one run. It may be used from several goroutines.
type Record struct {
	Cycles int64 // of the run

	memories map[string]*Memory
	cache    *cache
}

// Memory is the ports of one memory, in the order of rtl.Mem.
type Memory struct{ Reads, Writes []*Port }

// Port is the uses of one port.
type Port struct {
	Uses int64

	depth  int64
	blocks []block
	cache  *cache
}

type block struct {
	cycle, ordinal int64 // of the first use
	size           int
	deflated       []byte
}

// Of is the record that a machine keeps of its run so far of design d.
func Of(d *rtl.Design, m any) (*Record, error) {
	r, ok := m.(Recorder)
	if !ok {
		return nil, fmt.Errorf("accesses: a %T keeps no record", m)
	}
	data, err := r.Accesses()
	if err != nil {
		return nil, err
	}
	return Parse(d, data)
}

// Parse reads a record of a run of design d.
func Parse(d *rtl.Design, data []byte) (*Record, error) {
	rest, ok := bytes.CutPrefix(data, []byte(tape.Magic))
	if !ok {
		return nil, fmt.Errorf("accesses: the record does not begin with %q", strings.TrimSpace(tape.Magic))
	}
	end := len(rest) - 4
	if end < 0 || binary.LittleEndian.Uint32(rest[end:]) != tape.Sum(data[:len(data)-4]) {
		return nil, errors.New("accesses: the record is damaged")
	}
	in := &numbers{buf: rest[:end]}
	r := &Record{Cycles: in.next(), memories: map[string]*Memory{}, cache: newCache()}
	var depths []int
	states := d.States()
	for _, s := range states {
		if s.Mem != nil {
			for range len(s.Mem.Reads) + len(s.Mem.Writes) {
				depths = append(depths, s.Depth)
			}
		}
	}
	if n := in.next(); n != int64(len(depths)) {
		return nil, fmt.Errorf("accesses: the record has %d ports, the design %d", n, len(depths))
	}
	ports := make([]*Port, len(depths))
	for i, depth := range depths {
		p, err := r.port(in)
		if err != nil {
			return nil, err
		}
		if p.depth != int64(depth) {
			return nil, fmt.Errorf("accesses: port %d is of a memory of %d words, not %d", i, p.depth, depth)
		}
		ports[i] = p
	}
	if len(in.buf) > 0 {
		return nil, errors.New("accesses: the record goes on behind its end")
	}
	for _, s := range states {
		if s.Mem != nil {
			reads, all := len(s.Mem.Reads), len(s.Mem.Reads)+len(s.Mem.Writes)
			r.memories[s.Path] = &Memory{Reads: ports[:reads:reads], Writes: ports[reads:all:all]}
			ports = ports[all:]
		}
	}
	return r, nil
}

// Memory is the memory of that path; nil where the design has none.
func (r *Record) Memory(path string) *Memory { return r.memories[path] }

// port reads a port's blocks.
func (r *Record) port(in *numbers) (*Port, error) {
	p := &Port{depth: in.next(), cache: r.cache}
	for range in.next() {
		uses, b := in.next(), block{ordinal: p.Uses}
		b.cycle, b.size = in.next(), int(in.next())
		b.deflated = in.take(in.next())
		if in.err != nil {
			return nil, in.err
		}
		p.Uses += uses
		p.blocks = append(p.blocks, b)
	}
	return p, in.err
}

// numbers reads varints; after the first error every number is 0.
type numbers struct {
	buf []byte
	err error
}

var errEnds = errors.New("accesses: the record ends early")

func (n *numbers) next() int64 {
	v, size := binary.Uvarint(n.buf)
	if size <= 0 || v > 1<<62 {
		n.buf, n.err = nil, errEnds
		return 0
	}
	n.buf = n.buf[size:]
	return int64(v)
}

func (n *numbers) take(count int64) []byte {
	if count > int64(len(n.buf)) {
		n.buf, n.err = nil, errEnds
		return nil
	}
	b := n.buf[:count:count]
	n.buf = n.buf[count:]
	return b
}

// blockAt is the last block that begins at or before a cycle, -1 where none does.
func (p *Port) blockAt(cycle int64) int {
	return sort.Search(len(p.blocks), func(i int) bool { return p.blocks[i].cycle > cycle }) - 1
}

// inflate gives the runs of a block as bytes.
func (b *block) inflate() []byte {
	raw := make([]byte, b.size)
	if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(b.deflated)), raw); err != nil {
		panic(fmt.Sprintf("BUG: access: a record whose checksum is right does not inflate: %v", err))
	}
	return raw
}
