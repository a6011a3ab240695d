package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
	"rampart/sim/functional"
)

var texts = map[string]Fault{
	"none":                            {},
	"enc_1_0.weights[19].7@860000":    {{Place: "enc_1_0.weights", Word: 19, Bit: 7, When: When{Cycle, 860000}}},
	"dec_1_0.window.out_y.2@0":        {{Place: "dec_1_0.window.out_y", Word: NoWord, Bit: 2, When: When{Cycle, 0}}},
	"enc_1_0.weights[19].7@start":     {{Place: "enc_1_0.weights", Word: 19, Bit: 7, When: When{Kind: Start}}},
	"a.mem[3].0=1@9":                  {{Place: "a.mem", Word: 3, Action: Stuck1, When: When{Cycle, 9}}},
	"a.q.0=0@9":                       {{Place: "a.q", Word: NoWord, Action: Stuck0, When: When{Cycle, 9}}},
	"/enc.0/enc.0.0/Conv.weight[5].3": {{Place: "/enc.0/enc.0.0/Conv.weight", Word: 5, Bit: 3}},
	`"a+b@c=[1].2".bias[0].31`:        {{Place: `"a+b@c=[1].2".bias`, Word: 0, Bit: 31}},
	`"".weight[1].3=0`:                {{Place: `"".weight`, Word: 1, Bit: 3, Action: Stuck0}},
	"x.output[7].1@frame12":           {{Place: "x.output", Word: 7, Bit: 1, When: When{Frame, 12}}},
	"x.weight[7]=0x3f800000":          {{Place: "x.weight", Word: 7, Bit: AllBits, Action: Write, Value: 0x3f800000}},
	"x.weight[7]=random/2a":           {{Place: "x.weight", Word: 7, Bit: AllBits, Action: RandomBits, Key: 42}},
	"x.weight[100:9f3a]=0x0":          {{Place: "x.weight", Word: Scattered, Bit: AllBits, Action: Write, Count: 100, Key: 0x9f3a}},
	"x.weight[100:9f3a]=unit/9f3a":    {{Place: "x.weight", Word: Scattered, Bit: AllBits, Action: RandomUnit, Count: 100, Key: 0x9f3a}},
	"a.m[1].2@5+a.m[1].3@5":           {{Place: "a.m", Word: 1, Bit: 2, When: When{Cycle, 5}}, {Place: "a.m", Word: 1, Bit: 3, When: When{Cycle, 5}}},
}

func TestTextsOfFaults(t *testing.T) {
	for text, want := range texts {
		got, err := Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		assert.Equal(t, text, got.String())
	}
	got, err := Parse(` "plain".weight[1].2 + x.bias[0].1 `)
	require.NoError(t, err)
	assert.Equal(t, "plain.weight[1].2+x.bias[0].1", got.String(), "quotes that are not needed are dropped")
}

func TestTextsThatAreNoFaults(t *testing.T) {
	for text, why := range map[string]string{
		"":                                "no bit",
		"a.m[1].2@":                       "no cycle, no start and no frame",
		"a.m[1].2@-1":                     "no cycle",
		"a.m[1].2@+1":                     "no cycle",
		"a.m[1].2@01":                     "no cycle",
		"a.m[1]@4":                        "no bit",
		"a.m[x].2@4":                      "no number from 0 on",
		"a.m[1]x.2@4":                     "no memory or register has such a name",
		"a.m1].2@4":                       "no [ before the ]",
		"a/m[1].2@4":                      "no memory or register has such a name",
		"a.m[1].2=2@4":                    "no 0, no 1",
		"a.m[1]=0x4@4":                    "only tensors are written whole",
		"a.m[1].2=0x4":                    "a whole element is written",
		"x.weight[3:7].1":                 "several elements are written whole",
		"x.weight[0:7]=0x0":               "no number of elements",
		"x.weight[2:7]=random/8":          "different keys",
		"x.weight[2]=random":              "no 0, no 1",
		"x.weight[2]=0xfffffffffffffffff": "hexadecimal",
		"x.weight.3":                      "no index",
		"weight[1].2":                     "no node and tensor",
		"a b.weight[1].2":                 "quote a node's name",
		`"a b"weight[1].2`:                "no tensor behind",
		`"a b".we.ight[1].2`:              "no tensor behind",
		"x.weight[1].2+":                  "no bit",
	} {
		_, err := Parse(text)
		assert.ErrorContains(t, err, why, text)
	}
}

func FuzzParse(f *testing.F) {
	for text := range texts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(fault.String())
		if err != nil {
			t.Fatalf("%q is printed as %q, which is no fault: %v", text, fault, err)
		}
		assert.Equal(t, fault, again)
	})
}

func TestUpsetsForTheEngines(t *testing.T) {
	f, first, ok := texts["a.mem[3].0=1@9"][0].RTL()
	assert.Equal(t, rtl.Fault{Site: rtl.Site{Path: "a.mem", Mem: true, Word: 3}, Cycle: 9, Model: rtl.Stuck1}, f)
	assert.True(t, ok && !first)
	assert.Equal(t, "a.mem[3].0=1@9", f.String(), "both packages write a fault alike")
	_, first, ok = texts["enc_1_0.weights[19].7@start"][0].RTL()
	assert.True(t, ok && first)
	_, _, ok = texts["x.output[7].1@frame12"][0].RTL()
	assert.False(t, ok)

	at := func(u Upset, words int64) (elements []int64, changes []functional.Change) {
		u.Elements(words, func(e int64, c functional.Change) { elements, changes = append(elements, e), append(changes, c) })
		return elements, changes
	}
	_, flip := at(Upset{Word: 2, Bit: 3}, 9)
	assert.Equal(t, []functional.Change{{Flip: 8}}, flip)
	_, write := at(Upset{Word: 2, Bit: AllBits, Action: Write, Value: 5}, 9)
	assert.EqualValues(t, 5, write[0].Apply(-77, 8, true))
	_, stuck := at(Upset{Word: 2, Bit: 1, Action: Stuck0}, 9)
	assert.EqualValues(t, 5, stuck[0].Apply(7, 8, true))
	elements, units := at(Upset{Word: Scattered, Bit: AllBits, Action: RandomUnit, Count: 50, Key: 7}, 60)
	seen := map[int64]bool{}
	for i, e := range elements {
		seen[e] = true
		v := units[i].Apply(0, 32, false)
		assert.True(t, e < 60 && v < 0x3f800000, "%x", v)
	}
	assert.Len(t, seen, 50)
}
