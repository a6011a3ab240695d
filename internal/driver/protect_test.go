package driver

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/ir/protect"
)

const everything = `name: everything
model: [equalise]
network:
- {layers: "*", checksum: true}
rules:
- {kinds: weights, use: secded, group: 16, interleave: 2}
- {kinds: [bias, requant], use: daec}
- {kinds: line, use: tmr}
- {kinds: [fifo, skip], use: parity, on_error: zero}
- {registers: control, use: tmr}
watchdog: {resync: 2}
`

// guarded compiles a model with a policy and opens the build.
func guarded(t *testing.T, policy string) (*Build, error) {
	t.Helper()
	dir := t.TempDir()
	req := request(t, dir, unet())
	req.Policy = filepath.Join(dir, "policy.yaml")
	require.NoError(t, os.WriteFile(req.Policy, []byte(policy), 0o666))
	if _, err := Compile(t.Context(), req, nil); err != nil {
		return nil, err
	}
	return Open(t.Context(), req.Out)
}

func TestProtectedBuild(t *testing.T) {
	b, err := guarded(t, everything)
	require.NoError(t, err)
	require.NotNil(t, b.Protected)
	assert.NotEmpty(t, b.Protected.Stored)
	assert.NotEmpty(t, b.Protected.Copies)
	require.Len(t, b.Info.ModelProtection, 1)
	assert.Equal(t, "equalise", b.Info.ModelProtection[0].Pass)
	assert.NotNil(t, b.Info.ModelProtection[0].Price)
	require.NotNil(t, b.Info.NetworkProtection)
	assert.NotEmpty(t, b.Info.NetworkProtection.Layers)
	assert.Positive(t, b.Info.Outputs[0].Scale)
	require.NotEmpty(t, b.Info.MemoryProtection)
	var file struct {
		Memories []struct {
			Memory     string
			Width      int
			Protection *protect.Entry
		}
	}
	data, err := b.read(mapFile)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &file))
	copies := 0
	for _, m := range file.Memories {
		of, coded := b.Protected.Copies[m.Memory], b.Protected.Stored[m.Memory]
		if of == "" && coded == nil {
			continue
		}
		require.NotNil(t, m.Protection, m.Memory)
		assert.Equal(t, of, m.Protection.CopyOf)
		if of != "" {
			copies++
			continue
		}
		assert.Len(t, m.Protection.Groups, len(coded.Layout.Groups))
		assert.Equal(t, coded.Word.Width(), m.Width)
		assert.Equal(t, coded.Type.Width(), m.Protection.Width)
	}
	assert.Equal(t, len(b.Protected.Copies), copies)
	r, err := b.Verify(t.Context(), VerifyOptions{Images: beside(b, "images.npy"), Flips: 28, Seed: 3, Jobs: 2})
	require.NoError(t, err)
	for _, c := range r.Checks {
		assert.True(t, c.Passed, "%s: %s", c.Name, c.Detail)
	}
}

// The hardware follows from the policy in the build: another one there is noticed.
func TestProtectedBuildNeedsItsPolicy(t *testing.T) {
	b, err := guarded(t, everything)
	require.NoError(t, err)
	path := filepath.Join(b.Dir, policyFile)
	require.NoError(t, os.WriteFile(path, []byte("name: none\n"), 0o666))
	_, err = Open(t.Context(), b.Dir)
	requireProblem(t, err, policyFile, "changed after it was compiled")
}

func TestProtectionLeavesTheNetworkAsItIs(t *testing.T) {
	plain := compiled(t, unet())
	b, err := guarded(t, "name: codes\nrules: [{memories: \"*\", use: secded}]\n")
	require.NoError(t, err)
	assert.Equal(t, plain.Plan.Estimate, b.Plan.Estimate)
	widths := func(b *Build) map[string]int {
		all := map[string]int{}
		for _, s := range b.HW.Design.States() {
			if s.Mem != nil {
				all[s.Path] = s.Type.Width()
			}
		}
		return all
	}
	before := widths(plain)
	for path, after := range widths(b) {
		assert.Greater(t, after, before[path], path)
	}
}

func TestBadPolicies(t *testing.T) {
	for _, c := range []struct{ name, policy, want string }{
		{"not YAML", "name: [", "line 1"},
		{"an unknown key", "name: x\nrule: []\n", "line 2, column 1"},
		{"an unknown memory", "name: x\nrules:\n- {memories: nowhere, use: tmr}\n", "line 3, column 14: nothing matches nowhere"},
		{"rules that contradict each other", "name: x\nrules:\n- {kinds: weights, use: tmr}\n- {kinds: weights, use: secded}\n", "line 4, column 3: the rule never decides"},
		{"a code that there is not", "name: x\nrules:\n- {memories: \"*\", use: daec, group: 4000}\n", ""},
		{"an unknown pass", "name: x\nmodel: [polish]\n", "polish"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := guarded(t, c.policy)
			if c.want == "" {
				require.NoError(t, err, "narrow words take it")
				return
			}
			requireProblem(t, err, "policy.yaml", c.want)
		})
	}
}
