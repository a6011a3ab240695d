package result

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
	"rampart/internal/journal"
)

// flushEvery is how long rows gather before the next one takes them into the journal.
const flushEvery = time.Second

// Writer takes the rows of a campaign, or of a shard of one. It is safe for use by several goroutines.
type Writer struct {
	dir  string
	path string // of the journal
	meta Meta

	mu      sync.Mutex
	codec   *codec
	journal *journal.Journal
	done    bitmap
	pending []*Row // not yet in the journal
	flushed time.Time
	every   time.Duration // flushEvery
	runRows int           // see sorter
	closed  bool
}

// Open begins to collect the rows of a campaign whose results will be the folder dir, or goes on where an
// earlier run ended. Until Finish the rows are kept in a hidden file beside dir; dir stays as it is. What
// stands in the way is a diag.Problem: another campaign's file, another run at work on it, a full disk.
func Open(dir string, meta Meta) (*Writer, error) {
	if err := meta.check(); err != nil {
		return nil, err
	}
	if err := atomicfile.Check(dir, ResultsFile); err != nil {
		return nil, err
	}
	path, err := JournalPath(dir)
	if err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, path: path, meta: meta, codec: newCodec(), flushed: time.Now(), every: flushEvery, runRows: runRows}
	w.journal, err = journal.Open(path, meta.header(), eachRow(path, w.codec, func(r *Row) error {
		return w.done.mark(path, &w.meta, r.Number)
	}))
	if err == nil {
		return w, nil
	}
	w.codec.close()
	var other journal.Foreign
	if errors.As(err, &other) {
		return nil, otherCampaign(path, &meta, other.Header)
	}
	return nil, err
}

// JournalPath is where the rows for a folder are kept until it is written.
func JournalPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("journal of %s: %w", dir, err)
	}
	return filepath.Join(filepath.Dir(abs), "."+filepath.Base(abs)+".journal"), nil
}

// check refuses what no campaign can be; most of it is for rampart itself to get right.
func (m *Meta) check() error {
	if m.Version == "" || m.Model == "" || m.Faults < 0 || m.Shard.Of < 0 || m.Shard.Index < 0 || m.Shard.Index > 0 && m.Shard.Index >= m.Shard.Of {
		panic(fmt.Sprintf("BUG: result: a campaign that cannot be: %+v", m))
	}
	if !m.Shard.whole() && m.Faults == 0 {
		return diag.Problem{
			At: "shard " + m.Shard.String(), What: "the campaign stops when its intervals are narrow enough, which no shard can tell",
			Remedy: "run it as a whole, or give it a number of faults",
		}
	}
	return m.Thresholds.Check()
}

// otherCampaign says what the journal in the way is of.
func otherCampaign(path string, meta *Meta, header []byte) error {
	was, err := metaOfHeader(path, header)
	if err != nil {
		return err
	}
	return diag.Problem{
		File: path, What: "keeps the finished faults of another campaign: " + strings.Join(meta.differences(&was), "; "),
		Remedy: "finish that one with its own command, write to another folder, or remove the file to start afresh",
	}
}

// eachRow reads the batches of a journal row by row.
func eachRow(path string, c *codec, each func(*Row) error) func(batch []byte) error {
	var rows []Row
	return func(batch []byte) (err error) {
		if rows, err = c.decode(batch, rows[:0]); err != nil {
			return damaged(path, err.Error())
		}
		for i := range rows {
			if err := each(&rows[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// Done tells whether a fault's row is there.
func (w *Writer) Done(number int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done.has(number)
}

// Count is how many rows are there.
func (w *Writer) Count() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.done.count
}

// Rows gives the rows that are there, in the order in which they came. A row holds until the next. Add
// and Done wait until it ends.
func (w *Writer) Rows() iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.mustBeOpen()
		err := w.journal.Each(eachRow(w.path, w.codec, func(r *Row) error {
			if !yield(r, nil) {
				return errStopped
			}
			return nil
		}))
		if err != nil {
			if !errors.Is(err, errStopped) {
				yield(nil, err)
			}
			return
		}
		for _, r := range w.pending {
			if !yield(r, nil) {
				return
			}
		}
	}
}

var errStopped = errors.New("stopped")

// Add takes rows. Within a second or so, or at the latest with Close, they outlive the process. A row that
// is there already, or is not of this shard, is a mistake of the caller. After an error, as of a full disk,
// the rows are still there and the next Add tries again.
func (w *Writer) Add(rows ...Row) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustBeOpen()
	for i := range rows {
		rows[i].check()
		if err := w.done.mark("BUG", &w.meta, rows[i].Number); err != nil {
			panic("BUG: result: " + err.Error())
		}
		row := rows[i]
		w.pending = append(w.pending, &row)
	}
	if len(w.pending) >= batchRows || time.Since(w.flushed) >= w.every {
		return w.flush()
	}
	return nil
}

// flush brings all pending rows into the journal.
func (w *Writer) flush() error {
	for len(w.pending) > 0 {
		n := min(len(w.pending), batchRows)
		if err := w.journal.Append(w.codec.encode(w.pending[:n])); err != nil {
			return err
		}
		w.pending = slices.Delete(w.pending, 0, n)
	}
	w.flushed = time.Now()
	return nil
}

func (w *Writer) mustBeOpen() {
	if w.closed {
		panic("BUG: result: the writer is closed")
	}
}

// Close brings all rows into the journal and ends writing; the same Open goes on from there. After
// Finish it does nothing.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	err := errors.Join(w.flush(), w.journal.Close())
	w.codec.close()
	return err
}

