// Package rtltest holds what the tests of all engines share. Out: designs that apply every operation to
// every operand, with the answers computed by big integers (Truths); random legal designs (Random)
// and stimuli (RandomStimulus); and a comparison of engines, slice by slice (Lockstep). It knows
// engines only as sim.Machine.
package rtltest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
	"rampart/sim"
)

// Truth is a design with one input stream and one output stream per operation, the beats to feed and
// the beats that must come out. Results go through registers of their own type.
type Truth struct {
	Name     string
	Design   *rtl.Design
	Stimulus sim.Stimulus
	Expect   [][]byte // per output stream

	families []family
	inputs   [][]int64 // the input beats, one bit per element
}

// family is the probes of one operation: one module, one output stream.
type family struct {
	op     rtl.Op
	probes []Probe
	width  int // packed width of all results
}

// Truths gives the truth designs: small, wide, vector. Every operation that is not a source is in each.
func Truths() []*Truth {
	var all []*Truth
	for i, d := range domains() {
		all = append(all, d.truth(i+1))
	}
	return all
}

func (d *domain) truth(seed int) *Truth {
	total := d.pools[0] + d.pools[1] + d.pools[2]
	t := &Truth{Name: d.name, families: d.families(), inputs: d.beats(total, seed)}
	t.Design = d.design(t.families, total)
	t.Stimulus = sim.Stimulus{Inputs: [][]byte{packInputs(t.inputs)}, Limit: int64(10 + 8*len(t.inputs))}
	for _, f := range t.families {
		t.Expect = append(t.Expect, d.answers(f, t.inputs))
		t.Stimulus.Want = append(t.Stimulus.Want, len(t.inputs))
	}
	return t
}

// families are the probes of every operation.
func (d *domain) families() []family {
	var all []family
	for _, op := range rtl.Ops() {
		probes, ok := probeTable[op]
		if !ok {
			continue
		}
		f := family{op: op, probes: probes(d, op)}
		for _, p := range f.probes {
			f.width += p.Type.Width()
		}
		all = append(all, f)
	}
	return all
}

func packInputs(beats [][]int64) []byte {
	var all []byte
	for _, bits := range beats {
		all = append(all, packBits(bits)...)
	}
	return all
}

func packBits(bits []int64) []byte {
	packed := make([]byte, (len(bits)+7)/8)
	for i, b := range bits {
		packed[i/8] |= byte(b) << (i % 8)
	}
	return packed
}

// offset is where a pool's bits begin in a beat.
func (d *domain) offset(pool int) int {
	at := 0
	for _, bits := range d.pools[:pool] {
		at += bits
	}
	return at
}

// answers are the packed results of a family for all beats.
func (d *domain) answers(f family, beats [][]int64) []byte {
	size := (f.width + 7) / 8
	all := make([]byte, len(beats)*size)
	at := 0
	for _, p := range f.probes {
		known := map[string][]int64{} // small operands come again and again
		for i, beat := range beats {
			key := d.key(p, beat)
			result, ok := known[key]
			if !ok || key == "" {
				result = toBits(p.Type, expect(p, d.operands(p, beat)))
				known[key] = result
			}
			for k, bit := range result {
				all[i*size+(at+k)/8] |= byte(bit) << ((at + k) % 8)
			}
		}
		at += p.Type.Width()
	}
	return all
}

func (d *domain) operands(p Probe, beat []int64) []lanes {
	var args []lanes
	for _, a := range p.Args {
		args = append(args, fromBits(a.Type, beat[d.offset(a.Pool):]))
	}
	return args
}

// key tells the operands of a probe apart; it is empty where they are too wide to come again.
func (d *domain) key(p Probe, beat []int64) string {
	var key [16]byte
	n := 0
	for _, a := range p.Args {
		from := d.offset(a.Pool)
		if n+a.Type.Width() > len(key) {
			return ""
		}
		for _, bit := range beat[from : from+a.Type.Width()] {
			key[n] = '0' + byte(bit)
			n++
		}
	}
	return string(key[:n])
}

