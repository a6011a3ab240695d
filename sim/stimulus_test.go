package sim_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/drive"
	"rampart/sim/interp"
)

func top(t *testing.T, text string) *rtl.Design {
	t.Helper()
	d, err := rtl.Parse("test.rtl", strings.NewReader("design t\nmodule t\n"+text+"end\n"))
	require.NoError(t, err)
	require.NoError(t, rtl.Check(d))
	return d
}

// Two streams in, one out; b's valid port stands before a's. The output ports are in no special order.
const streams = `
  b_valid = input u1
  a_data = input u4x3
  a_valid = input u1
  b_data = input u7
  y_ready = input u1
  mode = input u9
  r = reg u1
  d = reg u16
  input mode
  input b_valid
  input a_data
  input a_valid
  input b_data
  input y_ready
  output y_data d
  output alarm r
  output a_ready r
  output y_valid r
  output b_ready r
  reg r next b_valid
  reg d next d
`

func TestPorts(t *testing.T) {
	ports, err := sim.Ports(top(t, streams).Top)
	require.NoError(t, err)
	assert.Equal(t, drive.Ports{
		In: []drive.Stream{
			{Name: "b", Valid: 1, Ready: 4, Data: 4, Bits: 7},
			{Name: "a", Valid: 3, Ready: 2, Data: 2, Bits: 12},
		},
		Out:     []drive.Stream{{Name: "y", Valid: 3, Ready: 5, Data: 0, Bits: 16}},
		Pins:    []drive.Pin{{Name: "mode", Port: 0, Bits: 9}},
		Outputs: 5,
	}, ports)
}

func TestPortsNamesWhatIsWrong(t *testing.T) {
	_, err := sim.Ports(top(t, `
  mode = input u2
  mode_data = input u2
  a_valid = input u2
  y_ready = input u1
  y_data = input u1
  r = reg u1
  input mode
  input mode_data
  input a_valid
  input y_ready
  input y_data
  output y_valid r
  reg r next r
`).Top)
	var problems diag.Problems
	require.True(t, errors.As(err, &problems))
	assert.Equal(t, []string{
		"stream a: port a_valid is u2, not u1",
		"stream a: port a_ready is missing or runs the wrong way",
		"stream a: port a_data is missing or runs the wrong way",
		"stream y: port y_data is missing or runs the wrong way",
		"t.mode_data: this input port belongs to no stream; name the ports of a stream N N_valid, N_data and N_ready",
	}, strings.Split(problems.Error(), "\n"))
}

func TestStimulusCheck(t *testing.T) {
	ports, err := sim.Ports(top(t, streams).Top)
	require.NoError(t, err)
	good := func() *sim.Stimulus {
		return &sim.Stimulus{
			Inputs: [][]byte{{0x7f, 0}, {0xff, 0x0f}}, Want: []int{3}, Limit: 100,
			Faults: []rtl.Fault{{Cycle: 5}, {Cycle: 5}, {Cycle: 8}},
			Pins:   []sim.Pin{{0, "mode", []byte{3, 1}}, {7, "mode", []byte{0, 0}}},
		}
	}
	require.NoError(t, good().Check(ports, 5))
	cases := []struct {
		name  string
		spoil func(*sim.Stimulus)
		want  string
	}{
		{"too few streams", func(s *sim.Stimulus) { s.Inputs = s.Inputs[:1] }, "stimulus: beats for 1 input streams, but the design has 2"},
		{"part of a beat", func(s *sim.Stimulus) { s.Inputs[1] = []byte{1, 2, 3} }, "input stream a: 3 bytes are not a whole number of beats of 2 bytes"},
		{"spare bits", func(s *sim.Stimulus) { s.Inputs[0] = []byte{0, 0x80} }, "input stream b: beat 1 has bits set past its 7 bits"},
		{"wanted streams", func(s *sim.Stimulus) { s.Want = []int{1, 1} }, "stimulus: wanted beats for 2 output streams, but the design has 1"},
		{"negative want", func(s *sim.Stimulus) { s.Want[0] = -1 }, "stimulus: output stream 0 is to deliver -1 beats"},
		{"endless", func(s *sim.Stimulus) { s.Want, s.Limit = nil, 0 }, "stimulus: neither Want nor Limit nor Quiet would ever stop the run"},
		{"negative limit", func(s *sim.Stimulus) { s.Limit = -1 }, "stimulus: Limit -1 and Quiet 0 must not be negative"},
		{"negative quiet", func(s *sim.Stimulus) { s.Quiet = -1 }, "stimulus: Limit 100 and Quiet -1 must not be negative"},
		{"past fault", func(s *sim.Stimulus) { s.Faults[0].Cycle = 4 }, "it strikes before cycle 5; faults must be sorted and flips not in the past"},
		{"no pin", func(s *sim.Stimulus) { s.Pins[1].Port = "a_data" }, "pin a_data: the design has no input port of that name outside of streams"},
		{"short pin", func(s *sim.Stimulus) { s.Pins[0].Value = []byte{1} }, "pin mode: a value of 1 bytes; it takes 2"},
		{"spare bits of a pin", func(s *sim.Stimulus) { s.Pins[0].Value = []byte{0, 2} }, "pin mode: a value has bits set past its 9 bits"},
		{"unsorted pins", func(s *sim.Stimulus) { s.Pins[0].Cycle = 8 }, "pin mode: its cycle 7 comes behind cycle 8; pins must be sorted, from cycle 0 on"},
		{"pin before the run", func(s *sim.Stimulus) { s.Pins[0].Cycle = -1 }, "pin mode: its cycle -1 comes behind cycle 0"},
		{"unsorted faults", func(s *sim.Stimulus) { s.Faults[2].Cycle = 4 }, "it strikes before cycle 5; faults must be sorted"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := good()
			c.spoil(s)
			var problems diag.Problems
			require.True(t, errors.As(s.Check(ports, 5), &problems))
			require.Len(t, problems, 1)
			assert.Contains(t, problems[0].Error(), c.want)
		})
	}
}

// A fault strikes after the edge that ends its cycle, and stays until something writes the bit.
func TestFaultTiming(t *testing.T) {
	d := top(t, `
  in_valid = input u1
  in_data = input u8
  out_ready = input u1
  on = const u1 [1]
  hold = reg u8
  %5 = lanes u8 hold [0]
  input in_valid
  input in_data
  input out_ready
  output in_ready on
  output out_valid on
  output out_data %5
  reg hold next in_data if in_valid
`)
	m, err := interp.New(d)
	require.NoError(t, err)
	fault, err := rtl.ParseFault("hold.6@2")
	require.NoError(t, err)
	trace, err := m.Run(context.Background(), &sim.Stimulus{Inputs: [][]byte{{1, 2, 3}}, Faults: []rtl.Fault{fault}, Limit: 6})
	require.NoError(t, err)
	assert.Equal(t, []byte{0, 1, 2, 3 ^ 0x40, 3 ^ 0x40, 3 ^ 0x40}, trace.Outputs[0], "cycle 2 ends with the write of 3")
	assert.Equal(t, []int64{0, 1, 2}, trace.Taken[0])
	assert.Equal(t, sim.Limit, trace.Stop)

	require.NoError(t, m.Reset())
	fault.Cycle = 1
	trace, err = m.Run(context.Background(), &sim.Stimulus{Inputs: [][]byte{{1, 2, 3}}, Faults: []rtl.Fault{fault}, Limit: 6})
	require.NoError(t, err)
	assert.Equal(t, []byte{0, 1, 2 ^ 0x40, 3, 3, 3}, trace.Outputs[0], "overwritten one cycle later")
}
