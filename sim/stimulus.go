package sim

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"rampart/internal/diag"
	"rampart/ir/rtl"
	"rampart/sim/drive"
)

// Ports finds the streams of a top module: input streams in the order of their valid ports among
// Module.Inputs, output streams in the order of theirs among Module.Outputs. Input ports whose names are
// not those of a stream's are pins. Errors name the ports that are missing, mistyped, or inputs of no stream
// though they are called so.
func Ports(top *rtl.Module) (drive.Ports, error) {
	in, out := side{}, side{}
	for i, n := range top.Inputs {
		in[n.Name] = port{i, n.Type}
	}
	for i, o := range top.Outputs {
		out[o.Name] = port{i, o.Node.Type}
	}
	ports := drive.Ports{Outputs: len(top.Outputs)}
	f := portFinder{used: map[string]bool{}}
	for _, n := range top.Inputs {
		if name, ok := strings.CutSuffix(n.Name, "_valid"); ok {
			ports.In = append(ports.In, f.stream(name, in, out))
		}
	}
	for _, o := range top.Outputs {
		if name, ok := strings.CutSuffix(o.Name, "_valid"); ok {
			ports.Out = append(ports.Out, f.stream(name, out, in))
		}
	}
	for _, n := range top.Inputs {
		switch {
		case f.used[n.Name]:
		case ofStream(n.Name):
			f.problems.Add(diag.Problem{At: top.Name + "." + n.Name, What: "this input port belongs to no stream",
				Remedy: "name the ports of a stream N N_valid, N_data and N_ready"})
		default:
			ports.Pins = append(ports.Pins, drive.Pin{Name: n.Name, Port: in[n.Name].index, Bits: n.Type.Width()})
		}
	}
	return ports, f.problems.Err()
}

