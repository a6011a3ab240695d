package rt

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"rampart/sim/drive"
)

// Machine is a design of type D in the shape that requests need. The value of a D is its whole state: it
// holds no pointers, but for those to tapes.
type Machine[D any] struct {
	Live        *D
	Core        drive.Core // moves Live
	Ports       drive.Ports
	States      []State  // of Live
	Wake        func(*D) // called after state was changed from outside
	Fingerprint uint64
	Deck        Deck // the record of accesses to memories; nil in a program that keeps none

	initial *D
	cycle   int64
	slots   map[uint32]*kept[D]
}

// Deck is a tape.Deck, which has the meaning of each method.
type Deck interface {
	Reset()
	Break()
	Bytes() ([]byte, error)
}

type kept[D any] struct {
	design D
	cycle  int64
}

// version of the wire format; package sim/worker describes it.
const version = 4

const (
	opHello byte = iota
	opReset
	opRun
	opFlip
	opSave
	opRestore
	opHash
	opQuit
	opTrace
	opAccesses
)

// gcPercent lets the heap, which traces fill quickly, grow further than usual between collections.
const gcPercent = 400

// Serve answers requests until the last one, or until in ends. Live must be in its initial state.
func (m *Machine[D]) Serve(in io.Reader, out io.Writer) error {
	debug.SetGCPercent(gcPercent)
	initial := *m.Live
	m.initial, m.slots = &initial, map[uint32]*kept[D]{}
	r, w := bufio.NewReaderSize(in, 1<<16), bufio.NewWriterSize(out, 1<<16)
	for {
		op, payload, err := read(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		status := byte(0)
		reply, err := m.answer(op, &parser{buf: payload})
		if err != nil {
			status, reply = 1, []byte(err.Error())
		}
		if err := write(w, status, reply); err != nil {
			return err
		}
		if op == opQuit {
			return nil
		}
	}
}

func read(r io.Reader) (op byte, payload []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.LittleEndian.Uint32(head[:4])
	if n == 0 {
		return 0, nil, errors.New("empty request")
	}
	payload = make([]byte, n-1)
	if _, err := io.ReadFull(r, payload); err != nil {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return head[4], payload, nil
}

func write(w *bufio.Writer, status byte, payload []byte) error {
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(payload)+1))
	if _, err := w.Write(append(head, status)); err != nil {
		return err
	}
	if _, err := w.Write(payload); err != nil {
		return err
	}
	return w.Flush()
}

func (m *Machine[D]) answer(op byte, p *parser) ([]byte, error) {
	switch op {
	case opHello:
		b := binary.LittleEndian.AppendUint32(nil, version)
		return binary.LittleEndian.AppendUint64(b, m.Fingerprint), nil
	case opReset:
		*m.Live, m.cycle = *m.initial, 0
		if m.Deck != nil {
			m.Deck.Reset()
		}
		return nil, nil
	case opRun:
		return m.run(p)
	case opFlip:
		b := p.bit()
		if p.err == nil {
			m.strike(b, flipped)
		}
		return nil, p.err
	case opSave:
		slot := p.u32()
		if m.slots[slot] == nil {
			m.slots[slot] = new(kept[D])
		}
		m.slots[slot].design, m.slots[slot].cycle = *m.Live, m.cycle
		return nil, p.err
	case opRestore:
		slot := p.u32()
		k := m.slots[slot]
		if k == nil {
			return nil, fmt.Errorf("nothing was saved in slot %d", slot)
		}
		*m.Live, m.cycle = k.design, k.cycle
		if m.Deck != nil {
			m.Deck.Break()
		}
		return nil, p.err
	case opHash:
		return binary.LittleEndian.AppendUint64(nil, Hash(m.States)), nil
	case opQuit:
		return nil, nil
	case opTrace:
		return nil, errors.New("a generated Go simulator writes no waveforms; use Verilator")
	case opAccesses:
		if m.Deck == nil {
			return nil, errors.New("this program keeps no record of accesses; build it with one")
		}
		return m.Deck.Bytes()
	}
	return nil, fmt.Errorf("unknown request %d", op)
}

// strike does to one bit what a fault model says. A bit that is stuck wakes the design only where it changes.
func (m *Machine[D]) strike(b bit, model byte) {
	s := m.States[b.state]
	if model == flipped || s.Bit(b.word, b.bit) != (model == stuck1) {
		s.Flip(b.word, b.bit)
		m.Wake(m.Live)
	}
}

func (m *Machine[D]) run(p *parser) ([]byte, error) {
	s, strikes := p.stimulus()
	if p.err != nil {
		return nil, p.err
	}
	s.Strike = func(i int) error { m.strike(strikes[i].bit, strikes[i].model); return nil }
	t, err := drive.Run(context.Background(), m.Core, m.Ports, m.cycle, s)
	m.cycle = t.Cycle
	if err != nil {
		return nil, err
	}
	return appendTrace(nil, t), nil
}
