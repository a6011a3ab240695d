package interp

import (
	"context"
	le "encoding/binary"
	"hash/fnv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/rtltest"
	"rampart/ir/rtl"
)

func parse(t testing.TB, text string) *rtl.Design {
	t.Helper()
	d, err := rtl.Parse("test.rtl", strings.NewReader(text))
	require.NoError(t, err)
	return d
}

func machine(t testing.TB, d *rtl.Design, opts ...Option) *Machine {
	t.Helper()
	m, err := New(d, opts...)
	require.NoError(t, err)
	return m
}

// set drives an input port of at most 8 bytes, get reads an output port.
func set(m *Machine, port int, v uint64) {
	var b [8]byte
	le.LittleEndian.PutUint64(b[:], v)
	m.Set(port, b[:m.in[port].t.Bytes()])
}

func get(m *Machine, port int) uint64 {
	var b [8]byte
	copy(b[:], m.Get(port))
	return le.LittleEndian.Uint64(b[:])
}

func TestRegistersSwapAtOnceAndHoldWithoutEnable(t *testing.T) {
	m := machine(t, parse(t, `design t
module t
  en = input u1
  a = reg u8
  b = reg s8
  %3 = cast s8 a
  %4 = cast u8 b
  input en
  output oa a
  output ob b
  reg a next %4 if en init [5]
  reg b next %3 if en init [-9]
end
`))
	assert.EqualValues(t, 5, get(m, 0))
	assert.EqualValues(t, 0xf7, get(m, 1))
	m.Step()
	assert.EqualValues(t, 5, get(m, 0), "enable is 0")
	set(m, 0, 1)
	m.Step()
	assert.EqualValues(t, 0xf7, get(m, 0))
	assert.EqualValues(t, 5, get(m, 1))
	require.NoError(t, m.Reset())
	assert.EqualValues(t, 5, get(m, 0))
	m.Step()
	assert.EqualValues(t, 5, get(m, 0), "reset clears the inputs")
}

const ram = `design t
module t
  addr = input u3
  en = input u1
  wa = input u3
  wd = input u8
  we0 = input u1
  we1 = input u1
  q = read u8
  steady = read u8
  %8 = not u8 wd
  input addr
  input en
  input wa
  input wd
  input we0
  input we1
  output oq q
  output osteady steady
  mem m fifo u8 depth 5
    read q at addr if en
    read steady at addr
    write at wa data wd if we0
    write at wa data %8 if we1
    init
    10 11 12 13 14
end
`

func TestMemory(t *testing.T) {
	m := machine(t, parse(t, ram))
	drive := func(addr, en, wa, wd, we0, we1 uint64) {
		for port, v := range []uint64{addr, en, wa, wd, we0, we1} {
			set(m, port, v)
		}
		m.Step()
	}
	assert.EqualValues(t, 0, get(m, 0), "a read port starts at 0")
	drive(3, 0, 0, 0, 0, 0)
	assert.EqualValues(t, 0, get(m, 0), "not enabled: holds")
	assert.EqualValues(t, 0x13, get(m, 1))
	drive(3, 1, 3, 0xaa, 1, 0)
	assert.EqualValues(t, 0x13, get(m, 0), "reads see the word from before the edge")
	drive(3, 1, 3, 0x0f, 1, 1)
	assert.EqualValues(t, 0xaa, get(m, 0))
	drive(3, 1, 7, 0x55, 1, 0)
	assert.EqualValues(t, 0xf0, get(m, 0), "the later write port wins")
	drive(6, 1, 0, 0, 0, 0)
	assert.EqualValues(t, 0x10, get(m, 0), "an address beyond the depth reads word 0")
	for addr, want := range []uint64{0x10, 0x11, 0x12, 0xf0, 0x14} {
		drive(uint64(addr), 1, 0, 0, 0, 0)
		assert.EqualValues(t, want, get(m, 0), "a write beyond the depth changes nothing")
	}
}

func TestInstancesShareTheCycle(t *testing.T) {
	m := machine(t, parse(t, `design t
module inc
  x = input u8
  r = reg u8
  one = const u1 [1]
  %3 = add u8 x one
  %4 = shl u8 r one
  input x
  output y r
  output twice %4
  reg r next %3
end
module t
  in0 = input u8
  a_y = out u8
  a_twice = out u8
  b_y = out u8
  b_twice = out u8
  %5 = add u8 a_twice in0
  input in0
  output y b_y
  inst b of inc
    in x %5
  inst a of inc
    in x in0
end
`))
	set(m, 0, 10)
	m.Step() // a.r = 11, b.r = 0 + 10 + 1
	assert.EqualValues(t, 11, get(m, 0))
	m.Step() // b.r = 22 + 10 + 1
	assert.EqualValues(t, 33, get(m, 0))
}

// The hash against hash/fnv over the state as Design.States lists it.
func TestHash(t *testing.T) {
	d := parse(t, ram)
	m := machine(t, d)
	h := fnv.New64a()
	h.Write([]byte{0, 0, 0x10, 0x11, 0x12, 0x13, 0x14})
	got, err := m.Hash()
	require.NoError(t, err)
	assert.Equal(t, h.Sum64(), got)

	require.NoError(t, m.Flip(rtl.Site{Path: "m", Mem: true, Word: 4, Bit: 7}))
	h.Reset()
	h.Write([]byte{0, 0, 0x10, 0x11, 0x12, 0x13, 0x94})
	got, err = m.Hash()
	require.NoError(t, err)
	assert.Equal(t, h.Sum64(), got)
}