// design feeds one input stream to a module per family; all take a beat together.
func (d *domain) design(families []family, total int) *rtl.Design {
	top := rtl.NewModule("truth_"+d.name, "Applies every operation to every input beat.")
	valid, data := top.In("in_valid", rtl.U(1)), top.In("in_data", rtl.U(1).Vec(total))
	var insts []*rtl.Instance
	var readies []*rtl.Node
	for _, f := range families {
		i := top.Inst("u_"+f.op.String(), d.module(f, total), map[string]*rtl.Node{
			"in_data": data, "out_ready": top.In("out_"+f.op.String()+"_ready", rtl.U(1)),
		})
		insts, readies = append(insts, i), append(readies, i.Port("in_ready"))
	}
	ready := top.All(readies...)
	top.Out("in_ready", ready)
	for k, f := range families {
		insts[k].Connect("in_valid", valid.And(ready))
		top.Out("out_"+f.op.String()+"_valid", insts[k].Port("out_valid"))
		top.Out("out_"+f.op.String()+"_data", insts[k].Port("out_data"))
	}
	return rtl.NewDesign(top)
}

// module computes one family: a beat is taken when the results of the last one are gone.
func (d *domain) module(f family, total int) *rtl.Module {
	m := rtl.NewModule("truth_"+d.name+"_"+f.op.String(), "Every use of "+f.op.String()+".")
	valid, data := m.In("in_valid", rtl.U(1)), m.In("in_data", rtl.U(1).Vec(total))
	ready := m.In("out_ready", rtl.U(1))
	full := m.Reg("full", rtl.U(1), 0)
	take := valid.And(full.Q.Not()).Named("take")
	full.SetIf(take.Or(full.Q.And(ready)), take)

	operands := map[Operand]*rtl.Node{}
	var results []*rtl.Node
	for i, p := range f.probes {
		var args []*rtl.Node
		for _, a := range p.Args {
			if operands[a] == nil {
				operands[a] = data.Lanes(d.offset(a.Pool), a.Type.Width()).Bitcast(a.Type)
			}
			args = append(args, operands[a])
		}
		r := m.DelayIf(fmt.Sprintf("r%d", i), take, m.Node(p.Op, p.Type, p.Imms, args...))
		results = append(results, r.Bitcast(rtl.U(1).Vec(p.Type.Width())))
	}
	m.Out("in_ready", full.Q.Not())
	m.Out("out_valid", full.Q)
	m.Out("out_data", m.Join(results...))
	return m
}

// Verify runs the truth design on an engine's machine and tells the first wrong results by operation.
func (t *Truth) Verify(tb testing.TB, m sim.Machine) {
	tb.Helper()
	trace, err := m.Run(context.Background(), &t.Stimulus)
	require.NoError(tb, err)
	require.Equal(tb, sim.Done, trace.Stop, "%s: the run must deliver every beat", t.Name)
	assert.Empty(tb, t.wrong(trace.Outputs))
}

// wrong describes where output streams differ from what they must hold: three probes per operation.
func (t *Truth) wrong(got [][]byte) string {
	var b strings.Builder
	for k, f := range t.families {
		found, size := 0, (f.width+7)/8
		for beat := range t.inputs {
			wantBeat, haveBeat := t.Expect[k][beat*size:][:size], got[k][beat*size:][:size]
			if bytes.Equal(wantBeat, haveBeat) {
				continue
			}
			at := 0
			for _, p := range f.probes {
				want, have := cut(wantBeat, at, p.Type), cut(haveBeat, at, p.Type)
				if found < 3 && fmt.Sprint(have) != fmt.Sprint(want) {
					fmt.Fprintf(&b, "%s: beat %d: %s: got %s, want %s\n", t.Name, beat, p, have, want)
					found++
				}
				at += p.Type.Width()
			}
		}
	}
	return b.String()
}

// cut reads a value of type t that starts at a bit of a packed beat.
func cut(packed []byte, at int, t rtl.Type) lanes {
	bits := make([]int64, t.Width())
	for i := range bits {
		bits[i] = int64(packed[(at+i)/8] >> ((at + i) % 8) & 1)
	}
	return fromBits(t, bits)
}
