package worker

import (
	"context"
	"fmt"

	"rampart/sim"
)

// Run continues under the stimulus. A context that ends before the run does ends the program too.
func (c *client) Run(ctx context.Context, s *sim.Stimulus) (*sim.Trace, error) {
	if err := s.Check(c.ports, c.cycle); err != nil {
		return nil, err
	}
	request, err := c.encode(s)
	if err != nil {
		return nil, err
	}
	r, err := c.call(ctx, opRun, request)
	if err != nil {
		return nil, err
	}
	t := decodeTrace(r)
	if err := r.end(); err != nil {
		return nil, c.broken(fmt.Errorf("the reply to a run: %w", err))
	}
	c.cycle = t.Cycle
	return t, nil
}

func (c *client) encode(s *sim.Stimulus) ([]byte, error) {
	var w writer
	w.u32(uint32(len(s.Inputs)))
	for _, beats := range s.Inputs {
		w.bytes(beats)
	}
	for _, t := range []sim.Throttle{s.Gaps, s.Stalls} {
		w.u64(t.Seed)
		w.u64(t.Open)
	}
	w.u32(uint32(len(s.Faults)))
	for _, f := range s.Faults {
		b, err := c.locate(f.Site)
		if err != nil {
			return nil, err
		}
		w.i64(f.Cycle)
		w.u8(byte(f.Model))
		w.bit(b)
	}
	w.u8(0)
	if s.Want != nil {
		w.buf[len(w.buf)-1] = 1
	}
	w.u64(uint64(len(s.Want)))
	for _, n := range s.Want {
		w.i64(int64(n))
	}
	w.i64(s.Limit)
	w.i64(s.Quiet)
	w.u32(uint32(len(s.Pins)))
	for _, p := range s.Settings(c.ports) {
		w.i64(p.Cycle)
		w.u32(uint32(p.Pin))
		w.bytes(p.Value)
	}
	return w.buf, nil
}

func decodeTrace(r *reader) *sim.Trace {
	t := &sim.Trace{Stop: sim.Stop(r.u8()), Cycle: r.i64(), Digest: r.u64()}
	outputs := r.u32()
	t.Outputs, t.Cycles = [][]byte{}, [][]int64{}
	for range outputs {
		if r.err != nil {
			break
		}
		t.Outputs = append(t.Outputs, r.bytes())
		t.Cycles = append(t.Cycles, r.i64s())
	}
	inputs := r.u32()
	t.Taken = [][]int64{}
	for range inputs {
		if r.err != nil {
			break
		}
		t.Taken = append(t.Taken, r.i64s())
	}
	t.Final = [][]byte{}
	for range r.u32() {
		if r.err != nil {
			break
		}
		t.Final = append(t.Final, r.bytes())
	}
	return t
}
