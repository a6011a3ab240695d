package naming

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestClaim(t *testing.T) {
	taken := Taken{"pool": true, "conv_2": true}
	for _, c := range [][2]string{
		{"conv", "conv"}, {"conv", "conv_3"}, {"conv", "conv_4"}, {"conv_2", "conv_2_2"},
		{"pool", "pool_2"}, {"", ""}, {"", "_2"},
	} {
		assert.Equal(t, c[1], taken.Claim(c[0]))
	}
	assert.Len(t, taken, 2+7)
}
