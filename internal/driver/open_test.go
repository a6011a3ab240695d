package driver

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOpenRefuses(t *testing.T) {
	b := compiled(t, small())
	change := func(name string, f func(string) string) func(t *testing.T) {
		return func(t *testing.T) {
			path := filepath.Join(b.Dir, name)
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, os.WriteFile(path, data, 0o666)) })
			require.NoError(t, os.WriteFile(path, []byte(f(string(data))), 0o666))
		}
	}
	replace := func(old, by string) func(string) string {
		return func(s string) string {
			require.Contains(t, s, old)
			return strings.Replace(s, old, by, 1)
		}
	}
	// facts changes a field of build.json and leaves the rest alone.
	facts := func(f func(map[string]any)) func(t *testing.T) {
		return change(buildFile, func(s string) string {
			var all map[string]any
			require.NoError(t, json.Unmarshal([]byte(s), &all))
			f(all)
			out, err := json.Marshal(all)
			require.NoError(t, err)
			return string(out)
		})
	}
	gone := func(name string) func(t *testing.T) {
		return func(t *testing.T) {
			path := filepath.Join(b.Dir, name)
			require.NoError(t, os.Rename(path, path+".away"))
			t.Cleanup(func() { require.NoError(t, os.Rename(path+".away", path)) })
		}
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T)
		tells []string
	}{
		"no build.json":   {gone(buildFile), []string{"not a build folder", "build.json is missing"}},
		"no network":      {gone(fixedFile), []string{"not a build folder", "ir/fixed.txt is missing"}},
		"cut":             {change(buildFile, func(s string) string { return s[:len(s)/2] }), []string{"build.json", "damaged", "compile the model again"}},
		"empty":           {change(buildFile, func(string) string { return "" }), []string{"build.json", "damaged"}},
		"no JSON":         {change(buildFile, func(string) string { return "hello" }), []string{"build.json", "damaged"}},
		"another's JSON":  {change(buildFile, func(string) string { return `{"name": "x"}` }), []string{"build.json", "rampart did not write it"}},
		"a list":          {change(buildFile, func(string) string { return `[]` }), []string{"build.json", "damaged"}},
		"older":           {facts(func(m map[string]any) { m["rampart"] = "0.0.1" }), []string{"rampart 0.0.1 wrote it, this is " + Version, "compile the model again"}},
		"no scale":        {facts(func(m map[string]any) { delete(m["input"].(map[string]any), "scale") }), []string{"build.json", "damaged"}},
		"a negative std":  {facts(func(m map[string]any) { m["options"].(map[string]any)["preprocess"] = map[string]any{"std": []int{-1}} }), []string{"--std"}},
		"no files":        {facts(func(m map[string]any) { delete(m, "files") }), []string{"build.json", "damaged"}},
		"another pace":    {facts(func(m map[string]any) { m["estimate"].(map[string]any)["cycles_per_frame"] = 1 }), []string{"build.json", "its estimate is not that of ir/plan.txt"}},
		"a weight":        {change(fixedFile, replace("weights 1", "weights 2")), []string{"ir/fixed.txt", "changed after it was compiled"}},
		"another depth":   {change(planFile, replace("depth 4", "depth 5")), []string{"ir/plan.txt", "changed after it was compiled"}},
		"half a network":  {change(fixedFile, func(s string) string { return s[:len(s)/2] }), []string{"ir/fixed.txt", "changed after it was compiled"}},
		"another network": {change(fixedFile, func(string) string { return "net \"other\"\n" }), []string{"ir/fixed.txt", "changed after it was compiled"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.spoil(t)
			_, err := Open(t.Context(), b.Dir)
			requireProblem(t, err, append(c.tells, b.Dir)...)
		})
	}
	for path, tells := range map[string]string{
		t.TempDir():                      "not a build folder",
		filepath.Join(b.Dir, buildFile):  "not a directory",
		filepath.Join(b.Dir, "nowhere"):  "not a build folder",
		filepath.Join(b.Dir, "verilog"):  "not a build folder",
		beside(b, "net.onnx"):            "not a directory",
		filepath.Join(b.Dir, "..", "no"): "not a build folder",
	} {
		_, err := Open(t.Context(), path)
		requireProblem(t, err, path, tells)
	}
	_, err := Open(t.Context(), b.Dir)
	assert.NoError(t, err, "nothing of this was the build's own fault")
}

// TestOpenTruncated: no beginning of build.json is taken for one.
func TestOpenTruncated(t *testing.T) {
	b := compiled(t, small())
	data, err := os.ReadFile(filepath.Join(b.Dir, buildFile))
	require.NoError(t, err)
	for n := 0; n < len(data)-2; n += 41 { // the last two bytes are a brace and a line's end
		require.NoError(t, os.WriteFile(filepath.Join(b.Dir, buildFile), data[:n], 0o666))
		_, err := Open(t.Context(), b.Dir)
		requireProblem(t, err, buildFile)
	}
}
