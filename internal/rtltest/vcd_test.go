package rtltest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const vcdText = `$version a program $end
$timescale 1 ns $end
$scope module TOP $end
$var wire 1 ! clk $end
$scope module t $end
$var wire 1 ! clk $end
$var reg 3 " q [2:0] $end
$upscope $end
$upscope $end
$enddefinitions $end

#10
1!
b010 "
#15
0!
#20
1!
b011 "
`

func TestReadVCD(t *testing.T) {
	v, err := ReadVCD(vcdText)
	require.NoError(t, err)
	assert.Equal(t, &VCD{
		Unit:  "1ns",
		Times: []int64{10, 15, 20},
		Width: map[string]int{"TOP.clk": 1, "TOP.t.clk": 1, "TOP.t.q": 3},
		Values: map[string]map[int64]string{
			"TOP.clk":   {10: "1", 15: "0", 20: "1"},
			"TOP.t.clk": {10: "1", 15: "0", 20: "1"},
			"TOP.t.q":   {10: "010", 15: "010", 20: "011"},
		},
	}, v)
}

func TestReadVCDRefuses(t *testing.T) {
	for want, change := range map[string][2]string{
		"time goes back":          {"#20", "#15"},
		"TOP.t.q has 3 bits":      {"b011", "b11"},
		"no such variable":        {"0!", "0?"},
		"not understood":          {"b010 \"", "x!"},
		"TOP.t.q is declared twi": {"$upscope", "$var reg 3 # q $end\n$upscope"},
		"invalid syntax":          {"#10", "#ten"},
	} {
		_, err := ReadVCD(strings.Replace(vcdText, change[0], change[1], 1))
		assert.ErrorContains(t, err, want)
	}
}

func TestCompareVCD(t *testing.T) {
	read := func(from, to string) *VCD {
		v, err := ReadVCD(strings.Replace(vcdText, from, to, 1))
		require.NoError(t, err)
		return v
	}
	a := read("module TOP", "module x")
	common, err := read("", "").Compare(read("", ""), "")
	require.NoError(t, err)
	assert.Equal(t, 3, common)
	common, err = a.Compare(read("", ""), "TOP.")
	require.NoError(t, err)
	assert.Zero(t, common, "x.t.q and TOP.t.q have different names")
	for want, b := range map[string]*VCD{
		"times differ: 3 from 10 to 20 1ns and 3 from 10 to 21 1ns": read("#20", "#21"),
		"times differ: 3 from 10 to 20 1ns and 3 from 10 to 20 1ps": read("1 ns", "1 ps"),
		"TOP.t.q at 20 is 011 and 111":                              read("b011", "b111"),
		"TOP.clk at 15 is 0 and 1":                                  read("0!", "1!"),
	} {
		_, err := read("", "").Compare(b, "")
		assert.EqualError(t, err, want)
	}
}
