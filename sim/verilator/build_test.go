package verilator_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
	"rampart/internal/rtltest"
	"rampart/ir/rtl"
	"rampart/sim/verilator"
)

// small is a stream through one register.
func small(name string) *rtl.Design {
	m := rtl.NewModule(name, "Holds the last beat.")
	valid, data := m.In("in_valid", rtl.U(1)), m.In("in_data", rtl.U(8))
	m.In("out_ready", rtl.U(1))
	m.Out("in_ready", m.Bit(true))
	m.Out("out_valid", m.Delay("full", valid))
	m.Out("out_data", m.DelayIf("beat", valid, data))
	return rtl.NewDesign(m)
}

func TestBuildsOnce(t *testing.T) {
	dir := t.TempDir()
	first, err := verilator.Build(t.Context(), small("one"), dir, quick)
	require.NoError(t, err)
	assert.False(t, first.Cached)
	again, err := verilator.Build(t.Context(), small("one"), dir, quick)
	require.NoError(t, err)
	assert.True(t, again.Cached)
	assert.Equal(t, first.Dir, again.Dir)
	traced, err := verilator.Build(t.Context(), small("one"), dir, verilator.Options{Quick: true, Trace: true})
	require.NoError(t, err)
	assert.False(t, traced.Cached)
	left, err := filepath.Glob(filepath.Join(dir, ".building-*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestMissingTools(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := verilator.Build(t.Context(), small("one"), t.TempDir(), quick)
	var missing diag.MissingTool
	require.ErrorAs(t, err, &missing)
	assert.Equal(t, "verilator", missing.Tool)
	assert.Equal(t, "apt-get install verilator g++ make", missing.Install)
}

// fakeTools puts a folder at the head of the path in which verilator is the given script.
func fakeTools(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "verilator"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestOldVerilator(t *testing.T) {
	fakeTools(t, "echo 'Verilator 4.228 2022-10-01 rev v4.228'\n")
	_, err := verilator.Build(t.Context(), small("one"), t.TempDir(), quick)
	var problem diag.Problem
	require.ErrorAs(t, err, &problem)
	assert.Contains(t, problem.What, "4.228")
}

func TestFailedBuildTellsWhyAndLeavesNothing(t *testing.T) {
	fakeTools(t, "[ \"$1\" = --version ] && echo Verilator 5.006 && exit\necho disk on fire\nexit 1\n")
	dir := t.TempDir()
	_, err := verilator.Build(t.Context(), small("one"), dir, quick)
	require.ErrorContains(t, err, "disk on fire")
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestCancelledBuild(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := verilator.Build(ctx, small("one"), t.TempDir(), quick)
	require.ErrorIs(t, err, context.Canceled)
}

func TestDesignWithoutStreams(t *testing.T) {
	m := rtl.NewModule("odd", "")
	m.In("lonely_data", rtl.U(1))
	_, err := verilator.Build(t.Context(), rtl.NewDesign(m), t.TempDir(), quick)
	require.ErrorContains(t, err, "lonely_data")
}

func TestMachinesOfOneProgramAreApart(t *testing.T) {
	d := rtltest.Random(3, 10)
	b, err := verilator.Build(t.Context(), d, t.TempDir(), quick)
	require.NoError(t, err)
	one, two := run(t, b), run(t, b)
	before, err := two.Hash()
	require.NoError(t, err)
	s, err := rtltest.RandomStimulus(d, 1, 100, 0)
	require.NoError(t, err)
	_, err = one.Run(t.Context(), s)
	require.NoError(t, err)
	moved, err := one.Hash()
	require.NoError(t, err)
	after, err := two.Hash()
	require.NoError(t, err)
	assert.NotEqual(t, before, moved)
	assert.Equal(t, before, after)
}
