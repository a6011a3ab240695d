package campaign

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/driver"
	"rampart/ir/quant"
	"rampart/sim/fault/result"
)

// protect compiles the bench's network anew under a policy.
func (b *bench) protect(t *testing.T, policy string) {
	t.Helper()
	file := filepath.Join(b.dir, "policy.yaml")
	require.NoError(t, os.WriteFile(file, []byte(policy), 0o666))
	_, err := driver.Compile(t.Context(), driver.Request{
		Model: b.model, Calib: b.options.Images, Out: b.build, Policy: file,
		Options: driver.Options{WeightBits: 8, ActBits: 8, HeadBits: 16, Scales: quant.General, Calibration: quant.MSE, Percentile: 99.99},
	}, nil)
	require.NoError(t, err)
}

// What protection puts right and finds is an outcome, the same on all cycle engines; flips of single bits, of
// neighbours, and of registers, which the cycle engine tells alone.
func TestProtectedCampaigns(t *testing.T) {
	b := newBench(t)
	b.protect(t, `name: mixed
rules:
- {kinds: weights, use: secded}
- {kinds: [bias, requant], use: parity, on_error: zero}
- {kinds: [line, fifo, skip], use: tmr}
- {registers: control, use: tmr}
`)
	outcomes := map[string]map[result.Outcome]int{}
	for name, description := range map[string]string{
		"flips":     "space: hardware\nselect: {kinds: [\"!register\"]}\nplan: {random: 300}\ncross_check: 12\n",
		"clusters":  "space: hardware\nselect: {kinds: [weights]}\nmodel: {type: cluster, shapes: [{cells: 1x2, share: 1}], interleave: 1}\nplan: {random: 100}\ncross_check: 6\n",
		"registers": "space: hardware\nselect: {kinds: [register]}\nplan: {random: 20}\ncross_check: 6\n",
	} {
		r, err := OnBuild(t.Context(), b.build, b.with(t, name, description))
		require.NoError(t, err, name)
		require.NotNil(t, r.Checked, name)
		assert.Positive(t, r.Checked.Faults, name)
		assert.Zero(t, r.Checked.Mismatches, name)
		outcomes[name] = map[result.Outcome]int{}
		for _, row := range rows(t, filepath.Join(b.dir, name)) {
			outcomes[name][row.Outcome]++
			if name == "flips" && row.Kind == "weights" {
				assert.Contains(t, []result.Outcome{result.Masked, result.Corrected}, row.Outcome, row.Fault)
			}
		}
	}
	t.Log(outcomes)
	assert.Positive(t, outcomes["flips"][result.Corrected])
	assert.Positive(t, outcomes["flips"][result.Detected])
	assert.Positive(t, outcomes["clusters"][result.Detected], "two flips of a code word")
	assert.Positive(t, outcomes["registers"][result.Corrected])
}
