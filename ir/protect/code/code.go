package code

import (
	"fmt"
	"math/bits"
)

// Kind is what a code promises.
type Kind uint8

// The kinds of codes.
const (
	Parity Kind = iota // an odd number of flips is detected
	SECDED             // one flip is corrected, two are detected
	DAEC               // as SECDED, and two flips of neighbours are corrected
)

// String is the kind's name in policies and reports.
func (k Kind) String() string {
	switch k {
	case Parity:
		return "parity"
	case SECDED:
		return "secded"
	case DAEC:
		return "daec"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Outcome is what a decoder makes of a syndrome.
type Outcome uint8

// The outcomes.
const (
	Clean     Outcome = iota // the syndrome is zero
	Corrected                // one bit or two neighbours are inverted
	Detected                 // something is wrong and nothing is inverted
)

// Meaning is what a syndrome says. Where it is Corrected, bits First .. First+Count-1 of the code word are inverted.
type Meaning struct {
	Outcome      Outcome
	First, Count int
}

// Code is a linear block code by its parity-check matrix. The order of its bits is that of Columns: data bits, then
// check bits. A bit's neighbours are those beside it in this order.
type Code struct {
	Kind    Kind
	Data    int      // data bits
	Checks  int      // check bits
	Columns []uint64 // by bit: the syndrome of a flip of it alone; check bit j has 1<<j

	means map[uint64]Meaning // the syndromes that are corrected
}

// maxChecks is how many bits a syndrome has at most.
const maxChecks = 64

// New is the code of a kind for so many data bits, at least one, with as few check bits as it takes (see Hsiao and
// NewDAEC). The error says that there is none.
func New(kind Kind, data int) (*Code, error) {
	if data < 1 {
		return nil, fmt.Errorf("%v code of %d data bits: at least 1 is needed", kind, data)
	}
	switch kind {
	case Parity:
		return NewParity(data), nil
	case SECDED:
		return Hsiao(data), nil
	case DAEC:
		return NewDAEC(data)
	}
	return nil, fmt.Errorf("there is no %v of codes", kind)
}

// NewParity is one check bit: the xor of all data bits, of which there is at least one.
func NewParity(data int) *Code {
	columns := make([]uint64, data+1)
	for i := range columns {
		columns[i] = 1
	}
	return build(Parity, 1, columns)
}

// build makes a code of its columns, those of the check bits last, and derives what syndromes mean. It does not
// check what the code promises: Check does.
func build(kind Kind, checks int, columns []uint64) *Code {
	c := &Code{Kind: kind, Data: len(columns) - checks, Checks: checks, Columns: columns, means: map[uint64]Meaning{}}
	if kind == Parity {
		return c
	}
	for i, col := range columns {
		c.means[col] = Meaning{Corrected, i, 1}
	}
	if kind == DAEC {
		for i := range columns[1:] {
			c.means[columns[i]^columns[i+1]] = Meaning{Corrected, i, 2}
		}
	}
	return c
}

// Bits is how many bits a code word has.
func (c *Code) Bits() int { return len(c.Columns) }

// Means tells what a decoder makes of a syndrome.
func (c *Code) Means(syndrome uint64) Meaning {
	if syndrome == 0 {
		return Meaning{Outcome: Clean}
	}
	if m, ok := c.means[syndrome]; ok {
		return m
	}
	return Meaning{Outcome: Detected}
}

// Inverting lists the syndromes at which a decoder inverts a bit: that of the bit alone first, then those of it with
// the neighbour below and above. Parity has none.
func (c *Code) Inverting(bit int) []uint64 {
	if c.Kind == Parity {
		return nil
	}
	col := c.Columns[bit]
	list := []uint64{col}
	if c.Kind == DAEC && bit > 0 {
		list = append(list, c.Columns[bit-1]^col)
	}
	if c.Kind == DAEC && bit+1 < c.Bits() {
		list = append(list, col^c.Columns[bit+1])
	}
	return list
}

// Correction is a syndrome and the bits that a decoder inverts at it.
type Correction struct {
	Syndrome     uint64
	First, Count int
}

// Corrections lists all syndromes that are corrected: single bits in their order, then pairs in theirs.
func (c *Code) Corrections() []Correction {
	if c.Kind == Parity {
		return nil
	}
	var list []Correction
	for i, col := range c.Columns {
		list = append(list, Correction{col, i, 1})
	}
	if c.Kind == DAEC {
		for i := range c.Columns[1:] {
			list = append(list, Correction{c.Columns[i] ^ c.Columns[i+1], i, 2})
		}
	}
	return list
}

// Syndrome is the xor of the columns of a code word's bits that are 1.
func (c *Code) Syndrome(word []uint64) uint64 {
	var s uint64
	for i, col := range c.Columns {
		if Bit(word, i) {
			s ^= col
		}
	}
	return s
}

// Shorten is the code without its first n data bits, of which one at least must stay. It has as many check bits and
// keeps every promise.
func (c *Code) Shorten(n int) *Code {
	if n < 0 || n >= c.Data {
		panic(fmt.Sprintf("BUG: code: %d data bits shortened by %d", c.Data, n))
	}
	if n == 0 {
		return c
	}
	return build(c.Kind, c.Checks, c.Columns[n:])
}

// Check tells whether the matrix keeps what the kind of code promises, and whether its check bits are systematic.
// The error names the columns at fault.
func (c *Code) Check() error {
	if err := c.checkForm(); err != nil {
		return fmt.Errorf("%v code: %w", c.Kind, err)
	}
	var err error
	switch c.Kind {
	case Parity:
		return nil
	case SECDED:
		err = c.checkOdd()
	case DAEC:
		err = c.checkPairs()
	default:
		err = fmt.Errorf("there is no such kind")
	}
	if err != nil {
		return fmt.Errorf("%v code: %w", c.Kind, err)
	}
	return nil
}

func (c *Code) checkForm() error {
	if c.Data < 1 || c.Checks < 1 || c.Checks > maxChecks || len(c.Columns) != c.Data+c.Checks {
		return fmt.Errorf("%d data bits, %d check bits and %d columns", c.Data, c.Checks, len(c.Columns))
	}
	for i, col := range c.Columns {
		switch {
		case col == 0:
			return fmt.Errorf("the column of bit %d is zero", i)
		case bits.Len64(col) > c.Checks:
			return fmt.Errorf("the column of bit %d has more than %d rows", i, c.Checks)
		case i >= c.Data && col != 1<<uint(i-c.Data):
			return fmt.Errorf("the column of check bit %d is not its unit vector", i-c.Data)
		}
	}
	return nil
}

// singles maps columns to their bits; no two may be equal.
func (c *Code) singles() (map[uint64]int, error) {
	bit := make(map[uint64]int, len(c.Columns))
	for i, col := range c.Columns {
		if first, twice := bit[col]; twice {
			return nil, fmt.Errorf("bits %d and %d have equal columns", first, i)
		}
		bit[col] = i
	}
	return bit, nil
}

// checkOdd: columns that are distinct and of odd weight make a single flip known and every double one even, hence
// no column (Hsiao 1970).
func (c *Code) checkOdd() error {
	for i, col := range c.Columns {
		if bits.OnesCount64(col)%2 == 0 {
			return fmt.Errorf("the column of bit %d has even weight", i)
		}
	}
	_, err := c.singles()
	return err
}

// checkPairs: no pair looks like a single flip, and a pair of neighbours looks like no other pair.
func (c *Code) checkPairs() error {
	bit, err := c.singles()
	if err != nil {
		return err
	}
	lower := make(map[uint64]int, len(c.Columns)) // of two neighbours, by their syndrome
	for i := range c.Columns[1:] {
		lower[c.Columns[i]^c.Columns[i+1]] = i
	}
	for j, b := range c.Columns {
		for i, a := range c.Columns[:j] {
			if k, ok := bit[a^b]; ok {
				return fmt.Errorf("flips of bits %d and %d look like one of bit %d", i, j, k)
			}
			if k, ok := lower[a^b]; ok && (k != i || k+1 != j) {
				return fmt.Errorf("flips of bits %d and %d look like those of %d and %d", i, j, k, k+1)
			}
		}
	}
	return nil
}

// Size is how many check bits the codes have for so many data bits.
type Size struct {
	Data                 int
	Parity, SECDED, DAEC int // check bits
}

// Codes gives the sizes of codes for usual widths.
func Codes() []Size {
	var sizes []Size
	for _, data := range []int{8, 16, 32, 64, 128, 256} {
		daec, err := NewDAEC(data)
		if err != nil {
			panic("BUG: code: " + err.Error())
		}
		sizes = append(sizes, Size{data, NewParity(data).Checks, Hsiao(data).Checks, daec.Checks})
	}
	return sizes
}
