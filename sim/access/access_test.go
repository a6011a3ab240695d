package access_test

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
	"rampart/sim/access"
	"rampart/sim/access/tape"
)

// design has a memory with two read ports and a write port, and below it one without a write port.
func design(depth int) *rtl.Design {
	below := rtl.NewModule("below", "")
	rom := below.Mem("rom", rtl.MemWeights, rtl.U(4), 3, nil)
	below.Out("q", below.ReadPort(rom, "rom_word", below.Const(rtl.U(1), 1), nil))
	m := rtl.NewModule("top", "")
	at := m.Reg("at", rtl.U(8), 0)
	at.Set(at.Q.AddI(1))
	mem := m.Mem("mem", rtl.MemLine, rtl.U(8), depth, nil)
	m.Out("a", m.ReadPort(mem, "a_word", at.Q, nil))
	m.Out("b", m.ReadPort(mem, "b_word", at.Q, nil))
	m.WritePort(mem, at.Q, at.Q, nil)
	m.Out("c", m.Inst("inst", below, nil).Port("q"))
	return rtl.NewDesign(m)
}

// schedule makes cycles and words like those of a stage: nested loops over words, with pauses now and then.
func schedule(r *rand.Rand, depth, uses int) []access.Use {
	var all []access.Use
	cycle := r.Int64N(20)
	inner, step, back, pause := 1+r.IntN(9), r.IntN(depth), r.IntN(depth), r.IntN(4)
	word := r.IntN(depth)
	for n := range uses {
		if n%inner == inner-1 {
			word += back
		}
		if word = (word + step) % depth; r.IntN(60) == 0 {
			word = r.IntN(depth)
		}
		all = append(all, access.Use{Cycle: cycle, Word: word, Ordinal: int64(n)})
		if cycle++; n%inner == 0 || r.IntN(40) == 0 {
			cycle += int64(pause)
		}
	}
	return all
}

// record writes uses per port down, all ports' depths given.
func record(t *testing.T, d *rtl.Design, depths []int, ports [][]access.Use) *access.Record {
	t.Helper()
	r, err := access.Parse(d, write(t, depths, ports))
	require.NoError(t, err)
	return r
}

func write(t *testing.T, depths []int, ports [][]access.Use) []byte {
	t.Helper()
	var deck tape.Deck
	last := int64(0)
	for i, depth := range depths {
		p := deck.Port(depth)
		for _, u := range ports[i] {
			deck.Cycle = u.Cycle
			p.Note(int64(u.Word))
			last = max(last, u.Cycle)
		}
	}
	deck.Cycle = last + 1
	data, err := deck.Bytes()
	require.NoError(t, err)
	return data
}

func TestQueriesAgainstAList(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		depth := 1 + r.IntN(40)
		uses := 1 + r.IntN(300)
		if seed%10 == 0 {
			uses *= 100 // several blocks
		}
		depths := []int{depth, depth, depth, 3}
		ports := [][]access.Use{schedule(r, depth, uses), nil, schedule(r, depth, uses), schedule(r, 3, 5)}
		got := record(t, design(depth), depths, ports)
		mem := got.Memory("mem")
		require.Len(t, mem.Reads, 2)
		require.Len(t, mem.Writes, 1)
		assert.Equal(t, ports[0], slices.Collect(mem.Reads[0].All()))
		assert.Empty(t, slices.Collect(mem.Reads[1].All()))
		assert.Equal(t, ports[3], slices.Collect(got.Memory("inst.rom").Reads[0].All()))
		assert.EqualValues(t, len(ports[2]), mem.Writes[0].Uses)
		assert.Nil(t, got.Memory("rom"))
		for range 60 {
			cycle := r.Int64N(got.Cycles+6) - 3
			to := cycle + r.Int64N(100)
			askLikeAList(t, mem.Writes[0], ports[2], r.IntN(depth), cycle, to)
		}
	}
}

