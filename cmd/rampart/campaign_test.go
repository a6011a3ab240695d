package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/filetest"
)

// describe writes a campaign's description.
func describe(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte("name: test\n"+text), 0o666))
}

// A campaign that is killed at ten random moments ends with the bytes of one that was not, with one worker or two.
func TestCampaignKilled(t *testing.T) {
	s := newShell(t)
	s.build()
	describe(t, "all.yaml", "space: parameters\nselect: {kinds: [weight, bias]}\nplan: exhaustive\n")
	const line = "inject build --images images.npy --campaign all.yaml -o results"
	start := time.Now()
	s.ok(line + " --jobs 1")
	length := time.Since(start)
	want := filetest.Tree(t, "results")
	require.NoError(t, os.RemoveAll("results"))
	rng := rand.New(rand.NewPCG(11, 1))
	for range 10 {
		cmd := exec.Command(os.Args[0], strings.Fields(line)...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(rng.Int64N(int64(length))))
		require.NoError(t, cmd.Process.Kill())
		_ = cmd.Wait() // it may have been at its end
	}
	s.ok(line + " --jobs 2")
	assert.Equal(t, want, filetest.Tree(t, "results"))
}

// Results are summed up again, shards are merged, and both refuse what is not theirs.
func TestResults(t *testing.T) {
	s := newShell(t)
	s.build()
	describe(t, "some.yaml", "space: parameters\nplan: {random: 90}\n")
	out := s.ok("inject build --images images.npy --campaign some.yaml -o whole")
	assert.Contains(t, out, "90 faults, 90 functional\n")
	var report struct {
		Faults  int
		Summary struct{ Faults int }
	}
	require.NoError(t, json.Unmarshal([]byte(s.ok("inject build --images images.npy --campaign some.yaml -o again --json --seed 5")), &report))
	assert.Equal(t, 90, report.Faults)
	assert.Equal(t, 90, report.Summary.Faults)
	for _, part := range []string{"1/2", "2/2"} {
		s.ok("inject build --images images.npy --campaign some.yaml --shard " + part + " -o part" + part[:1])
	}
	merged := s.ok("results --merge -o merged part2 part1")
	assert.Equal(t, merged, s.ok("results whole"))
	assert.Equal(t, filetest.Tree(t, "whole"), filetest.Tree(t, "merged"))
	assert.NotEqual(t, merged, s.ok("results whole --confidence 0.5"))
	assert.Equal(t, merged, s.ok("results whole --outcome harmful"))
	assert.Equal(t, merged, s.ok("results whole --outcome hang,critical,nan"))
	assert.Contains(t, s.ok("results whole --outcome masked --top 3"), "the worst masked faults")
	s.ok("results --merge -o chosen --outcome masked,changed part1 part2")
	picture, err := os.ReadFile("chosen/heatmap.svg")
	require.NoError(t, err)
	assert.Contains(t, string(picture), "rate of masked,changed faults")

	require.NoError(t, os.WriteFile("part1/results.parquet", []byte("no Parquet"), 0o666))
	for line, tells := range map[string]string{
		"results build":                "build",
		"results part1":                "part1",
		"results --merge -o new part2": "shard 1 of 2 of the campaign is missing",
		"results --merge part2":        "--out",
		"results whole --confidence 1": "--confidence",
		"results whole --outcome bad":  "--outcome",
		"results whole --outcome nan,": "--outcome",
		"results whole --top 0":        "--top",
		"results whole -o new":         "--out: nothing is written without --merge",
		"results":                      "results takes one folder",
		"inject build --images images.npy -o new --random 3 --shard 1/2":              "--shard: it is for campaigns",
		"inject build --images images.npy -o new --campaign no.yaml":                  "no.yaml: it cannot be read",
		"inject nothing --images images.npy -o new --campaign some.yaml":              "nothing: it cannot be read",
		"inject net.onnx --images images.npy -o new --campaign some.yaml":             "some.yaml: format",
		"inject build --images images.npy -o new --campaign some.yaml --shard 3/2":    "--shard",
		"inject build --images images.npy -o new --campaign some.yaml --random 3":     "--random: a campaign has its own faults",
		"inject build --images images.npy -o new --campaign some.yaml --scale 2":      "--scale: the build has that",
		"inject build --images images.npy -o new --campaign some.yaml --border -1":    "--border",
		"inject build --images images.npy -o new --campaign some.yaml --confidence 0": "--confidence",
		"inject build --images images.npy -o build --campaign some.yaml":              "build",
	} {
		code, out, errs := s.run(line)
		assert.Equal(t, 2, code, line)
		assert.Empty(t, out, line)
		assert.Contains(t, errs, tells, line)
		assert.NoDirExists(t, "new", line)
	}
}
