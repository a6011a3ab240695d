// Package interp runs a design by walking its nodes: the slow, obvious reading of ir/rtl that every
// other engine must equal. In: a design. Out: a sim.Machine, and waveforms (Wave). It knows no
// networks and no other engine, and it is kept short enough to be read as a definition:
//
//	ops.go       what each operation computes
//	machine.go   what a clock edge does; state, faults, snapshots
//	flatten.go   how instances become one flat design
//	wave.go      waveforms
//	record.go    the record of accesses to memories
package interp

import (
	"context"
	"errors"
	"fmt"

	"rampart/internal/diag"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/access/tape"
	"rampart/sim/drive"
)

// Machine is one running copy of a design. Beside sim.Machine it has its ports as drive.Core does, so
// a module without streams can be stepped by hand. It must not be used from two goroutines at once.
type Machine struct {
	root     *scope
	in, out  []*cell
	packed   [][]byte // per output port, the buffer that Get fills
	flops    []*flop
	mems     []*mem
	states   []*state // in the order of Design.States
	byPath   map[string]*state
	ports    drive.Ports
	portsErr error
	wave     *wave
	deck     *tape.Deck // where accesses to memories are recorded; may be nil

	taking []*flop // those that change at this edge
	gen    uint64  // grows whenever state changes: cells of an older generation are stale
	cycle  int64
	slots  map[int]snapshot
}

// cell is one node of one instance.
type cell struct {
	eval evalFunc // nil where val needs no computing: state, constants, input ports of the top
	t    rtl.Type
	args []*cell
	imms []int64
	val  []int64 // one canonical value per lane
	gen  uint64  // the generation that val belongs to
	pack []byte  // scratch of OpBitcast, OpSlice and OpPack
}

// flop is a register or the output of a memory read port.
type flop struct {
	q, enable *cell   // enable may be nil: always
	next      *cell   // of a register
	mem       *mem    // of a read port
	addr      *cell   // of a read port
	init      []int64 // nil is zero
	staged    []int64 // the value that q takes at the edge
	tape      *tape.Port
}

// mem is a memory; words holds depth words of Word.Lanes lanes.
type mem struct {
	*rtl.Mem
	words  []int64
	reads  []*flop
	writes []*write
}

type write struct {
	addr, data, enable *cell
	tape               *tape.Port
}

// state is the contents of a register, read port or memory.
type state struct {
	*rtl.State
	vals []int64
}

type snapshot struct {
	cycle int64
	vals  []int64
}

// Option changes how New makes a machine.
type Option func(*Machine)

// New makes a machine for a design, checked, and resets it.
func New(d *rtl.Design, opts ...Option) (*Machine, error) {
	if err := rtl.Check(d); err != nil {
		return nil, fmt.Errorf("interpreter: %w", err)
	}
	m := &Machine{byPath: map[string]*state{}, slots: map[int]snapshot{}}
	m.ports, m.portsErr = sim.Ports(d.Top)
	for _, p := range d.Top.Inputs {
		m.in = append(m.in, &cell{t: p.Type, val: make([]int64, p.Type.Lanes)})
	}
	m.root = &scope{name: d.Top.Name, module: d.Top}
	m.out = m.flatten(m.root, m.in)
	for _, o := range d.Top.Outputs {
		m.packed = append(m.packed, make([]byte, o.Node.Type.Bytes()))
	}
	m.nameStates(d.States())
	for _, o := range opts {
		o(m)
	}
	return m, m.Reset()
}

func (m *Machine) nameStates(states []*rtl.State) {
	if len(states) != len(m.states) {
		panic("BUG: interp: flatten and Design.States disagree")
	}
	for i, s := range m.states {
		s.State = states[i]
		m.byPath[s.Path] = s
	}
}

// value is the value of a cell in this cycle, computed at most once.
func (m *Machine) value(c *cell) []int64 {
	if c.eval != nil && c.gen != m.gen {
		c.gen = m.gen
		c.eval(m, c)
	}
	return c.val
}

// on tells whether an enable is absent or 1.
func (m *Machine) on(enable *cell) bool { return enable == nil || m.value(enable)[0] != 0 }

// Get is drive.Core's: the packed value of an output port.
func (m *Machine) Get(port int) []byte {
	c := m.out[port]
	c.t.Pack(m.packed[port], m.value(c))
	return m.packed[port]
}

// Set is drive.Core's: it drives an input port.
func (m *Machine) Set(port int, packed []byte) {
	c := m.in[port]
	c.t.Unpack(c.val, packed)
}

// Step is the clock edge. First every register and read port that is enabled learns its next value,
// from the state before the edge; then memories are written; then all new values show at once.
func (m *Machine) Step() {
	if m.wave != nil {
		m.wave.sample(m)
	}
	m.taking = m.taking[:0]
	for _, f := range m.flops {
		if m.on(f.enable) {
			copy(f.staged, m.next(f))
			if f.tape != nil {
				f.tape.Note(f.mem.index(m.value(f.addr)[0]))
			}
			m.taking = append(m.taking, f)
		}
	}
	for _, mem := range m.mems {
		for _, w := range mem.writes {
			if m.on(w.enable) {
				at := m.value(w.addr)[0]
				mem.write(at, m.value(w.data))
				if w.tape != nil && mem.has(at) {
					w.tape.Note(at)
				}
			}
		}
	}
	for _, f := range m.taking {
		copy(f.q.val, f.staged)
	}
	m.gen++
	m.cycle++
	if m.deck != nil {
		m.deck.Cycle++
	}
}

