package rtl

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPrune(t *testing.T) {
	d := parsed(t, `design t
module t
  unused = input u4
  a = input u4
  %2 = not u4 a
  dead = not u4 %2
  %4 = const u4 [1]
  lonely = reg u4
  r = reg u5
  %7 = add u5 a %4
  %8 = const u1 [1]
  q = read u4
  %10 = const u1 [0]
  %11 = const u1 [0]
  input unused
  input a
  output o r
  reg lonely next %4
  reg r next %7 if %8
  mem m fifo u4 depth 2
    read q at %10
    write at %8 data a if %11
end
`)
	Prune(d)
	require.NoError(t, Check(d))
	assert.Equal(t, `design t

module t
  unused = input u4
  a = input u4
  %2 = const u4 [1]
  lonely = reg u4
  r = reg u5
  %5 = add u5 a %2
  %6 = const u1 [1]
  q = read u4
  %8 = const u1 [0]
  %9 = const u1 [0]
  input unused
  input a
  output o r
  reg lonely next %2
  reg r next %5 if %6
  mem m fifo u4 depth 2
    read q at %8
    write at %6 data a if %9
end
`, printed(t, d))
	assert.NotPanics(t, func() { d.Top.Bit(true).Named("dead") }, "the name is free again")
}

func TestPruneKeepsWhatInstancesNeed(t *testing.T) {
	d := exampleDesign()
	before := len(d.Top.Nodes)
	Prune(d)
	require.NoError(t, Check(d))
	assert.Equal(t, before-1, len(d.Top.Nodes), "only the unused constant goes")
}
