package rt

import (
	"encoding/binary"
	"errors"

	"rampart/sim/drive"
)

// parser takes a request's payload apart; after the first error every value is zero.
type parser struct {
	buf []byte
	err error
}

// bit names one bit of state.
type bit struct {
	state, bit uint32
	word       uint64
}

func (p *parser) take(n uint64) []byte {
	if p.err == nil && n > uint64(len(p.buf)) {
		p.err = errors.New("request ends early")
	}
	if p.err != nil {
		return make([]byte, min(n, 8))
	}
	b := p.buf[:n:n]
	p.buf = p.buf[n:]
	return b
}

func (p *parser) u8() byte    { return p.take(1)[0] }
func (p *parser) u32() uint32 { return binary.LittleEndian.Uint32(p.take(4)) }
func (p *parser) u64() uint64 { return binary.LittleEndian.Uint64(p.take(8)) }
func (p *parser) i64() int64  { return int64(p.u64()) }

func (p *parser) bit() bit { return bit{p.u32(), p.u32(), p.u64()} }

func (p *parser) throttle() drive.Throttle { return drive.Throttle{Seed: p.u64(), Open: p.u64()} }

// strike is what a fault does.
type strike struct {
	bit
	model byte
}

// The fault models.
const (
	flipped byte = iota
	stuck0
	stuck1
)

func (p *parser) stimulus() (s drive.Stimulus, strikes []strike) {
	for range p.u32() {
		if p.err != nil {
			break
		}
		s.Inputs = append(s.Inputs, p.take(p.u64()))
	}
	s.Gaps, s.Stalls = p.throttle(), p.throttle()
	for range p.u32() {
		if p.err != nil {
			break
		}
		cycle, model := p.i64(), p.u8()
		if model > stuck1 {
			p.err = errors.New("unknown fault model")
		}
		s.Faults = append(s.Faults, drive.Fault{Cycle: cycle, Stuck: model != flipped})
		strikes = append(strikes, strike{p.bit(), model})
	}
	if p.u8() != 0 {
		s.Want = []int{}
	}
	for range p.u64() {
		if p.err != nil {
			break
		}
		s.Want = append(s.Want, int(p.i64()))
	}
	s.Limit, s.Quiet = p.i64(), p.i64()
	for range p.u32() {
		if p.err != nil {
			break
		}
		s.Pins = append(s.Pins, drive.Setting{Cycle: p.i64(), Pin: int(p.u32()), Value: p.take(p.u64())})
	}
	return s, strikes
}

func appendTrace(b []byte, t *drive.Trace) []byte {
	le := binary.LittleEndian
	b = append(b, byte(t.Stop))
	b = le.AppendUint64(b, uint64(t.Cycle))
	b = le.AppendUint64(b, t.Digest)
	b = le.AppendUint32(b, uint32(len(t.Outputs)))
	for k, beats := range t.Outputs {
		b = append(le.AppendUint64(b, uint64(len(beats))), beats...)
		b = appendNumbers(b, t.Cycles[k])
	}
	b = le.AppendUint32(b, uint32(len(t.Taken)))
	for _, cycles := range t.Taken {
		b = appendNumbers(b, cycles)
	}
	b = le.AppendUint32(b, uint32(len(t.Final)))
	for _, packed := range t.Final {
		b = append(le.AppendUint64(b, uint64(len(packed))), packed...)
	}
	return b
}

func appendNumbers(b []byte, vs []int64) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(len(vs)))
	for _, v := range vs {
		b = binary.LittleEndian.AppendUint64(b, uint64(v))
	}
	return b
}
