package driver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rampart/internal/diag"
)

// journal keeps the finished outcomes of an injection beside its output folder, one line of JSON each, so
// that the same command goes on where it was interrupted or killed.
type journal struct {
	path string
	file *os.File
	done map[int]Outcome // by number of the fault
}

// entry is a line of a journal.
type entry struct {
	N       int     `json:"n"`
	Outcome Outcome `json:"outcome"`
}

// openJournal reads what an earlier run of the same work left; key tells works apart. faults are what the
// outcomes must be of.
func openJournal(out, key string, faults []string) (*journal, error) {
	abs, err := filepath.Abs(out)
	if err != nil {
		return nil, fmt.Errorf("journal of %s: %w", out, err)
	}
	j := &journal{path: filepath.Join(filepath.Dir(abs), fmt.Sprintf(".%s.%.16s.journal", filepath.Base(abs), key)), done: map[int]Outcome{}}
	data, err := os.ReadFile(j.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, j.problem(err)
	}
	whole := 0 // bytes of sound lines; a run that was killed may have left part of one
	for {
		line, _, found := bytes.Cut(data[whole:], []byte("\n"))
		var e entry
		if !found || json.Unmarshal(line, &e) != nil || e.N < 0 || e.N >= len(faults) || e.Outcome.Fault != faults[e.N] {
			break
		}
		j.done[e.N] = e.Outcome
		whole += len(line) + 1
	}
	if whole < len(data) {
		if err := os.Truncate(j.path, int64(whole)); err != nil {
			return nil, j.problem(err)
		}
	}
	return j, nil
}

func (j *journal) problem(err error) error {
	return diag.Problem{File: j.path, What: "finished faults cannot be kept here: " + cause(err), Remedy: "free some space, or write elsewhere"}
}

// add keeps an outcome. The file is made for the first.
func (j *journal) add(n int, o Outcome) error {
	line, err := json.Marshal(entry{n, o})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if j.file == nil {
		if err := os.MkdirAll(filepath.Dir(j.path), 0o777); err != nil {
			return j.problem(err)
		}
		if j.file, err = os.OpenFile(j.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666); err != nil {
			return j.problem(err)
		}
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return j.problem(err)
	}
	j.done[n] = o
	return nil
}

// close ends writing.
func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	if err := j.file.Close(); err != nil {
		return j.problem(err)
	}
	j.file = nil
	return nil
}

// remove takes the file away, when all outcomes are where they belong.
func (j *journal) remove() error {
	if err := os.Remove(j.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("journal: %w", err)
	}
	return nil
}

// Kept is an injection that was interrupted; the same command goes on from there.
type Kept struct {
	Done, Of int // faults
	Err      error
}

func (k Kept) Error() string {
	return fmt.Sprintf("%d of %d faults are done and kept; the same command goes on from there", k.Done, k.Of)
}

// Unwrap is what interrupted it.
func (k Kept) Unwrap() error { return k.Err }
