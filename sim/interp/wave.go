package interp

import (
	"bufio"
	"fmt"
	"io"
	"strconv"

	"rampart/ir/rtl"
)

// widestWave is the greatest width of a memory's word whose ports go into a waveform.
const widestWave = 64

// Wave makes the machine write a VCD waveform of the cycles from, from+1, … up to, not including, to.
// It has one scope per instance with its ports, registers and named nodes, and one per memory of at
// most 64-bit words with the ports of that memory; the outermost has the clock too. Cycle c is the time
// from 10c ns to before 10c+10 ns, and its values are those just before the edge that ends it. The clock
// is 1 in the first half of a cycle: it rises where registers change. A machine that is taken back in
// time writes nothing until it passes the last cycle written. Run and Close report what w reports.
func Wave(w io.Writer, from, to int64) Option {
	return func(m *Machine) { m.wave = &wave{w: bufio.NewWriter(w), from: from, to: to} }
}

const (
	cycleTime = 10  // a cycle takes, in ns
	clockID   = "!" // the short name of the clock, which is the first variable
)

// wave writes a waveform; signals are declared at the first sample.
type wave struct {
	w        *bufio.Writer
	from, to int64 // the next cycle to write, and the end
	signals  []*signal
}

// signal is one variable of the waveform.
type signal struct {
	cell *cell
	id   string
	last []int64 // nil before the first sample
}

func (v *wave) flush() error {
	if err := v.w.Flush(); err != nil {
		return fmt.Errorf("writing the waveform: %w", err)
	}
	return nil
}

// sample writes what changed since the last sample.
func (v *wave) sample(m *Machine) {
	if m.cycle < v.from || m.cycle >= v.to {
		return
	}
	if v.signals == nil {
		fmt.Fprintf(v.w, "$timescale 1ns $end\n")
		fmt.Fprintf(v.w, "$scope module %s $end\n$var wire 1 %s clk $end\n", m.root.name, clockID)
		v.declare(m.root)
		fmt.Fprintf(v.w, "$upscope $end\n$enddefinitions $end\n")
	}
	fmt.Fprintf(v.w, "#%d\n1%s\n", cycleTime*m.cycle, clockID)
	for _, s := range v.signals {
		if now := m.value(s.cell); !s.same(now) {
			s.last = append(s.last[:0], now...)
			v.change(s)
		}
	}
	fmt.Fprintf(v.w, "#%d\n0%s\n", cycleTime*m.cycle+cycleTime/2, clockID)
	v.from = m.cycle + 1
}

func (s *signal) same(now []int64) bool {
	if len(s.last) == 0 {
		return false
	}
	for l, v := range now {
		if s.last[l] != v {
			return false
		}
	}
	return true
}

// change writes a value, most significant bit first.
func (v *wave) change(s *signal) {
	t := s.cell.t
	if t.Width() == 1 {
		fmt.Fprintf(v.w, "%d%s\n", s.last[0]&1, s.id)
		return
	}
	v.w.WriteByte('b')
	for l := t.Lanes - 1; l >= 0; l-- {
		for b := t.Bits - 1; b >= 0; b-- {
			v.w.WriteByte('0' + byte(s.last[l]>>uint(b)&1))
		}
	}
	v.w.WriteString(" " + s.id + "\n")
}

// declare writes what is in the scope of an instance, and the scopes below it.
func (v *wave) declare(s *scope) {
	for _, n := range s.module.Nodes {
		if n.Name != "" {
			v.variable(n.Name, kindOf(n), s.cell(n))
		}
	}
	for _, o := range s.module.Outputs {
		v.variable(o.Name, "wire", s.cell(o.Node))
	}
	for _, mem := range s.module.Mems {
		if mem.Word.Width() <= widestWave {
			v.memory(s, mem)
		}
	}
	for _, b := range s.below {
		fmt.Fprintf(v.w, "$scope module %s $end\n", b.name)
		v.declare(b)
		fmt.Fprintf(v.w, "$upscope $end\n")
	}
}

func kindOf(n *rtl.Node) string {
	if n.State() {
		return "reg"
	}
	return "wire"
}

func (v *wave) memory(s *scope, mem *rtl.Mem) {
	fmt.Fprintf(v.w, "$scope module %s $end\n", mem.Name)
	for i, r := range mem.Reads {
		v.port("read", i, "addr", s.cell(r.Addr))
		v.port("read", i, "enable", s.cell(r.Enable))
		v.port("read", i, "data", s.cell(r.Q))
	}
	for i, w := range mem.Writes {
		v.port("write", i, "addr", s.cell(w.Addr))
		v.port("write", i, "enable", s.cell(w.Enable))
		v.port("write", i, "data", s.cell(w.Data))
	}
	fmt.Fprintf(v.w, "$upscope $end\n")
}

func (v *wave) port(kind string, i int, part string, c *cell) {
	if c != nil {
		v.variable(kind+strconv.Itoa(i)+"_"+part, "wire", c)
	}
}

func (v *wave) variable(name, kind string, c *cell) {
	id := identifier(1 + len(v.signals)) // 0 is the clock
	v.signals = append(v.signals, &signal{cell: c, id: id})
	fmt.Fprintf(v.w, "$var %s %d %s %s $end\n", kind, c.t.Width(), id, name)
}

// identifier is the n-th short name of a VCD variable, of printable characters.
func identifier(n int) string {
	const first, count = '!', '~' - '!' + 1
	id := string(rune(first + n%count))
	for n /= count; n > 0; n /= count {
		id += string(rune(first + n%count))
	}
	return id
}
