package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Coverage is measured where every fault was tried, in one piece or in parts, and refused elsewhere.
func TestCoverageCommand(t *testing.T) {
	s := newShell(t)
	s.build()
	const all = "name: every bias bit\nspace: parameters\nselect: {kinds: [bias]}\n"
	require.NoError(t, os.WriteFile("all.yaml", []byte(all+"plan: exhaustive\n"), 0o666))
	require.NoError(t, os.WriteFile("some.yaml", []byte(all+"plan: {random: 90}\n"), 0o666))
	s.ok("inject build --images images.npy --campaign all.yaml -o all")
	s.ok("inject build --images images.npy --campaign all.yaml --shard 1/2 -o part1")
	s.ok("inject build --images images.npy --campaign all.yaml --shard 2/2 -o part2")
	s.ok("inject build --images images.npy --campaign some.yaml -o some")

	text := s.ok("results all --coverage --outcome tolerable")
	assert.Contains(t, text, "1000 simulated campaigns each; intervals of 95 % hold where 92.59 % of them do")
	assert.Equal(t, text, s.ok("results --merge -o merged part1 part2 --coverage --outcome tolerable"))
	got := object(t, s.ok("results all --coverage --outcome harmful,tolerable --confidence 0.9 --json"))
	assert.Equal(t, 0.9, got["confidence"])
	assert.Equal(t, "tolerable,critical,nan,hang", got["outcome"])
	trials := got["trials"].([]any)
	assert.NotEmpty(t, trials)
	for _, trial := range trials {
		trial := trial.(map[string]any)
		assert.True(t, trial["holds"] == true || trial["offered"] == false, "%v", trial)
	}
	for line, tells := range map[string]string{
		"results all --coverage --top 3": "--top: --coverage lists no faults",
		"results some --coverage":        "some: its plan is random: it tried 90 faults of ",
		"results part1 --coverage":       "part1: it is part 1 of 2 of a campaign",
	} {
		code, out, errs := s.run(line)
		assert.Equal(t, exitInput, code, line)
		assert.Empty(t, out, line)
		assert.Contains(t, errs, tells, line)
	}
}
