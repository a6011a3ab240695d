package code

import "fmt"

// InPlace is SECDED in words of signed lanes without a bit more than they have ("in-place zero-space memory
// protection", Guan et al. 2019, with the code and its place chosen here). A lane whose value fits in one bit less has
// a bit that equals its sign: bit Width-2, its spare bit. Check bit j of the code lies in the spare bit of lane j, so
// that the first Checks lanes must be small and the others are free. The code covers all bits of all lanes.
type InPlace struct {
	Lanes int
	Width int   // bits of a lane, 3 to 16
	Group Group // the word's one code word; stored bits are those of the packed lanes
}

// NewInPlace makes the code. The error says how many lanes it takes.
func NewInPlace(lanes, width int) (*InPlace, error) {
	if width < 3 || width > 16 {
		return nil, fmt.Errorf("lanes of %d bits: check bits fit into those of 3 to 16", width)
	}
	if least := LeastLanes(width); lanes < least {
		return nil, fmt.Errorf("%d lanes of %d bits: check bits fit into %d and more", lanes, width, least)
	}
	total := lanes * width
	checks := inPlaceChecks(total)
	p := &InPlace{Lanes: lanes, Width: width, Group: Group{Code: Hsiao(total - checks)}}
	for bit := range total {
		if lane, at := bit/width, bit%width; lane >= checks || at != width-2 {
			p.Group.Bits = append(p.Group.Bits, bit)
		}
	}
	for lane := range checks {
		p.Group.Bits = append(p.Group.Bits, p.spare(lane))
	}
	return p, nil
}

// LeastLanes is how many lanes of so many bits, 3 to 16, a word needs at least for its check bits to fit.
func LeastLanes(width int) int {
	lanes := 1
	for inPlaceChecks(lanes*width) > lanes {
		lanes++
	}
	return lanes
}

// inPlaceChecks is the check bits of the least SECDED code of so many bits in all. It is what Hsiao takes for the
// rest of them.
func inPlaceChecks(total int) int {
	r := 2
	for 1<<uint(r-1) < total {
		r++
	}
	return r
}

// Checks is how many lanes hold a check bit, from lane 0 on.
func (p *InPlace) Checks() int { return p.Group.Code.Checks }

// spare is the stored bit of a lane's spare bit.
func (p *InPlace) spare(lane int) int { return lane*p.Width + p.Width - 2 }

// Limits is the range of values that a lane can hold.
func (p *InPlace) Limits(lane int) (low, high int64) {
	width := p.Width
	if lane < p.Checks() {
		width--
	}
	return -1 << uint(width-1), 1<<uint(width-1) - 1
}

// Misfits lists the lanes of a word whose values are outside their limits, ascending.
func (p *InPlace) Misfits(lanes []int64) []int {
	p.wantLanes(lanes)
	var list []int
	for i, v := range lanes {
		if low, high := p.Limits(i); v < low || v > high {
			list = append(list, i)
		}
	}
	return list
}

// Encode puts check bits into the spare bits of a word's lanes. Where lanes are outside their limits it tells which,
// and there is no stored word.
func (p *InPlace) Encode(lanes []int64) (stored []int64, misfits []int) {
	if misfits = p.Misfits(lanes); misfits != nil {
		return nil, misfits
	}
	word := PackLanes(lanes, p.Width)
	for lane := range p.Checks() {
		if at := p.spare(lane); Bit(word, at) {
			Flip(word, at)
		}
	}
	p.Group.writeChecks(word, p.syndrome(word))
	return p.lanes(word), nil
}

// Decode gives the lanes of a stored word, corrected as far as they can be and with spare bits that equal their signs
// again, what was seen, and which bits of the packed word were corrected.
func (p *InPlace) Decode(stored []int64) (lanes []int64, outcome Outcome, inverted []int) {
	p.wantLanes(stored)
	word := PackLanes(stored, p.Width)
	m := p.Group.Code.Means(p.syndrome(word))
	if m.Outcome == Corrected {
		inverted = []int{p.Group.Bits[m.First]}
		Flip(word, inverted[0])
	}
	for lane := range p.Checks() {
		if at := p.spare(lane); Bit(word, at) != Bit(word, at+1) {
			Flip(word, at)
		}
	}
	return p.lanes(word), m.Outcome, inverted
}

// syndrome is that of a packed word.
func (p *InPlace) syndrome(word []uint64) uint64 {
	var s uint64
	for bit, col := range p.Group.Code.Columns {
		if Bit(word, p.Group.Bits[bit]) {
			s ^= col
		}
	}
	return s
}

func (p *InPlace) lanes(word []uint64) []int64 {
	lanes := make([]int64, p.Lanes)
	UnpackLanes(lanes, word, p.Width, true)
	return lanes
}

func (p *InPlace) wantLanes(lanes []int64) {
	if len(lanes) != p.Lanes {
		panic(fmt.Sprintf("BUG: code: %d lanes for a word of %d", len(lanes), p.Lanes))
	}
}
