package tape

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSourceStandsAlone(t *testing.T) {
	f, err := parser.ParseFile(token.NewFileSet(), "tape.go", Source(), parser.ImportsOnly)
	require.NoError(t, err)
	assert.Equal(t, "tape", f.Name.Name)
	for _, i := range f.Imports {
		assert.NotContains(t, strings.Trim(i.Path.Value, `"`), ".", "of the standard library only")
		assert.NotContains(t, i.Path.Value, "rampart")
	}
}

// What is written does not depend on when it was asked for meanwhile, but for where runs are cut.
func TestBytesTwice(t *testing.T) {
	var deck Deck
	p := deck.Port(4)
	for range 9 {
		p.Note(deck.Cycle % 4)
		deck.Cycle++
	}
	first, err := deck.Bytes()
	require.NoError(t, err)
	again, err := deck.Bytes()
	require.NoError(t, err)
	assert.Equal(t, first, again)
}
