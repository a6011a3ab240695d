package worker

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/rtltest"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/drive"
	"rampart/sim/interp"
)

// The test program itself plays the worker: the interpreter behind the wire format.
const (
	roleVar = "RAMPART_WORKER_ROLE"
	seedVar = "RAMPART_WORKER_SEED"
)

func TestMain(m *testing.M) {
	role := os.Getenv(roleVar)
	if role == "" {
		os.Exit(m.Run())
	}
	seed, err := strconv.ParseUint(os.Getenv(seedVar), 10, 64)
	if err == nil {
		err = play(role, testDesign(seed))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func testDesign(seed uint64) *rtl.Design { return rtltest.Random(seed, 20) }

// play serves requests on standard input and output, with the fault that its role names.
func play(role string, d *rtl.Design) error {
	m, err := interp.New(d)
	if err != nil {
		return err
	}
	ports, err := sim.Ports(d.Top)
	if err != nil {
		return err
	}
	s := &server{machine: m, states: d.States(), pins: ports.Pins, print: Fingerprint(d), version: Version}
	switch role {
	case "other version":
		s.version++
	case "dies":
		s.failOn = opRun
	case "hangs":
		s.hangOn = opRun
	case "babbles":
		s.babbleOn = opHash
	}
	in := bufio.NewReader(os.Stdin)
	for {
		op, payload, err := readFrame(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		reply, err := s.serve(op, &reader{buf: payload})
		status := byte(0)
		if err != nil {
			status, reply = 1, []byte(err.Error())
		}
		if err := writeFrame(os.Stdout, status, reply); err != nil || op == opQuit {
			return err
		}
	}
}

// server is the other side of the wire format, read from its description.
type server struct {
	machine                  sim.Machine
	states                   []*rtl.State
	pins                     []drive.Pin
	print                    uint64
	version                  uint32
	failOn, hangOn, babbleOn byte
}

func (s *server) serve(op byte, r *reader) ([]byte, error) {
	if op == s.failOn && op != 0 {
		return nil, s.die()
	}
	if op == s.hangOn && op != 0 {
		time.Sleep(time.Hour)
	}
	var w writer
	if op == s.babbleOn && op != 0 {
		w.u8(1)
	}
	switch op {
	case opHello:
		w.u32(s.version)
		w.u64(s.print)
	case opReset:
		return nil, s.machine.Reset()
	case opRun:
		return s.run(r)
	case opFlip:
		return nil, s.machine.Flip(s.site(r))
	case opSave:
		return nil, s.machine.Save(int(r.u32()))
	case opRestore:
		return nil, s.machine.Restore(int(r.u32()))
	case opHash:
		h, err := s.machine.Hash()
		w.u64(h)
		return w.buf, err
	case opQuit:
	default:
		return nil, fmt.Errorf("request %d is not known", op)
	}
	return w.buf, nil
}

func (s *server) die() error {
	fmt.Fprintln(os.Stderr, "out of patience")
	os.Exit(3)
	return nil
}

func (s *server) site(r *reader) rtl.Site {
	state, at := s.states[r.u32()], r.u32()
	return rtl.Site{Path: state.Path, Mem: state.Depth > 0, Bit: int(at), Word: int(r.u64())}
}

func (s *server) run(r *reader) ([]byte, error) {
	var st sim.Stimulus
	for range r.u32() {
		st.Inputs = append(st.Inputs, r.bytes())
	}
	st.Gaps = sim.Throttle{Seed: r.u64(), Open: r.u64()}
	st.Stalls = sim.Throttle{Seed: r.u64(), Open: r.u64()}
	for range r.u32() {
		f := rtl.Fault{Cycle: r.i64(), Model: rtl.FaultModel(r.u8())}
		f.Site = s.site(r)
		st.Faults = append(st.Faults, f)
	}
	given := r.u8() == 1
	for _, n := range r.i64s() {
		st.Want = append(st.Want, int(n))
	}
	if given && st.Want == nil {
		st.Want = []int{}
	}
	st.Limit, st.Quiet = r.i64(), r.i64()
	for range r.u32() {
		p := sim.Pin{Cycle: r.i64()}
		p.Port, p.Value = s.pins[r.u32()].Name, r.bytes()
		st.Pins = append(st.Pins, p)
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	t, err := s.machine.Run(context.Background(), &st)
	if err != nil {
		return nil, err
	}
	var w writer
	w.u8(byte(t.Stop))
	w.i64(t.Cycle)
	w.u64(t.Digest)
	w.u32(uint32(len(t.Outputs)))
	for k := range t.Outputs {
		w.bytes(t.Outputs[k])
		w.i64s(t.Cycles[k])
	}
	w.u32(uint32(len(t.Taken)))
	for _, taken := range t.Taken {
		w.i64s(taken)
	}
	w.u32(uint32(len(t.Final)))
	for _, packed := range t.Final {
		w.bytes(packed)
	}
	return w.buf, nil
}

func player(t *testing.T, role string, seed uint64) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVar+"="+role, fmt.Sprintf("%s=%d", seedVar, seed))
	return cmd
}

func startPlayer(t *testing.T, role string, seed uint64) sim.Machine {
	t.Helper()
	m, err := Start(t.Context(), player(t, role, seed), testDesign(seed))
	require.NoError(t, err)
	return m
}

func TestEqualsTheMachineBehindIt(t *testing.T) {
	for seed := range uint64(4) {
		d := testDesign(seed)
		direct, err := interp.New(d)
		require.NoError(t, err)
		remote := startPlayer(t, "honest", seed)
		rtltest.Lockstep(t, d, []uint64{0, 1, 2}, 200,
			rtltest.Engine{Name: "direct", Machine: direct}, rtltest.Engine{Name: "remote", Machine: remote})
		require.NoError(t, remote.Close())
	}
}

func TestRefusesOtherPrograms(t *testing.T) {
	for role, c := range map[string]struct {
		seed uint64
		want string
	}{
		"other version": {1, fmt.Sprintf("version %d", Version+1)},
		"honest":        {2, "another design"},
	} {
		_, err := Start(t.Context(), player(t, role, c.seed), testDesign(1))
		assert.ErrorContains(t, err, c.want, role)
	}
	_, err := Start(t.Context(), exec.Command("/no/such/program"), testDesign(1))
	assert.ErrorContains(t, err, "/no/such/program")
}

func TestProgramThatDies(t *testing.T) {
	m := startPlayer(t, "dies", 1)
	s, err := rtltest.RandomStimulus(testDesign(1), 1, 50, 0)
	require.NoError(t, err)
	_, err = m.Run(t.Context(), s)
	require.ErrorContains(t, err, "out of patience")
	_, again := m.Hash()
	require.Equal(t, err, again, "a dead machine keeps telling why")
	require.NoError(t, m.Close())
}

func TestContextEndsTheProgram(t *testing.T) {
	m := startPlayer(t, "hangs", 1)
	s, err := rtltest.RandomStimulus(testDesign(1), 1, 50, 0)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = m.Run(ctx, s)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(began), time.Minute)
	require.Error(t, m.Reset())
}

func TestReplyOfTheWrongLength(t *testing.T) {
	m := startPlayer(t, "babbles", 1)
	_, err := m.Hash()
	require.ErrorContains(t, err, "bytes too many")
}

func TestRefusesWhatTheDesignHasNot(t *testing.T) {
	m := startPlayer(t, "honest", 2)
	defer func() { require.NoError(t, m.Close()) }()
	var register, memory *rtl.State
	for _, s := range testDesign(2).States() {
		if s.Mem == nil {
			register = s
		} else {
			memory = s
		}
	}
	require.NotNil(t, register)
	require.NotNil(t, memory)
	for what, site := range map[string]rtl.Site{
		"no such register":  {Path: "nowhere"},
		"has no words":      {Path: register.Path, Mem: true},
		"name the word":     {Path: memory.Path},
		"the memory has":    {Path: memory.Path, Mem: true, Word: memory.Depth},
		"it has":            {Path: register.Path, Bit: register.Type.Width()},
		"nowhere.3: the de": {Path: "nowhere", Bit: 3},
	} {
		err := m.Flip(site)
		require.ErrorContains(t, err, what)
		require.ErrorAs(t, err, &diag.Problem{})
	}
	require.ErrorContains(t, m.Restore(5), "nothing was saved in slot 5")
	require.ErrorContains(t, m.Save(-1), "no slot number")
	_, err := m.Run(t.Context(), &sim.Stimulus{})
	require.Error(t, err, "a stimulus that does not fit")
}

func TestFingerprintTellsDesignsApart(t *testing.T) {
	build := func(bits, depth int, name string) *rtl.Design {
		m := rtl.NewModule("m", "")
		r := m.Reg(name, rtl.U(bits), 0)
		r.Set(r.Q)
		mem := m.Mem("mem", rtl.MemLine, rtl.U(4), depth, nil)
		m.Out("q", m.ReadPort(mem, "word", r.Q, nil))
		return rtl.NewDesign(m)
	}
	seen := map[uint64]bool{}
	for _, d := range []*rtl.Design{build(3, 8, "r"), build(4, 8, "r"), build(3, 7, "r"), build(3, 8, "s")} {
		seen[Fingerprint(d)] = true
	}
	assert.Len(t, seen, 4)
	assert.Equal(t, Fingerprint(build(3, 8, "r")), Fingerprint(build(3, 8, "r")))
}

func TestBrokenFrames(t *testing.T) {
	r := &reader{buf: []byte{5, 0, 0, 0, 0, 0, 0, 0, 1, 2}}
	assert.Nil(t, r.bytes())
	assert.ErrorIs(t, r.end(), errShort)
	r = &reader{buf: []byte{255, 255, 255, 255, 255, 255, 255, 255}}
	assert.Nil(t, r.i64s())
	assert.ErrorIs(t, r.end(), errShort)
	_, _, err := readFrame(bufio.NewReader(&zeros{}))
	assert.ErrorContains(t, err, "0 bytes")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
