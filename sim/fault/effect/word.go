package effect

import (
	"slices"

	"rampart/ir/protect"
	"rampart/ir/protect/code"
	"rampart/ir/rtl"
	"rampart/sim/functional"
)

// protected notes how a memory keeps its words.
func (mem *memory) protected(path string, with *protect.Protected) {
	mem.word = mem.state.Type
	if with != nil {
		mem.delay = protect.Delay(path)
		if s := with.Stored[path]; s != nil {
			mem.word, mem.layout = s.Word, s.Layout
		}
	}
	for _, stored := range mem.state.Mem.Init {
		data := make([]int64, mem.word.Lanes)
		code.UnpackLanes(data, code.PackLanes(stored, mem.state.Type.Bits), mem.word.Bits, mem.word.Signed)
		mem.init = append(mem.init, data)
	}
}

// copies finds the second and third copies of memories.
func (m *Map) copies(with *protect.Protected) {
	if with == nil {
		return
	}
	for path, of := range with.Copies {
		first := m.sites[of].memory
		first.three = true
		m.sites[path] = home{first, protect.CopyNumber(path, of)}
	}
}

// guarded tells whether what becomes of a struck word hangs on more than the bits that are struck.
func (mem *memory) guarded() bool { return mem != nil && (mem.layout != nil || mem.three) }

// word is the faults of one protected word.
type word struct {
	*memory
	number int
	bits   []struck
}

// struck is a fault of one bit of a word, and the copy that has it.
type struck struct {
	rtl.Fault
	copy int
}

// wordlist is words in the order in which faults name them.
type wordlist []*word

func (l *wordlist) add(at home, f rtl.Fault) {
	for _, w := range *l {
		if w.memory == at.memory && w.number == f.Word {
			w.bits = append(w.bits, struck{f, at.copy})
			return
		}
	}
	*l = append(*l, &word{at.memory, f.Word, []struck{{f, at.copy}}})
}

// judged is what the decoder or the voter makes of the bits of a word that are struck at once.
type judged struct {
	rtl.Fault                 // one of them, as a flip
	wrong, zeroed       []int // data bits that are read inverted, and as zero
	corrected, detected bool
	why                 Reason // that nothing is wrong with the data
}

// ofWord is the effect of the faults of a protected word. What is stuck in a constant is a flip for good, or
// nothing.
func (m *Map) ofWord(w *word) (Effect, error) {
	var all []Effect
	var flips []struck
	for _, b := range w.bits {
		value := w.bit(b.Bit)
		switch {
		case w.layout != nil && b.Bit >= w.layout.Stored():
			all = append(all, Effect{Verdict: Dead, Why: Padding})
		case !b.Model.Stuck():
			flips = append(flips, b)
		case w.write != nil || w.twice(b):
			return cycle(Held)
		case value == (b.Model == rtl.Stuck1):
			all = append(all, Effect{Verdict: Dead, Why: SameValue})
		default:
			b.Model = rtl.Flip
			flips = append(flips, b)
		}
	}
	if w.staggered(flips) {
		return cycle(Staggered)
	}
	for len(flips) > 0 {
		var now, later []struck
		for _, b := range flips {
			if b.Cycle == flips[0].Cycle {
				now = append(now, b)
			} else {
				later = append(later, b)
			}
		}
		e, err := m.ofJudged(w, w.judge(now))
		if err != nil {
			return Effect{}, err
		}
		all, flips = append(all, e), later
	}
	return together(all), nil
}

// bit is a bit of a constant's stored word.
func (w *word) bit(at int) bool {
	if w.state.Mem.Init == nil {
		return false
	}
	bits := w.state.Type.Bits
	return w.state.Mem.Init[w.number][at/bits]>>(at%bits)&1 == 1
}

// twice tells whether another fault strikes the same bit.
func (w *word) twice(b struck) bool {
	same := 0
	for _, other := range w.bits {
		if other.copy == b.copy && other.Bit == b.Bit {
			same++
		}
	}
	return same > 1
}

// staggered tells whether flips that are judged together come at different times: those of one code word, or of
// copies of one bit.
func (w *word) staggered(flips []struck) bool {
	cycles := map[int]int64{}
	for _, b := range flips {
		of := b.Bit
		if w.layout != nil {
			of, _ = w.layout.Owner(b.Bit)
		}
		if c, ok := cycles[of]; ok && c != b.Cycle {
			return true
		}
		cycles[of] = b.Cycle
	}
	return false
}

// judge tells what becomes of flips at one cycle.
func (w *word) judge(flips []struck) judged {
	j := judged{Fault: flips[0].Fault}
	if w.layout == nil {
		w.vote(&j, flips)
		return j
	}
	var bits []int
	j.why = Spare
	for _, b := range flips {
		bits = append(bits, b.Bit)
		if b.Bit < w.layout.Width {
			j.why = Coded
		}
	}
	v := w.layout.Judge(bits)
	j.wrong, j.zeroed, j.corrected, j.detected = v.Wrong, v.Zeroed, v.Corrected > 0, v.Detected > 0
	return j
}

// vote is judge for a memory of three copies.
func (w *word) vote(j *judged, flips []struck) {
	j.why = Outvoted
	copies := map[int]int{} // by bit, a 1 for each copy in which it is wrong
	for _, b := range flips {
		copies[b.Bit] ^= 1 << b.copy
	}
	for bit, in := range copies {
		j.corrected = j.corrected || in != 0 && in != 7
		if in == 3 || in == 5 || in == 6 || in == 7 {
			j.wrong = append(j.wrong, bit)
		}
	}
	slices.Sort(j.wrong)
}

// ofJudged is the effect of what is read from a word.
func (m *Map) ofJudged(w *word, j judged) (Effect, error) {
	changes := make([]functional.Change, w.word.Lanes)
	for _, bit := range j.wrong {
		changes[bit/w.word.Bits].Flip |= 1 << (bit % w.word.Bits)
	}
	for _, bit := range j.zeroed {
		changes[bit/w.word.Bits].Clear |= 1 << (bit % w.word.Bits)
	}
	var all []Effect
	for lane, c := range changes {
		if c == (functional.Change{}) {
			continue
		}
		e, err := m.ofLane(w.memory, j.Fault, lane, c)
		if err != nil {
			return Effect{}, err
		}
		all = append(all, e)
	}
	read, why := m.met(w, j.Cycle)
	if len(all) == 0 {
		if why == "" {
			why = j.why
		}
		all = append(all, Effect{Verdict: Dead, Why: why})
	}
	e := together(all)
	if e.Verdict != Cycle {
		e.Corrected, e.Detected = read && j.corrected, read && j.detected
	}
	return e, nil
}

// met tells whether a word that is struck at a cycle is read before it is written again, and early enough for an
// event to show; and why no read of the run is of it, "" where one is.
func (m *Map) met(w *word, cycle int64) (shows bool, why Reason) {
	read, ok := w.read.Next(w.number, cycle)
	why = NeverRead
	if w.write != nil {
		if next, again := w.write.Next(w.number, cycle); again {
			why = Overwritten
			ok = ok && read.Cycle <= next.Cycle
		}
	}
	switch {
	case cycle >= m.end-1:
		why = AfterTheEnd
	case ok && read.Cycle < m.end:
		why = ""
	}
	return ok && read.Cycle+w.delay <= m.record.Cycles, why
}