func TestFlipsAreSeenAtOnceAndUndone(t *testing.T) {
	d := parse(t, `design t
module t
  a = reg s5x3
  %1 = not s5x3 a
  output o %1
  reg a next a init [1 -2 3]
end
`)
	m := machine(t, d)
	before := get(m, 0)
	for bit := range 15 {
		site := rtl.Site{Path: "a", Bit: bit}
		require.NoError(t, m.Flip(site))
		assert.Equal(t, before^1<<bit, get(m, 0))
		m.Step()
		assert.Equal(t, before^1<<bit, get(m, 0), "it stays until something writes it")
		require.NoError(t, m.Flip(site))
		assert.Equal(t, before, get(m, 0))
	}
}

func TestBadSites(t *testing.T) {
	m := machine(t, parse(t, ram))
	for site, want := range map[rtl.Site]string{
		{Path: "x"}:                             "fault site x.0: the design has no register or memory x",
		{Path: "m", Bit: 1}:                     "a memory needs a word, a register has none",
		{Path: "q", Mem: true}:                  "a memory needs a word, a register has none",
		{Path: "m", Mem: true, Word: 5}:         "m has 5 words",
		{Path: "m", Mem: true, Word: -1}:        "m has 5 words",
		{Path: "q", Bit: 8}:                     "q is 8 bits wide",
		{Path: "m", Mem: true, Bit: 8}:          "m is 8 bits wide",
		{Path: "q", Bit: -1}:                    "q is 8 bits wide",
		{Path: "steady", Word: 1, Mem: false}:   "steady has 1 words",
		{Path: "m", Mem: true, Word: 4, Bit: 7}: "",
	} {
		err := m.Flip(site)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		var p diag.Problem
		require.ErrorAs(t, err, &p)
		assert.ErrorContains(t, err, want)
	}
}

func TestSaveAndRestore(t *testing.T) {
	d := rtltest.Random(11, 40)
	s, err := rtltest.RandomStimulus(d, 11, 100, 0)
	require.NoError(t, err)
	m := machine(t, d)
	_, err = m.Run(context.Background(), s)
	require.NoError(t, err)
	require.NoError(t, m.Save(7))
	hash, err := m.Hash()
	require.NoError(t, err)

	s.Limit = 200
	first, err := m.Run(context.Background(), s)
	require.NoError(t, err)
	changed, err := m.Hash()
	require.NoError(t, err)
	require.NotEqual(t, hash, changed, "the test needs a state that moves")

	for range 2 {
		require.NoError(t, m.Restore(7))
		restored, err := m.Hash()
		require.NoError(t, err)
		assert.Equal(t, hash, restored)
		again, err := m.Run(context.Background(), s)
		require.NoError(t, err)
		assert.Equal(t, first, again)
	}
	assert.ErrorContains(t, m.Restore(8), "nothing was saved in slot 8")
}

func TestRunRefusesBadStimuli(t *testing.T) {
	d := rtltest.Random(1, 20)
	s, err := rtltest.RandomStimulus(d, 1, 10, 0)
	require.NoError(t, err)
	s.Faults = []rtl.Fault{{Site: rtl.Site{Path: "nowhere"}, Cycle: 3}}
	m := machine(t, d)
	_, err = m.Run(context.Background(), s)
	assert.ErrorContains(t, err, "no register or memory nowhere")
	s.Faults, s.Inputs = nil, nil
	_, err = m.Run(context.Background(), s)
	assert.ErrorContains(t, err, "beats for 0 input streams")
	assert.Zero(t, m.cycle)
}

func TestNewRefusesBrokenDesigns(t *testing.T) {
	_, err := New(parse(t, "design t\nmodule t\n%0 = const u4 [99]\nend\n"))
	assert.ErrorContains(t, err, "99 is no value of u4")
}

// A register that is not enabled must not cost its next-value cone, nor a mux the side not taken.
func TestLazy(t *testing.T) {
	m := machine(t, parse(t, `design t
module t
  en = input u1
  a = reg u8
  b = reg u8
  %3 = not u8 a
  %4 = not u8 b
  %5 = mux u8 en %3 %4
  input en
  reg a next %3 if en
  reg b next %5
end
`))
	cells := m.root.cells
	m.Step()
	assert.Zero(t, cells[3].gen, "neither a nor the mux needs it")
	assert.NotZero(t, cells[4].gen)
	set(m, 0, 1)
	m.Step()
	assert.NotZero(t, cells[3].gen)
}

func TestNoAllocationPerCycle(t *testing.T) {
	m := machine(t, rtltest.Random(3, 60))
	m.Step()
	assert.Zero(t, testing.AllocsPerRun(100, m.Step))
}

// BenchmarkStep runs a design of 500 scalar nodes, none of them idle.
func BenchmarkStep(b *testing.B) {
	m := rtl.NewModule("bench", "")
	x := m.Reg("r_0", rtl.U(32), 1)
	regs := []*rtl.Reg{x}
	for i := 1; i < 20; i++ {
		regs = append(regs, m.Reg("r_"+string(rune('a'+i)), rtl.U(32), int64(i)))
	}
	v := x.Q
	for i := len(m.Nodes); i < 500; i++ {
		ops := []rtl.Op{rtl.OpAdd, rtl.OpXor, rtl.OpMul, rtl.OpMin, rtl.OpSub}
		v = m.Node(ops[i%len(ops)], rtl.U(32), nil, v, regs[i%len(regs)].Q)
	}
	for _, r := range regs {
		r.Set(v)
	}
	machine := machine(b, rtl.NewDesign(m))
	for b.Loop() {
		machine.Step()
	}
}
