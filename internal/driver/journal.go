package driver

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rampart/internal/diag"
	"rampart/internal/journal"
)

// outcomes keeps the finished outcomes of an injection beside its output folder, so that the same command
// goes on where it was interrupted or killed.
type outcomes struct {
	path    string
	journal *journal.Journal
	done    map[int]Outcome // by number of the fault
}

// entry is a record of the journal, as JSON.
type entry struct {
	N       int     `json:"n"`
	Outcome Outcome `json:"outcome"`
}

// openOutcomes reads what an earlier run of the same work left; key tells works apart, and each has a file of
// its own. faults are what the outcomes must be of.
func openOutcomes(out, key string, faults []string) (*outcomes, error) {
	abs, err := filepath.Abs(out)
	if err != nil {
		return nil, fmt.Errorf("journal of %s: %w", out, err)
	}
	o := &outcomes{path: filepath.Join(filepath.Dir(abs), fmt.Sprintf(".%s.%.16s.journal", filepath.Base(abs), key)), done: map[int]Outcome{}}
	o.journal, err = journal.Open(o.path, []byte(key), func(record []byte) error {
		var e entry
		if json.Unmarshal(record, &e) != nil || e.N < 0 || e.N >= len(faults) || e.Outcome.Fault != faults[e.N] {
			return diag.Problem{File: o.path, What: "the journal holds what is no outcome of this injection", Remedy: "remove it to start afresh"}
		}
		o.done[e.N] = e.Outcome
		return nil
	})
	if errors.As(err, new(journal.Foreign)) {
		return nil, diag.Problem{File: o.path, What: "the journal is of another injection", Remedy: "finish that one, or remove the file"}
	}
	return o, err
}

// add keeps an outcome.
func (o *outcomes) add(n int, outcome Outcome) error {
	record, err := json.Marshal(entry{n, outcome})
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if err := o.journal.Append(record); err != nil {
		return err
	}
	o.done[n] = outcome
	return nil
}

// close ends writing.
func (o *outcomes) close() error { return o.journal.Close() }

// remove takes the file away, when all outcomes are where they belong.
func (o *outcomes) remove() error {
	if err := os.Remove(o.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
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
