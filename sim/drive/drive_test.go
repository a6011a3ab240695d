package drive

import (
	"context"
	"errors"
	"go/parser"
	"go/token"
	"hash/fnv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// relay is a one-beat buffer: it takes when empty and offers when full.
// Inputs: in_valid 0, in_data 1, out_ready 2, mode 3. Outputs: in_ready 0, out_data 1, out_valid 2, tag 3.
type relay struct {
	in     [4][]byte
	full   bool
	data   byte
	offers []bool // in_valid per cycle
	idle   []byte // in_data where in_valid is 0
	cycle  int64
	stuck  bool
	mode   []byte // pin 3 per cycle; absent where the run has no pins
}

var relayPorts = Ports{
	In:      []Stream{{Name: "in", Valid: 0, Data: 1, Ready: 0, Bits: 8}},
	Out:     []Stream{{Name: "out", Valid: 2, Data: 1, Ready: 2, Bits: 8}},
	Outputs: 4,
}

func (c *relay) Get(port int) []byte {
	switch port {
	case 0:
		return bit(!c.full && !c.stuck)
	case 1:
		return []byte{c.data}
	case 2:
		return bit(c.full)
	default:
		return []byte{0x55}
	}
}

func (c *relay) Set(port int, packed []byte) { c.in[port] = packed }

func (c *relay) Step() {
	if c.in[3] != nil {
		c.mode = append(c.mode, c.in[3][0])
	}
	offered := c.in[0][0] != 0
	c.offers = append(c.offers, offered)
	if !offered {
		c.idle = append(c.idle, c.in[1][0])
	}
	switch {
	case c.full && c.in[2][0] != 0:
		c.full = false
	case !c.full && offered && !c.stuck:
		c.full, c.data = true, c.in[1][0]
	}
	c.cycle++
}

func TestRunTransfers(t *testing.T) {
	c := &relay{}
	trace, err := Run(context.Background(), c, relayPorts, 0, Stimulus{
		Inputs: [][]byte{{7, 8, 9}}, Want: []int{3}, Limit: 100,
	})
	require.NoError(t, err)
	assert.Equal(t, Done, trace.Stop)
	assert.Equal(t, [][]byte{{7, 8, 9}}, trace.Outputs)
	assert.Equal(t, [][]int64{{0, 2, 4}}, trace.Taken)
	assert.Equal(t, [][]int64{{1, 3, 5}}, trace.Cycles)
	assert.EqualValues(t, 6, trace.Cycle)
	assert.Equal(t, [][]byte{{0x55}}, trace.Final, "the tag")
	assert.Equal(t, []bool{true, true, true, true, true, false}, c.offers)
	assert.Equal(t, []byte{0}, c.idle, "data is zero while nothing is offered")
}

func TestDigestIsOutputPortsInOrder(t *testing.T) {
	trace, err := Run(context.Background(), &relay{}, relayPorts, 0, Stimulus{Inputs: [][]byte{{7}}, Limit: 2})
	require.NoError(t, err)
	// Cycle 0: ready 1, data left out, valid 0, tag. Cycle 1: ready 0, data 7, valid 1, tag.
	h := fnv.New64a()
	h.Write([]byte{1, 0, 0x55, 0, 7, 1, 0x55})
	assert.Equal(t, h.Sum64(), trace.Digest)
}

func TestStops(t *testing.T) {
	cases := []struct {
		name   string
		core   *relay
		from   int64
		s      Stimulus
		stop   Stop
		cycles int64
	}{
		{"limit", &relay{}, 0, Stimulus{Inputs: [][]byte{nil}, Limit: 5}, Limit, 5},
		{"limit already reached", &relay{}, 9, Stimulus{Inputs: [][]byte{nil}, Limit: 5}, Limit, 0},
		{"hang counts from the last transfer", &relay{}, 4, Stimulus{Inputs: [][]byte{{1}}, Quiet: 10}, Hang, 12},
		{"hang before limit", &relay{stuck: true}, 0, Stimulus{Inputs: [][]byte{{1}}, Quiet: 6, Limit: 6}, Hang, 6},
		{"done before limit", &relay{}, 0, Stimulus{Inputs: [][]byte{{1}}, Want: []int{1}, Limit: 2}, Done, 2},
		{"nothing wanted is done after a cycle", &relay{}, 0, Stimulus{Inputs: [][]byte{nil}, Want: []int{0}}, Done, 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			trace, err := Run(context.Background(), c.core, relayPorts, c.from, c.s)
			require.NoError(t, err)
			assert.Equal(t, c.stop, trace.Stop)
			assert.Equal(t, c.cycles, c.core.cycle)
			assert.Equal(t, c.from+c.cycles, trace.Cycle)
		})
	}
}

