package code

import (
	"fmt"
	"slices"
)

// Status is what a decoder sees in a stored word.
type Status struct {
	Corrected, Detected int       // groups
	Outcomes            []Outcome // by group
	Inverted            []int     // the stored bits that were corrected, ascending
}

// Encode gives the stored word of a word of data.
func (l *Layout) Encode(data []uint64) []uint64 {
	l.wantBits(data, l.Width)
	stored := newBits(l.Stored())
	syndromes := make([]uint64, len(l.Groups))
	eachBit(data, l.Width, func(i int) {
		Flip(stored, i)
		l.strike(syndromes, i)
	})
	for g := range l.Groups {
		l.Groups[g].writeChecks(stored, syndromes[g])
	}
	return stored
}

// writeChecks flips the check bits that make a syndrome zero.
func (g *Group) writeChecks(stored []uint64, syndrome uint64) {
	for j, bit := range g.CheckBits() {
		if syndrome>>uint(j)&1 == 1 {
			Flip(stored, bit)
		}
	}
}

// Decode gives the data of a stored word, corrected as far as it can be, and what was seen.
func (l *Layout) Decode(stored []uint64) ([]uint64, Status) {
	l.wantBits(stored, l.Stored())
	data := newBits(l.Width)
	syndromes := make([]uint64, len(l.Groups))
	eachBit(stored, l.Stored(), func(i int) {
		l.strike(syndromes, i)
		if i < l.Width {
			Flip(data, i)
		}
	})
	status := l.settle(syndromes)
	for _, bit := range status.Inverted {
		if bit < l.Width {
			Flip(data, bit)
		}
	}
	for _, bit := range l.zeroed(status) {
		if Bit(data, bit) {
			Flip(data, bit)
		}
	}
	return data, status
}

// Verdict is what becomes of a stored word some of whose bits are flipped. It is the same for every word.
type Verdict struct {
	Status
	Wrong  []int // data bits that are read inverted, ascending
	Zeroed []int // data bits that are read as zero, ascending; these are not among Wrong
}

// Judge tells what Decode does to a word that was encoded and of which these stored bits were flipped since. A bit
// that is given twice is flipped twice.
func (l *Layout) Judge(flips []int) Verdict {
	syndromes := make([]uint64, len(l.Groups))
	wrong := map[int]bool{}
	for _, bit := range flips {
		l.strike(syndromes, bit)
		wrong[bit] = !wrong[bit]
	}
	v := Verdict{Status: l.settle(syndromes)}
	for _, bit := range v.Inverted {
		wrong[bit] = !wrong[bit]
	}
	v.Zeroed = l.zeroed(v.Status)
	for _, bit := range v.Zeroed {
		wrong[bit] = false
	}
	for bit, is := range wrong {
		if is && bit < l.Width {
			v.Wrong = append(v.Wrong, bit)
		}
	}
	slices.Sort(v.Wrong)
	return v
}

// strike adds a stored bit to its group's syndrome.
func (l *Layout) strike(syndromes []uint64, stored int) {
	group, column := l.Column(stored)
	syndromes[group] ^= column
}

// settle tells what the groups' syndromes mean.
func (l *Layout) settle(syndromes []uint64) Status {
	s := Status{Outcomes: make([]Outcome, len(syndromes))}
	for g, syndrome := range syndromes {
		m := l.Groups[g].Code.Means(syndrome)
		s.Outcomes[g] = m.Outcome
		switch m.Outcome {
		case Corrected:
			s.Corrected++
			s.Inverted = append(s.Inverted, l.Groups[g].Bits[m.First:m.First+m.Count]...)
		case Detected:
			s.Detected++
		}
	}
	slices.Sort(s.Inverted)
	return s
}

// zeroed lists the data bits that are read as zero.
func (l *Layout) zeroed(s Status) []int {
	if l.OnError != Zero {
		return nil
	}
	var list []int
	for g, outcome := range s.Outcomes {
		if outcome == Detected {
			list = append(list, l.Groups[g].DataBits()...)
		}
	}
	slices.Sort(list)
	return list
}

func (l *Layout) wantBits(word []uint64, n int) {
	if len(word) != (n+63)/64 {
		panic(fmt.Sprintf("BUG: code: a word of %d bits in %d elements", n, len(word)))
	}
}
