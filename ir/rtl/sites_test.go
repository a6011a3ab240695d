package rtl_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rampart/ir/rtl"
)

func TestParseFault(t *testing.T) {
	for text, want := range map[string]rtl.Fault{
		"enc_0.weights[12].35@1042":       {Site: rtl.Site{Path: "enc_0.weights", Mem: true, Word: 12, Bit: 35}, Cycle: 1042},
		" top.window.pos_x.3@0 ":          {Site: rtl.Site{Path: "top.window.pos_x", Bit: 3}},
		"reg.0@9223372036854775807":       {Site: rtl.Site{Path: "reg"}, Cycle: 1<<63 - 1},
		"enc_0.weights[12].35=0@1042":     {Site: rtl.Site{Path: "enc_0.weights", Mem: true, Word: 12, Bit: 35}, Cycle: 1042, Model: rtl.Stuck0},
		"top.window.pos_x.3=1@7":          {Site: rtl.Site{Path: "top.window.pos_x", Bit: 3}, Cycle: 7, Model: rtl.Stuck1},
		"a.b.skip1.beats[5551].7@1000000": {Site: rtl.Site{Path: "a.b.skip1.beats", Mem: true, Word: 5551, Bit: 7}, Cycle: 1000000},
	} {
		got, err := rtl.ParseFault(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got)
	}
	for text, why := range map[string]string{
		"enc.weights[1].2":                  "no cycle",
		"enc.weights[1].2@-1":               "the cycle is not",
		"enc.weights[1].2@x":                "the cycle is not",
		"weights@4":                         "no bit",
		".3@4":                              "no bit",
		"weights[1].x@4":                    "the bit is not",
		"weights[1].-2@4":                   "the bit is not",
		"weights[x].2@4":                    "the word is not",
		"weights[-1].2@4":                   "the word is not",
		"weights[1.2@4":                     "the word is not",
		"[1].2@4":                           "the word is not",
		"[+1].2@4":                          "the word is not",
		"weights[+1].2@4":                   "the word is not",
		"weights[1].+2@4":                   "the bit is not",
		"weights[1].2@+4":                   "the cycle is not",
		"weights[1].2_0@4":                  "the bit is not",
		"weights[].2@4":                     "the word is not",
		"weights[1].2@4@5":                  "the cycle is not",
		"weights[1].2@99999999999999999999": "the cycle is not",
		"weights[1].2=2@4":                  "stuck at 0 or at 1",
		"weights[1].2=@4":                   "stuck at 0 or at 1",
		"weights[1].2=00@4":                 "stuck at 0 or at 1",
		"weights[1].2=1=0@4":                "stuck at 0 or at 1",
		"weights[1].=1@4":                   "the bit is not",
		"weights[1]=1.2=1@4":                "the word is not",
	} {
		_, err := rtl.ParseFault(text)
		require.ErrorContains(t, err, why, text)
		require.ErrorContains(t, err, "MEMORY[WORD].BIT@CYCLE", text)
		require.ErrorContains(t, err, "=0 or =1", text)
	}
}

// What is read prints as text that reads the same.
func FuzzParseFault(f *testing.F) {
	for _, seed := range []string{"enc_0.weights[12].35@1042", "a.b.3@0", "[", "@", ".", "a[1].1@1", "a[1].1=0@1", "b.1=1@7"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := rtl.ParseFault(text)
		if err != nil {
			return
		}
		again, err := rtl.ParseFault(fault.String())
		require.NoError(t, err)
		require.Equal(t, fault, again)
	})
}
