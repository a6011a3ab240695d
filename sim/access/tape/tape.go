// Package tape writes down when each port of each memory of a running design is used. In: a word's number
// per use, in order of the cycles. Out: bytes, which package access reads. It knows no engine and no design,
// and imports the standard library only: generated simulators carry a copy of this very source (see Source).
//
// Schedules are regular, so that a port's uses come in runs: the cycles a fixed distance apart, and so the
// words, counted modulo the memory's depth. A run takes a few bytes, and runs repeat themselves, so that
// the bytes of a block of them are deflated.
//
// # Format
//
// Numbers are unsigned varints as in encoding/binary; signed ones are zigzag-coded first.
//
//	record  = Magic, cycles, ports, port..., CRC-32C of all before as 4 bytes, the lowest first
//	port    = depth, blocks, block...
//	block   = uses, cycle (of its first use), bytes (inflated), bytes (deflated), deflated runs
//	run     = cycles (since the run before ended; the first of a block: 0),
//	          words (signed: from where the run before ended; the first of a block: from word 0),
//	          uses - 1, and where that is not 0: cycles from use to use - 1, words from use to use (signed)
//
// The uses of a port are counted from 0, in different cycles.
package tape

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Magic begins a record.
const Magic = "rampart accesses 1\n"

// blockBytes is how many bytes of runs are deflated together: what must be inflated to find a use.
const blockBytes = 1 << 13

// Deck is the tapes of all ports of a design, which share its clock. A record is of one run from reset on.
type Deck struct {
	Cycle int64 // the present cycle; whoever runs the design counts it up

	ports  []*Port
	broken bool
	flate  *flate.Writer
	packed bytes.Buffer
}

// Port is the tape of a port.
type Port struct {
	deck   *Deck
	depth  int64
	last   use // of the last run
	run    run // not yet in raw
	blocks []block
	raw    []byte // the runs of the block under way
	open   block
}

type use struct{ cycle, word int64 }

// run is uses step apart.
type run struct {
	first use
	n     int64
	step  use
	next  use // the use that would continue it
}

type block struct {
	uses, cycle int64
	size        int // inflated
	deflated    []byte
}

// Port is the tape of one more port, of a memory of so many words.
func (d *Deck) Port(depth int) *Port {
	p := &Port{deck: d, depth: int64(depth)}
	d.ports = append(d.ports, p)
	return p
}

// Reset begins the record anew.
func (d *Deck) Reset() {
	d.Cycle, d.broken = 0, false
	for _, p := range d.ports {
		*p = Port{deck: d, depth: p.depth}
	}
}

// Break says that the run went on from another state, so that there is no record until the next Reset.
func (d *Deck) Break() { d.broken = true }

// Note writes down the use of a word below the depth in the present cycle, at most one a cycle.
func (p *Port) Note(word int64) {
	r, now := &p.run, use{p.deck.Cycle, word}
	switch {
	case now == r.next && r.n > 1:
		r.n++
	case r.n == 1:
		r.n, r.step = 2, use{now.cycle - r.first.cycle, now.word - r.first.word}
		if r.step.word < 0 {
			r.step.word += p.depth
		}
	default:
		p.flush()
		*r = run{first: now, n: 1}
		return
	}
	r.next = use{now.cycle + r.step.cycle, now.word + r.step.word}
	if r.next.word >= p.depth {
		r.next.word -= p.depth
	}
}

// flush writes the run out.
func (p *Port) flush() {
	r := &p.run
	if r.n == 0 {
		return
	}
	if p.open.uses == 0 {
		p.open.cycle, p.last = r.first.cycle, use{cycle: r.first.cycle}
	}
	b := binary.AppendUvarint(p.raw, uint64(r.first.cycle-p.last.cycle))
	b = binary.AppendVarint(b, near(r.first.word-p.last.word, p.depth))
	b = binary.AppendUvarint(b, uint64(r.n-1))
	if r.n > 1 {
		b = binary.AppendUvarint(b, uint64(r.step.cycle-1))
		b = binary.AppendVarint(b, near(r.step.word, p.depth))
	}
	p.raw = b
	p.open.uses += r.n
	p.last = use{r.first.cycle + (r.n-1)*r.step.cycle, (r.first.word + (r.n-1)*r.step.word) % p.depth}
	r.n = 0
	if len(p.raw) >= blockBytes {
		p.deck.pack(p)
	}
}

// near is v modulo depth, as close to 0 as can be.
func near(v, depth int64) int64 {
	v %= depth
	switch {
	case v > depth/2:
		return v - depth
	case v < -depth/2:
		return v + depth
	}
	return v
}

// pack ends a port's block.
func (d *Deck) pack(p *Port) {
	if p.open.uses == 0 {
		return
	}
	d.packed.Reset()
	if d.flate == nil {
		w, err := flate.NewWriter(&d.packed, flate.BestSpeed)
		if err != nil {
			panic(fmt.Sprintf("BUG: tape: %v", err))
		}
		d.flate = w
	} else {
		d.flate.Reset(&d.packed)
	}
	if _, err := d.flate.Write(p.raw); err != nil {
		panic(fmt.Sprintf("BUG: tape: %v", err)) // a buffer takes everything
	}
	if err := d.flate.Close(); err != nil {
		panic(fmt.Sprintf("BUG: tape: %v", err))
	}
	p.open.size, p.open.deflated = len(p.raw), bytes.Clone(d.packed.Bytes())
	p.blocks = append(p.blocks, p.open)
	p.open, p.raw = block{}, p.raw[:0]
}

// Bytes is the record of the run so far, which may go on.
func (d *Deck) Bytes() ([]byte, error) {
	if d.broken {
		return nil, errors.New("there is no record of accesses: the run was taken back to another state")
	}
	b := binary.AppendUvarint([]byte(Magic), uint64(d.Cycle))
	b = binary.AppendUvarint(b, uint64(len(d.ports)))
	for _, p := range d.ports {
		p.flush()
		d.pack(p)
		b = binary.AppendUvarint(b, uint64(p.depth))
		b = binary.AppendUvarint(b, uint64(len(p.blocks)))
		for _, k := range p.blocks {
			for _, v := range []uint64{uint64(k.uses), uint64(k.cycle), uint64(k.size), uint64(len(k.deflated))} {
				b = binary.AppendUvarint(b, v)
			}
			b = append(b, k.deflated...)
		}
	}
	return binary.LittleEndian.AppendUint32(b, Sum(b)), nil
}

// Sum is the CRC-32C of bytes.
func Sum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
