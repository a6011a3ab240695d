package pattern

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestList(t *testing.T) {
	for _, c := range []struct {
		patterns string
		name     string
		want     bool
	}{
		{"*", "", true}, {"*", "a.b/c", true}, {"enc_*", "enc_1_0.weights", true}, {"enc_*.weights", "enc_1_0.window.weights", true},
		{"*.weights", "weights", false}, {"enc_?_0.*", "enc_1_0.bias", true}, {"enc_?_0.*", "enc_12_0.bias", false}, {"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false}, {"", "", true}, {"", "a", false}, {"weights bias", "bias", true}, {"!*.bias", "a.weights", true}, {"!*.bias", "a.bias", false},
		{"a.* !*.bias", "a.bias", false}, {"a.* !*.bias", "a.weights", true}, {"a.* !*.bias", "b.weights", false}, {"[x]", "[x]", true}, {"**a**", "bab", true},
	} {
		assert.Equal(t, c.want, List(strings.Split(c.patterns, " "), c.name), "%q %q", c.patterns, c.name)
	}
}