// ofStream tells whether a port is named as a stream's are.
func ofStream(name string) bool {
	for _, suffix := range []string{"_valid", "_data", "_ready"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// port is a port's index in its list and its type; side is all ports of one direction, by name.
type (
	port struct {
		index int
		t     rtl.Type
	}
	side map[string]port
)

type portFinder struct {
	used     map[string]bool
	problems diag.Problems
}

// stream looks up valid and data among the ports that run with the data, ready among those against it.
func (f *portFinder) stream(name string, with, against side) drive.Stream {
	valid := f.find(name, "_valid", with)
	ready := f.find(name, "_ready", against)
	data := f.find(name, "_data", with)
	return drive.Stream{Name: name, Valid: valid.index, Ready: ready.index, Data: data.index, Bits: data.t.Width()}
}

func (f *portFinder) find(stream, suffix string, ports side) port {
	p, ok := ports[stream+suffix]
	switch {
	case !ok:
		f.problems.Add(diag.Problem{At: "stream " + stream, What: "port " + stream + suffix + " is missing or runs the wrong way"})
	case suffix != "_data" && p.t != rtl.U(1):
		f.problems.Add(diag.Problem{At: "stream " + stream, What: fmt.Sprintf("port %s%s is %s, not u1", stream, suffix, p.t)})
	}
	f.used[stream+suffix] = true
	return p
}

// Check tells what is wrong with a stimulus for a machine of those ports that stands before cycle.
// Whether fault sites exist is for the machine to say.
func (s *Stimulus) Check(ports drive.Ports, cycle int64) error {
	var ps diag.Problems
	bad := func(at, format string, args ...any) {
		ps.Add(diag.Problem{At: at, What: fmt.Sprintf(format, args...)})
	}
	if len(s.Inputs) != len(ports.In) {
		bad("stimulus", "beats for %d input streams, but the design has %d", len(s.Inputs), len(ports.In))
	} else {
		for k, in := range ports.In {
			checkBeats(in, s.Inputs[k], bad)
		}
	}
	if s.Want != nil && len(s.Want) != len(ports.Out) {
		bad("stimulus", "wanted beats for %d output streams, but the design has %d", len(s.Want), len(ports.Out))
	}
	for k, want := range s.Want {
		if want < 0 {
			bad("stimulus", "output stream %d is to deliver %d beats", k, want)
		}
	}
	if s.Want == nil && s.Limit == 0 && s.Quiet == 0 {
		bad("stimulus", "neither Want nor Limit nor Quiet would ever stop the run")
	}
	if s.Limit < 0 || s.Quiet < 0 {
		bad("stimulus", "Limit %d and Quiet %d must not be negative", s.Limit, s.Quiet)
	}
	s.checkPins(ports, bad)
	last := int64(math.MinInt64)
	for _, f := range s.Faults {
		if least := max(last, cycle); f.Cycle < last || f.Cycle < cycle && !f.Model.Stuck() {
			bad("fault "+f.String(), "it strikes before cycle %d; faults must be sorted and flips not in the past", least)
		}
		last = max(last, f.Cycle)
	}
	return ps.Err()
}

func checkBeats(in drive.Stream, beats []byte, bad func(at, format string, args ...any)) {
	at, size := "input stream "+in.Name, in.Bytes()
	if len(beats)%size != 0 {
		bad(at, "%d bytes are not a whole number of beats of %d bytes", len(beats), size)
		return
	}
	for i := 0; i < len(beats); i += size {
		if excess(beats[i:i+size], in.Bits) {
			bad(at, "beat %d has bits set past its %d bits", i/size, in.Bits)
			return
		}
	}
}

// excess tells whether a packed value has bits set past its width.
func excess(packed []byte, bits int) bool {
	spare := len(packed)*8 - bits
	return spare > 0 && packed[len(packed)-1]>>(8-spare) != 0
}

func (s *Stimulus) checkPins(ports drive.Ports, bad func(at, format string, args ...any)) {
	last := int64(0)
	for _, p := range s.Pins {
		at := "pin " + p.Port
		k := slices.IndexFunc(ports.Pins, func(q drive.Pin) bool { return q.Name == p.Port })
		switch {
		case k < 0:
			bad(at, "the design has no input port of that name outside of streams")
		case len(p.Value) != ports.Pins[k].Bytes():
			bad(at, "a value of %d bytes; it takes %d", len(p.Value), ports.Pins[k].Bytes())
		case excess(p.Value, ports.Pins[k].Bits):
			bad(at, "a value has bits set past its %d bits", ports.Pins[k].Bits)
		}
		if p.Cycle < last {
			bad(at, "its cycle %d comes behind cycle %d; pins must be sorted, from cycle 0 on", p.Cycle, last)
		}
		last = max(last, p.Cycle)
	}
}

// Settings is Pins in terms of a design's ports, which it must fit (Check).
func (s *Stimulus) Settings(ports drive.Ports) []drive.Setting {
	var all []drive.Setting
	for _, p := range s.Pins {
		k := slices.IndexFunc(ports.Pins, func(q drive.Pin) bool { return q.Name == p.Port })
		all = append(all, drive.Setting{Cycle: p.Cycle, Pin: k, Value: p.Value})
	}
	return all
}

// Drive runs an engine within this process under a stimulus from the given cycle on; strike does to a bit
// what a fault model says. It checks the stimulus first. The trace is nil only where the stimulus is bad.
func Drive(ctx context.Context, core drive.Core, ports drive.Ports, cycle int64, s *Stimulus, strike func(rtl.Site, rtl.FaultModel) error) (*Trace, error) {
	if err := s.Check(ports, cycle); err != nil {
		return nil, err
	}
	faults := make([]drive.Fault, len(s.Faults))
	for i, f := range s.Faults {
		faults[i] = drive.Fault{Cycle: f.Cycle, Stuck: f.Model.Stuck()}
	}
	return drive.Run(ctx, core, ports, cycle, drive.Stimulus{
		Inputs: s.Inputs, Gaps: s.Gaps, Stalls: s.Stalls, Pins: s.Settings(ports),
		Faults: faults, Strike: func(i int) error { return strike(s.Faults[i].Site, s.Faults[i].Model) },
		Want: s.Want, Limit: s.Limit, Quiet: s.Quiet,
	})
}
