package interp

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/rtltest"
	"rampart/ir/rtl"
)

func TestTruth(t *testing.T) {
	for _, truth := range rtltest.Truths() {
		t.Run(truth.Name, func(t *testing.T) {
			m, err := New(truth.Design)
			require.NoError(t, err)
			truth.Verify(t, m)
		})
	}
}

func TestEveryOperationHasAnEvaluator(t *testing.T) {
	for _, op := range rtl.Ops() {
		stored := op.Info().Source || op == rtl.OpConst
		if op == rtl.OpOut {
			stored = false
		}
		assert.Equal(t, stored, evaluators[op] == nil, op)
	}
}

func TestPins(t *testing.T) {
	m, err := New(rtltest.Summing())
	require.NoError(t, err)
	rtltest.VerifyPins(t, m)
}