func (m *Machine) next(f *flop) []int64 {
	if f.next != nil {
		return m.value(f.next)
	}
	return f.mem.word(m.value(f.addr)[0])
}

func (m *mem) has(addr int64) bool { return uint64(addr) < uint64(m.Depth) }

// index is the word that an address reads; beyond the depth, word 0.
func (m *mem) index(addr int64) int64 {
	if !m.has(addr) {
		return 0
	}
	return addr
}

// word is the word that an address reads.
func (m *mem) word(addr int64) []int64 {
	n := int64(m.Word.Lanes)
	at := m.index(addr) * n
	return m.words[at : at+n]
}

// write changes the word at an address; beyond the depth, nothing.
func (m *mem) write(addr int64, word []int64) {
	if m.has(addr) {
		copy(m.words[addr*int64(m.Word.Lanes):], word)
	}
}

// Reset brings all state to its initial contents and the input ports to zero.
func (m *Machine) Reset() error {
	for _, c := range m.in {
		clear(c.val)
	}
	for _, f := range m.flops {
		clear(f.q.val)
		copy(f.q.val, f.init)
	}
	for _, mem := range m.mems {
		clear(mem.words)
		for i, w := range mem.Init {
			mem.write(int64(i), w)
		}
	}
	m.cycle = 0
	m.gen++
	if m.deck != nil {
		m.deck.Reset()
	}
	return nil
}

// Run is sim.Machine's. Fault sites are checked before the first cycle.
func (m *Machine) Run(ctx context.Context, s *sim.Stimulus) (*sim.Trace, error) {
	if m.portsErr != nil {
		return nil, m.portsErr
	}
	for _, f := range s.Faults {
		if _, _, err := m.bit(f.Site); err != nil {
			return nil, err
		}
	}
	trace, err := sim.Drive(ctx, m, m.ports, m.cycle, s, m.strike)
	if m.wave != nil {
		err = errors.Join(err, m.wave.flush())
	}
	return trace, err
}

// Flip is sim.Machine's: it inverts one bit of state now.
func (m *Machine) Flip(site rtl.Site) error { return m.strike(site, rtl.Flip) }

// strike does to one bit of state what a fault model says.
func (m *Machine) strike(site rtl.Site, model rtl.FaultModel) error {
	st, lane, err := m.bit(site)
	if err != nil {
		return err
	}
	v, mask := st.vals[lane], int64(1)<<uint(site.Bit%st.Type.Bits)
	switch model {
	case rtl.Flip:
		v ^= mask
	case rtl.Stuck0:
		v &^= mask
	case rtl.Stuck1:
		v |= mask
	}
	st.vals[lane] = st.Type.Wrap(v)
	m.gen++
	return nil
}

// bit finds the state and the lane that hold a site.
func (m *Machine) bit(site rtl.Site) (*state, int, error) {
	bad := func(format string, args ...any) (*state, int, error) {
		return nil, 0, diag.Problem{At: "fault site " + site.String(), What: fmt.Sprintf(format, args...)}
	}
	st := m.byPath[site.Path]
	switch {
	case st == nil:
		return bad("the design has no register or memory %s", site.Path)
	case site.Mem != (st.Mem != nil):
		return bad("a memory needs a word, a register has none")
	case site.Word < 0 || site.Word >= max(1, st.Depth):
		return bad("%s has %d words", site.Path, max(1, st.Depth))
	case site.Bit < 0 || site.Bit >= st.Type.Width():
		return bad("%s is %d bits wide", site.Path, st.Type.Width())
	}
	return st, site.Word*st.Type.Lanes + site.Bit/st.Type.Bits, nil
}

// Save is sim.Machine's.
func (m *Machine) Save(slot int) error {
	snap := snapshot{cycle: m.cycle, vals: m.slots[slot].vals[:0]}
	for _, s := range m.states {
		snap.vals = append(snap.vals, s.vals...)
	}
	m.slots[slot] = snap
	return nil
}

// Restore is sim.Machine's.
func (m *Machine) Restore(slot int) error {
	snap, ok := m.slots[slot]
	if !ok {
		return fmt.Errorf("nothing was saved in slot %d", slot)
	}
	vals := snap.vals
	for _, s := range m.states {
		vals = vals[copy(s.vals, vals):]
	}
	m.cycle = snap.cycle
	m.gen++
	if m.deck != nil {
		m.deck.Break()
	}
	return nil
}

// Hash is sim.Machine's.
func (m *Machine) Hash() (uint64, error) {
	h := drive.NewHash()
	for _, s := range m.states {
		packed := make([]byte, s.Type.Bytes())
		for at := 0; at < len(s.vals); at += s.Type.Lanes {
			s.Type.Pack(packed, s.vals[at:at+s.Type.Lanes])
			h = h.Add(packed)
		}
	}
	return uint64(h), nil
}

// Close is sim.Machine's; it ends the waveform.
func (m *Machine) Close() error {
	if m.wave != nil {
		return m.wave.flush()
	}
	return nil
}
