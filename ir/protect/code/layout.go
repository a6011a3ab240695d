package code

import "fmt"

// Reaction is what becomes of a group's data where more is wrong than the code corrects.
type Reaction uint8

// The reactions.
const (
	Flag Reaction = iota // the data are read as they are
	Zero                 // the group's data are read as zero
)

// Spec says how words are stored.
type Spec struct {
	Kind       Kind
	Width      int // data bits of a word, at least 1
	Group      int // data bits of a code word at most; 0 is the whole word (or as many groups of it as Interleave has)
	Interleave int // groups that neighbouring bits are dealt to at least; 0 is 1; above Width it is Width
	OnError    Reaction
}

// Layout is how a stored word is made of code words, here groups. Data bits are bits 0 .. Width-1 of the stored word,
// check bits follow.
//
// There are as few groups as Group allows, Interleave at least. They come in blocks: each of Interleave groups of
// Group data bits, but for the last, which has all groups that are left (up to twice Interleave less one) and deals
// the remaining data to them as evenly as may be. Within a block, neighbouring data bits go to its groups in turn,
// and so do check bits: blocks follow each other, and in each come the first check bits of its groups, then the
// second ones. A single block goes on with its turn where the data ended. All groups of a block have as many check
// bits: one with a data bit less has the code of the others without its first bit.
//
// Hence any Interleave neighbours of the stored bits, wherever they are, lie in different groups, and any
// 2 x Interleave put into each group one flip or two of neighbours of its code word, which DAEC corrects.
type Layout struct {
	Spec           // as given, with its zeros filled in
	Groups []Group // in the order of their first data bits

	owner []place // by stored bit
}

// Group is a code word within a stored word.
type Group struct {
	Code *Code
	Bits []int // by bit of the code word: the bit of the stored word
}

// place is a bit of a code word.
type place struct{ group, bit int }

// NewLayout lays words out. The error says what of the specification cannot be had.
func NewLayout(s Spec) (*Layout, error) {
	if s.Width < 1 || s.Group < 0 || s.Interleave < 0 || s.OnError > Zero {
		return nil, fmt.Errorf("a layout of %d data bits, groups of %d, interleave %d, reaction %d", s.Width, s.Group, s.Interleave, s.OnError)
	}
	s.Interleave = min(max(s.Interleave, 1), s.Width)
	if s.Group == 0 || s.Group > s.Width {
		s.Group = s.Width
	}
	l := &Layout{Spec: s}
	groups := max((s.Width+s.Group-1)/s.Group, s.Interleave)
	blocks := groups / s.Interleave
	at := 0
	for range blocks - 1 {
		at = l.deal(at, at+s.Interleave*s.Group, s.Interleave)
	}
	l.deal(at, s.Width, groups-s.Interleave*(blocks-1))

	codes := map[int]*Code{} // by data bits
	l.owner = make([]place, s.Width)
	for first := 0; first < len(l.Groups); {
		size := s.Interleave
		if blocks--; blocks == 0 {
			size = len(l.Groups) - first
		}
		if err := l.addChecks(first, size, codes); err != nil {
			return nil, err
		}
		first += size
	}
	for g, group := range l.Groups {
		for bit, stored := range group.Bits {
			l.owner[stored] = place{g, bit}
		}
	}
	return l, nil
}

// deal appends a block of groups for data bits from .. to-1, and gives to.
func (l *Layout) deal(from, to, groups int) int {
	block := make([]Group, groups)
	for bit := from; bit < to; bit++ {
		g := &block[(bit-from)%groups]
		g.Bits = append(g.Bits, bit)
	}
	l.Groups = append(l.Groups, block...)
	return to
}

// addChecks gives the groups of a block their codes and check bits. The first group is the longest.
func (l *Layout) addChecks(first, size int, codes map[int]*Code) error {
	block := l.Groups[first : first+size]
	longest := len(block[0].Bits)
	if codes[longest] == nil {
		c, err := New(l.Kind, longest)
		if err != nil {
			return err
		}
		codes[longest] = c
	}
	data := 0
	for i := range block {
		data += len(block[i].Bits)
		block[i].Code = codes[longest].Shorten(longest - len(block[i].Bits))
	}
	turn := 0
	if size == len(l.Groups) {
		turn = data % size // the turn goes on
	}
	for i := range size * codes[longest].Checks {
		g := &block[(turn+i)%size]
		g.Bits = append(g.Bits, len(l.owner))
		l.owner = append(l.owner, place{})
	}
	return nil
}

// Stored is how many bits a stored word has.
func (l *Layout) Stored() int { return len(l.owner) }

// Owner tells which group a stored bit belongs to, and which bit of its code word it is.
func (l *Layout) Owner(stored int) (group, bit int) {
	p := l.owner[stored]
	return p.group, p.bit
}

// Column is the syndrome of a stored bit in its group.
func (l *Layout) Column(stored int) (group int, column uint64) {
	p := l.owner[stored]
	return p.group, l.Groups[p.group].Code.Columns[p.bit]
}

// Mask has a 1 at every stored bit that enters bit j of a group's syndrome: the xor of these bits is the syndrome's.
// Check bit j is among them, and without it they are what it is encoded from.
func (l *Layout) Mask(group, j int) []uint64 {
	mask := newBits(l.Stored())
	for _, bit := range l.Groups[group].Entering(j) {
		Flip(mask, bit)
	}
	return mask
}

// Entering lists the stored bits that enter bit j of the group's syndrome: data bits ascending, then check bit j.
func (g *Group) Entering(j int) []int {
	var list []int
	for bit, col := range g.Code.Columns {
		if col>>uint(j)&1 == 1 {
			list = append(list, g.Bits[bit])
		}
	}
	return list
}

// DataBits lists the group's data bits, ascending.
func (g *Group) DataBits() []int { return g.Bits[:g.Code.Data] }

// CheckBits lists the stored bits of the group's check bits.
func (g *Group) CheckBits() []int { return g.Bits[g.Code.Data:] }
