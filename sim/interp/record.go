package interp

import (
	"errors"

	"rampart/sim/access/tape"
)

// Record makes the machine keep the record of when its memories are accessed: see access.Recorder.
func Record() Option {
	return func(m *Machine) {
		m.deck = &tape.Deck{}
		for _, mem := range m.mems { // in the order of Design.States
			for _, f := range mem.reads {
				f.tape = m.deck.Port(mem.Depth)
			}
			for _, w := range mem.writes {
				w.tape = m.deck.Port(mem.Depth)
			}
		}
	}
}

// Accesses is access.Recorder's.
func (m *Machine) Accesses() ([]byte, error) {
	if m.deck == nil {
		return nil, errors.New("this interpreter keeps no record of accesses; make it with interp.Record")
	}
	return m.deck.Bytes()
}