// askLikeAList compares every query with a search through all uses.
func askLikeAList(t *testing.T, p *access.Port, all []access.Use, word int, cycle, to int64) {
	t.Helper()
	var last, next access.Use
	var hasLast, hasNext bool
	var between []access.Use
	for _, u := range all {
		switch {
		case u.Word != word:
		case u.Cycle <= cycle:
			last, hasLast = u, true
		default:
			if !hasNext {
				next, hasNext = u, true
			}
			if u.Cycle <= to {
				between = append(between, u)
			}
		}
	}
	got, ok := p.Last(word, cycle)
	assert.Equal(t, hasLast, ok)
	assert.Equal(t, last, got, "last use of word %d at or before %d", word, cycle)
	got, ok = p.Next(word, cycle)
	assert.Equal(t, hasNext, ok)
	assert.Equal(t, next, got, "use of word %d after %d", word, cycle)
	assert.Equal(t, between, slices.Collect(p.Between(word, cycle, to)), "word %d after %d to %d", word, cycle, to)
}

// A million uses in a regular order are a few bytes; irregular pauses cost some more.
func TestRegularSchedulesAreSmall(t *testing.T) {
	var deck tape.Deck
	p := deck.Port(576)
	for n := range int64(1_000_000) {
		deck.Cycle++
		p.Note(n % 576)
		if n%576 == 575 {
			deck.Cycle += 40
		}
	}
	data, err := deck.Bytes()
	require.NoError(t, err)
	assert.Less(t, len(data), 400)
	taps := deck.Port(2000) // three neighbours in each of three rows, pixel after pixel
	for pixel := range int64(100_000) {
		for tap := range int64(9) {
			deck.Cycle++
			taps.Note((pixel + tap/3*500 + tap%3) % 2000)
		}
	}
	data, err = deck.Bytes()
	require.NoError(t, err)
	assert.Less(t, len(data), 40_000)
}

func TestRecordsThatDoNotFit(t *testing.T) {
	d := design(5)
	depths := []int{5, 5, 5, 3}
	none := make([][]access.Use, 4)
	good := write(t, depths, none)
	_, err := access.Parse(d, good)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":     {nil, "does not begin"},
		"cut":         {good[:len(tape.Magic)+2], "damaged"},
		"damaged":     {append(slices.Clone(good[:len(good)-1]), good[len(good)-1]^1), "damaged"},
		"ports":       {write(t, depths[:3], none), "3 ports, the design 4"},
		"depth":       {write(t, []int{5, 6, 5, 3}, none), "port 1 is of a memory of 6 words, not 5"},
		"ends early":  {sealed(good[:len(good)-5]), "ends early"},
		"ends late":   {sealed(append(slices.Clone(good[:len(good)-4]), 0)), "behind its end"},
		"odd numbers": {sealed(append(slices.Clone(good[:len(tape.Magic)]), 255, 255, 255, 255, 255, 255, 255, 255, 255, 1)), "3 ports|ends early|0 ports"},
	} {
		_, err := access.Parse(d, c.data)
		require.Error(t, err, name)
		assert.Regexp(t, c.want, err.Error(), name)
	}
}

// sealed puts the right checksum behind bytes.
func sealed(b []byte) []byte { return binary.LittleEndian.AppendUint32(slices.Clone(b), tape.Sum(b)) }

func TestTakenBackRunHasNoRecord(t *testing.T) {
	var deck tape.Deck
	deck.Port(3).Note(1)
	deck.Break()
	_, err := deck.Bytes()
	require.ErrorContains(t, err, "taken back")
	deck.Reset()
	data, err := deck.Bytes()
	require.NoError(t, err)
	assert.Less(t, len(data), 30)
	_, err = access.Of(design(5), struct{}{})
	require.ErrorContains(t, err, "keeps no record")
}

func TestWholeRangeOfCycles(t *testing.T) {
	r := record(t, design(5), []int{5, 5, 5, 3}, [][]access.Use{{{Cycle: 3, Word: 2}}, nil, nil, nil})
	p := r.Memory("mem").Reads[0]
	_, ok := p.Last(2, math.MinInt64)
	assert.False(t, ok)
	u, ok := p.Next(2, math.MinInt64)
	assert.True(t, ok)
	assert.EqualValues(t, 3, u.Cycle)
	_, ok = p.Next(2, math.MaxInt64)
	assert.False(t, ok)
}
