package result

import (
	"bufio"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"rampart/internal/atomicfile"
	"rampart/internal/journal"
)

// source gives rows in the order of their numbers, io.EOF after the last. A row holds until the next call.
type source interface{ next() (*Row, error) }

// runRows is how many rows a sorter holds in memory: some 80 MB.
const runRows = 1 << 17

// sorter puts rows into the order of their numbers in bounded memory: runs of sorted rows go to a file, and
// are then merged.
type sorter struct {
	codec *codec
	dir   string // for the file
	limit int    // rows of a run
	rows  []Row
	file  *os.File // its name is removed at once, so that nothing is left whatever happens
	runs  []extent
	size  int64
}

// extent is where a run lies in the file.
type extent struct{ from, size int64 }

func newSorter(c *codec, dir string, limit int) *sorter {
	return &sorter{codec: c, dir: dir, limit: limit}
}

func (s *sorter) add(r *Row) error {
	if len(s.rows) == s.limit {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.rows = append(s.rows, *r)
	return nil
}

// sorted ends adding.
func (s *sorter) sorted() (source, error) {
	last := &memory{byNumber(s.rows)}
	if len(s.runs) == 0 {
		return last, nil
	}
	m := &merger{}
	for _, run := range s.runs {
		r := bufio.NewReaderSize(io.NewSectionReader(s.file, run.from, run.size), 1<<16)
		if err := m.add(&spilled{codec: s.codec, scanner: journal.NewScanner(r, run.size), size: run.size}, s.file.Name()); err != nil {
			return nil, err
		}
	}
	return m, m.add(last, "")
}

// spill writes a run to the file.
func (s *sorter) spill() (err error) {
	if s.file == nil {
		if s.file, err = os.CreateTemp(s.dir, ".rampart-sort-"); err != nil {
			return atomicfile.Problem(s.dir, err)
		}
		if err := os.Remove(s.file.Name()); err != nil {
			return atomicfile.Problem(s.dir, err)
		}
	}
	from := s.size
	w := bufio.NewWriterSize(s.file, 1<<16)
	var frame []byte
	for batch := range slices.Chunk(byNumber(s.rows), batchRows) {
		frame = journal.AppendFrame(frame[:0], s.codec.encode(batch))
		if _, err := w.Write(frame); err != nil {
			return atomicfile.Problem(s.dir, err)
		}
		s.size += int64(len(frame))
	}
	if err := w.Flush(); err != nil {
		return atomicfile.Problem(s.dir, err)
	}
	s.runs = append(s.runs, extent{from, s.size - from})
	s.rows = s.rows[:0]
	return nil
}

func (s *sorter) close() error {
	s.rows = nil
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	return err
}

// byNumber lists rows in the order of their numbers. The rows themselves are large, and stay.
func byNumber(rows []Row) []*Row {
	order := make([]*Row, len(rows))
	for i := range rows {
		order[i] = &rows[i]
	}
	slices.SortFunc(order, func(a, b *Row) int { return cmp.Compare(a.Number, b.Number) })
	return order
}

// memory is a source of rows that are there.
type memory struct{ rows []*Row }

func (m *memory) next() (*Row, error) {
	if len(m.rows) == 0 {
		return nil, io.EOF
	}
	r := m.rows[0]
	m.rows = m.rows[1:]
	return r, nil
}

// spilled is a source that reads a run, a batch at a time.
type spilled struct {
	codec   *codec
	scanner *journal.Scanner
	size    int64
	rows    []Row
	at      int
}

func (s *spilled) next() (*Row, error) {
	if s.at == len(s.rows) {
		if !s.scanner.Scan() {
			if err := s.scanner.Err(); err != nil {
				return nil, err
			}
			if s.scanner.Size() != s.size {
				return nil, errors.New("the file for sorting was damaged while in use")
			}
			return nil, io.EOF
		}
		rows, err := s.codec.decode(s.scanner.Record(), s.rows[:0])
		if err != nil {
			return nil, err
		}
		s.rows, s.at = rows, 0
	}
	s.at++
	return &s.rows[s.at-1], nil
}

// merger is a source of the rows of others.
type merger struct {
	heads []head
	given bool // heads[0].row was given away
}

// head is a source and its next row.
type head struct {
	row  *Row
	from source
	name string // for messages
}

// add takes a source; none after the first next.
func (m *merger) add(s source, name string) error {
	r, err := s.next()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	heap.Push(m, head{r, s, name})
	return nil
}

func (m *merger) next() (*Row, error) {
	if m.given {
		h := &m.heads[0]
		was := h.row.Number
		r, err := h.from.next()
		switch {
		case errors.Is(err, io.EOF):
			heap.Pop(m)
		case err != nil:
			return nil, err
		case r.Number <= was:
			return nil, fmt.Errorf("BUG: result: %s: row %d after row %d", h.name, r.Number, was)
		default:
			h.row = r
			heap.Fix(m, 0)
		}
	}
	if len(m.heads) == 0 {
		return nil, io.EOF
	}
	m.given = true
	return m.heads[0].row, nil
}

// The methods of heap.Interface.

func (m *merger) Len() int           { return len(m.heads) }
func (m *merger) Less(i, j int) bool { return m.heads[i].row.Number < m.heads[j].row.Number }
func (m *merger) Swap(i, j int)      { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }
func (m *merger) Push(x any)         { m.heads = append(m.heads, x.(head)) }
func (m *merger) Pop() any {
	last := m.heads[len(m.heads)-1]
	m.heads = m.heads[:len(m.heads)-1]
	return last
}
