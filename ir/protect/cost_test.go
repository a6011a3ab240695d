package protect

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
)

// three has memories of 512 words of 32 and 36 bits, one of 64 bits, and a small one.
func three(t *testing.T, policy string) *Protected {
	t.Helper()
	m := rtl.NewModule("top", "")
	at := m.In("at", rtl.U(9))
	for _, c := range []struct {
		name        string
		word        rtl.Type
		depth       int
		addressBits int
	}{{"roomy", rtl.U(8).Vec(3), 512, 9}, {"tight", rtl.U(9).Vec(4), 512, 9}, {"little", rtl.U(8), 64, 6}} {
		mem := m.Mem(c.name, rtl.MemWeights, c.word, c.depth, nil)
		m.Out(c.name+"_word", m.ReadPort(mem, c.name+"_q", at.To(rtl.U(c.addressBits)), nil))
	}
	read, err := Read("p.yaml", []byte(policy))
	require.NoError(t, err)
	p, err := Apply(rtl.NewDesign(m), read, Surroundings{Layer: func(string) string { return "" }})
	require.NoError(t, err)
	return p
}

func TestCosts(t *testing.T) {
	p := three(t, "name: p\nrules:\n- {memories: tight, use: tmr}\n- {memories: \"*\", use: secded}\n")
	all := p.Costs()
	assert.Equal(t, []Cost{
		{Line: 3, Use: TMR, Memory: "tight", Kind: rtl.MemWeights, DataBits: 512 * 36, StoredBits: 3 * 512 * 36, Before: 1, After: 3},
		{Line: 4, Use: SECDED, Memory: "roomy", Kind: rtl.MemWeights, DataBits: 512 * 24, StoredBits: 512 * 30, Before: 1, After: 1, Idle: true},
		{Line: 4, Use: SECDED, Memory: "little", Kind: rtl.MemWeights, DataBits: 64 * 8, StoredBits: 64 * 13},
	}, all)
	var text strings.Builder
	PrintCosts(&text, all)
	lines := strings.Split(text.String(), "\n")
	require.Len(t, lines, 4)
	assert.Equal(t, strings.Fields("4 secded 2 12800 16192 1 1 1"), strings.Fields(lines[2]))

	p = three(t, "name: p\nrules: [{memories: tight, use: secded}]\n")
	require.Len(t, p.Costs(), 1)
	assert.Equal(t, []int{1, 2}, []int{p.Costs()[0].Before, p.Costs()[0].After}, "no idle column")
	assert.False(t, p.Costs()[0].Idle)
}

// An entry of the map tells enough to decode: the columns of a stored word's bits that are 1 cancel out.
func TestEntriesDecode(t *testing.T) {
	p := three(t, "name: p\nrules:\n- {memories: tight, use: tmr}\n- {memories: roomy, use: secded, group: 9, interleave: 2}\n")
	word := []uint64{0xabcdef}
	for _, st := range p.Design.States() {
		e := p.Entry(st)
		switch {
		case st.Path == "little" || st.Mem == nil:
			assert.Nil(t, e)
		case st.Path == "tight":
			assert.Equal(t, &Entry{Use: TMR, Width: 36}, e)
		case st.Path == "roomy":
			assert.Equal(t, Flag, e.OnError)
			assert.Equal(t, st.Type.Width(), e.Width)
			stored := p.Stored["roomy"].Layout.Encode(word)
			require.Len(t, e.Groups, 3)
			covered := 0
			for _, g := range e.Groups {
				syndrome := uint64(0)
				for i, bit := range append(append([]int{}, g.Data...), g.Checks...) {
					syndrome ^= g.Columns[i] * (stored[bit/64] >> (bit % 64) & 1)
				}
				assert.Zero(t, syndrome)
				covered += len(g.Data)
			}
			assert.Equal(t, 24, covered)
		default:
			assert.Equal(t, "tight", e.CopyOf, st.Path)
		}
	}
}