func TestThrottleDraws(t *testing.T) {
	// The first draws of xorshift64* from seed 1, computed by hand from the published definition.
	g := Throttle{Seed: 1, Open: 1 << 31}.gate(0)
	var xs []uint64
	for range 3 {
		g.draw()
		xs = append(xs, g.x*2685821657736338717)
	}
	assert.Equal(t, []uint64{0x47E4CE4B896CDD1D, 0xABCFA6A8E079651D, 0xB9D10D8FEB731F57}, xs)

	open := 0
	g = Throttle{Seed: 77, Open: 1 << 30}.gate(3)
	for range 4000 {
		if g.draw() {
			open++
		}
	}
	assert.InDelta(t, 1000, open, 100)
	for _, always := range []Throttle{{}, {Seed: 5, Open: 1 << 32}, {Open: 3}} {
		g := always.gate(0)
		assert.True(t, g.draw())
	}
}

func TestOfferedBeatStaysOffered(t *testing.T) {
	c := &relay{}
	trace, err := Run(context.Background(), c, relayPorts, 0, Stimulus{
		Inputs: [][]byte{make([]byte, 200)}, Want: []int{200}, Limit: 100_000,
		Gaps: Throttle{Seed: 3, Open: 1 << 30}, Stalls: Throttle{Seed: 9, Open: 1 << 30},
	})
	require.NoError(t, err)
	require.Equal(t, Done, trace.Stop)
	taken := map[int64]bool{}
	for _, cycle := range trace.Taken[0] {
		taken[cycle] = true
	}
	waits := 0
	for cycle, offered := range c.offers[:len(c.offers)-1] {
		if offered && !taken[int64(cycle)] {
			waits++
			assert.True(t, c.offers[cycle+1], "cycle %d", cycle)
		}
	}
	assert.Positive(t, waits)
}

func TestStrikes(t *testing.T) {
	c := &relay{}
	var got [][2]int64
	s := Stimulus{Inputs: [][]byte{nil}, Limit: 10, Faults: []Fault{{Cycle: 3}, {Cycle: 5}, {Cycle: 5}, {Cycle: 40}}}
	s.Strike = func(i int) error { got = append(got, [2]int64{int64(i), c.cycle}); return nil }
	_, err := Run(context.Background(), c, relayPorts, 0, s)
	require.NoError(t, err)
	assert.Equal(t, [][2]int64{{0, 4}, {1, 6}, {2, 6}}, got, "after the edge that ends the cycle")

	broken := errors.New("no such bit")
	s.Strike = func(int) error { return broken }
	trace, err := Run(context.Background(), &relay{}, relayPorts, 0, s)
	require.ErrorIs(t, err, broken)
	assert.EqualValues(t, 4, trace.Cycle)
}

// Stuck faults strike after every edge from theirs on, behind the flips; one of the past from the first on.
func TestStuckStrikes(t *testing.T) {
	c := &relay{}
	var got [][2]int64
	s := Stimulus{Inputs: [][]byte{nil}, Limit: 6, Faults: []Fault{{Cycle: -7, Stuck: true}, {Cycle: 2, Stuck: true}, {Cycle: 4}, {Cycle: 4, Stuck: true}}}
	s.Strike = func(i int) error { got = append(got, [2]int64{int64(i), c.cycle}); return nil }
	_, err := Run(context.Background(), c, relayPorts, 0, s)
	require.NoError(t, err)
	assert.Equal(t, [][2]int64{{0, 1}, {0, 2}, {0, 3}, {1, 3}, {0, 4}, {1, 4}, {2, 5}, {0, 5}, {1, 5}, {3, 5}, {0, 6}, {1, 6}, {3, 6}}, got)

	broken := errors.New("no such bit")
	s.Strike = func(int) error { return broken }
	_, err = Run(context.Background(), &relay{}, relayPorts, 0, s)
	require.ErrorIs(t, err, broken)
}

func TestContextEndsARun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	s := Stimulus{Inputs: [][]byte{nil}, Faults: []Fault{{Cycle: 1000}}, Strike: func(int) error { cancel(); return nil }}
	trace, err := Run(ctx, &relay{}, relayPorts, 0, s)
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualValues(t, 1024, trace.Cycle)
}

func TestSourceStandsAlone(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "drive.go", Source(), parser.ImportsOnly)
	require.NoError(t, err)
	assert.Equal(t, "drive", f.Name.Name)
	for _, i := range f.Imports {
		assert.Contains(t, []string{`"context"`, `"fmt"`}, i.Path.Value)
	}
}

// A pin holds what it was last set to, before the run too, and is zero else, whatever the run before left there.
func TestPins(t *testing.T) {
	ports := relayPorts
	ports.Pins = []Pin{{Name: "mode", Port: 3, Bits: 5}}
	pins := []Setting{{2, 0, []byte{9}}, {2, 0, []byte{4}}, {5, 0, []byte{7}}}
	for from, want := range map[int64][]byte{0: {0, 0, 4, 4, 4, 7, 7, 7}, 2: {4, 4, 4, 7, 7, 7}, 4: {4, 7, 7, 7}, 6: {7, 7}} {
		c := &relay{}
		_, err := Run(context.Background(), c, ports, from, Stimulus{Inputs: [][]byte{nil}, Pins: pins, Limit: 8})
		require.NoError(t, err)
		assert.Equal(t, want, c.mode, "from cycle %d", from)
		_, err = Run(context.Background(), c, ports, 8, Stimulus{Inputs: [][]byte{nil}, Limit: 9})
		require.NoError(t, err)
		assert.Zero(t, c.mode[len(want)])
	}
}
