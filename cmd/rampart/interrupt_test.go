package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/driver"
	"rampart/internal/filetest"
	"rampart/internal/journal"
)

// Ctrl-C ends a command with a message, and leaves nothing but what inject keeps.
func TestInterrupted(t *testing.T) {
	s := newShell(t)
	s.build()
	before := files(t)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	s.ctx = cancelled
	for _, line := range []string{
		"compile net.onnx --calib images.npy -o new", "compile net.onnx --calib images.npy -o build",
		"eval net.onnx --images images.npy -o new", "simulate build --images images.npy -o new",
		"simulate build --images images.npy -o new --engine interp", "simulate build --images images.npy -o new --engine hlsc",
		"verify build", "inject build --images images.npy -o new --engine interp --random 3",
	} {
		code, out, errs := s.run(line)
		assert.Equal(t, 130, code, line)
		assert.Empty(t, out)
		assert.Equal(t, "rampart: interrupted; nothing was written\n", errs)
		assert.Equal(t, before, files(t))
	}
	code, message := verdict(cancelled, fmt.Errorf("inject: %w", driver.Kept{Done: 3, Of: 7, Err: context.Canceled}))
	assert.Equal(t, 130, code)
	assert.Equal(t, "interrupted; 3 of 7 faults are done and kept; the same command goes on from there", message)
}

// TestSignals interrupts and kills an injection, which then ends as if nothing had been.
func TestSignals(t *testing.T) {
	s := newShell(t)
	s.build()
	const line = "inject build --images images.npy --engine interp --random 50 -o faults"
	s.ok(line + " --jobs 2")
	want := filetest.Tree(t, "faults")
	require.NoError(t, os.RemoveAll("faults"))
	s.ok(line + " --jobs 1")
	assert.Equal(t, want, filetest.Tree(t, "faults"))
	require.NoError(t, os.RemoveAll("faults"))
	done := 0
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL, syscall.SIGTERM} {
		cmd := exec.Command(os.Args[0], strings.Fields(line)...)
		cmd.Env = append(os.Environ(), asProgram+"=1")
		var errs bytes.Buffer
		cmd.Stderr = &errs
		require.NoError(t, cmd.Start())
		before := done
		require.Eventually(t, func() bool {
			journals, err := filepath.Glob(".faults.*.journal")
			require.NoError(t, err)
			if len(journals) == 1 {
				done = 0
				_, _ = journal.Read(journals[0], func([]byte) error { done++; return nil }) // it may be gone or begun just now
			}
			return done >= before+5
		}, 20*time.Second, time.Millisecond)
		require.NoError(t, cmd.Process.Signal(signal))
		require.Error(t, cmd.Wait())
		assert.NoDirExists(t, "faults")
		if signal != syscall.SIGKILL {
			assert.Equal(t, 130, cmd.ProcessState.ExitCode())
			assert.Regexp(t, `^rampart: interrupted; \d+ of 50 faults are done and kept; the same command goes on from there\n$`, errs.String())
		}
	}
	s.ok(line)
	assert.Equal(t, want, filetest.Tree(t, "faults"))
	journals, err := filepath.Glob(".faults.*")
	require.NoError(t, err)
	assert.Empty(t, journals)
}