// Finish writes the folder and takes the journal away. Rows that are missing are Incomplete. When it fails,
// everything is kept.
func (w *Writer) Finish(ctx context.Context, report Report) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.mustBeOpen()
	if err := w.flush(); err != nil {
		return err
	}
	meta := w.meta
	if meta.Faults == 0 {
		meta.Faults = w.done.top
	}
	if of := meta.Shard.Count(meta.Faults); w.done.count < of || of == 0 {
		return Incomplete{Done: w.done.count, Of: of}
	}
	s := newSorter(w.codec, filepath.Dir(w.path), w.runRows)
	if err := w.journal.Each(eachRow(w.path, w.codec, s.add)); err != nil {
		return errors.Join(err, s.close())
	}
	rows, err := s.sorted()
	if err != nil {
		return errors.Join(err, s.close())
	}
	if err := errors.Join(writeFolder(ctx, w.dir, meta, rows, report), s.close()); err != nil {
		return err
	}
	w.closed = true
	w.codec.close()
	return w.journal.Remove()
}

// Incomplete is a campaign or shard of which rows are missing.
type Incomplete struct{ Done, Of int64 }

func (i Incomplete) Error() string {
	return fmt.Sprintf("%d of %d faults are done and kept; the same command goes on from there", i.Done, i.Of)
}

// bitmap is a set of fault numbers.
type bitmap struct {
	words      []uint64
	count, top int64 // members; the greatest one and 1
}

func (b *bitmap) has(n int64) bool {
	return n >= 0 && n/64 < int64(len(b.words)) && b.words[n/64]>>(n%64)&1 == 1
}

// mostFaults bounds the numbers of faults, for a journal that holds nonsense must not take all memory.
const mostFaults = 1 << 36

// mark adds a number; one that is there, or is not of the campaign, is a diag.Problem with the file.
func (b *bitmap) mark(file string, m *Meta, n int64) error {
	switch {
	case n < 0 || n >= mostFaults || m.Faults > 0 && n >= m.Faults:
		return damaged(file, fmt.Sprintf("it has fault %d, of %d", n, m.Faults))
	case !m.Shard.Has(n):
		return damaged(file, fmt.Sprintf("it has fault %d, which is not in shard %s", n, m.Shard))
	case b.has(n):
		return damaged(file, fmt.Sprintf("it has fault %d twice", n))
	}
	if grow := n/64 + 1 - int64(len(b.words)); grow > 0 {
		b.words = append(b.words, make([]uint64, grow)...)
	}
	b.words[n/64] |= 1 << (n % 64)
	b.count, b.top = b.count+1, max(b.top, n+1)
	return nil
}

// first is the least number of the shard below n that is not in the set; n where all are.
func (b *bitmap) first(s Shard, n int64) int64 {
	if s.whole() { // whole words at once
		for i, w := range b.words {
			if w != ^uint64(0) {
				return min(n, int64(64*i+bits.TrailingZeros64(^w)))
			}
		}
		return min(n, int64(64*len(b.words)))
	}
	for k := range s.Count(n) {
		if !b.has(s.Number(k)) {
			return s.Number(k)
		}
	}
	return n
}
