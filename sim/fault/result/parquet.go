package result

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"github.com/parquet-go/parquet-go"

	"rampart/internal/diag"
	"rampart/internal/journal"
)

// groupRows is how many rows a row group has: what a reader or the writer holds in memory, some 50 MB.
const groupRows = 1 << 17

// columns is the schema of the file.
var columns = parquet.SchemaOf(Row{})

// writeParquet writes rows, which come in the order of their numbers, in groups of so many.
func writeParquet(w io.Writer, meta *Meta, rows iter.Seq2[*Row, error], group int64) error {
	sealed := &sealer{w: w}
	options := []parquet.WriterOption{
		columns, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(group),
		parquet.WriteBufferSize(0), // the sealer is to see the end of the rows
		parquet.CreatedBy("rampart", meta.Version, format),
	}
	for key, value := range meta.values() {
		options = append(options, parquet.KeyValueMetadata(key, value)) // the file has them sorted
	}
	out := parquet.NewGenericWriter[Row](sealed, options...)
	buffer := make([]Row, 0, batchRows)
	for r, err := range rows {
		if err != nil {
			return err
		}
		buffer = append(buffer, *r)
		if len(buffer) == cap(buffer) {
			if _, err := out.Write(buffer); err != nil {
				return fmt.Errorf("write rows: %w", err)
			}
			buffer = buffer[:0]
		}
	}
	if _, err := out.Write(buffer); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	out.SetKeyValueMetadata(sealKey, sealed.hold())
	if err := errors.Join(out.Close(), sealed.close()); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}

// File is the rows of a finished campaign or shard.
type File struct {
	Meta Meta
	path string
	file *os.File
	data *parquet.File
	rows int64
}

// Read opens the results of a campaign: a folder or its Parquet file. What is no such file, is of another
// version, or is damaged is a diag.Problem.
func Read(path string) (f *File, err error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, ResultsFile)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer func() {
		if err != nil {
			_ = file.Close() // nothing was written
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	if err := isParquet(path, file); err != nil {
		return nil, err
	}
	if err := verify(path, file, info.Size()); err != nil {
		return nil, err
	}
	f = &File{path: path, file: file}
	if err := f.guard(func() error { return f.open(info.Size()) }); err != nil {
		if errors.As(err, new(diag.Problem)) {
			return nil, err
		}
		return nil, damaged(path, err.Error())
	}
	return f, nil
}

// open reads the end of the file, which tells all but the rows.
func (f *File) open(size int64) (err error) {
	f.data, err = parquet.OpenFile(f.file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return err
	}
	if f.Meta, err = metaOf(f.path, f.data.Lookup); err != nil {
		return err
	}
	if f.data.Schema().String() != columns.String() {
		return damaged(f.path, "it has other columns")
	}
	f.rows = f.data.NumRows()
	if n := f.Meta.Shard.Count(f.Meta.Faults); f.rows != n {
		return damaged(f.path, fmt.Sprintf("it has %d rows of %d faults", f.rows, n))
	}
	return nil
}

// isParquet looks at how a file begins.
func isParquet(path string, r io.ReaderAt) error {
	start := make([]byte, 32)
	n, err := r.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return unreadable(path, err)
	}
	switch start = start[:n]; {
	case journal.Is(start):
		return diag.Problem{File: path, What: "is the journal of a campaign that is not finished", Remedy: "finish it with its own command"}
	case n < 4 || string(start[:4]) != "PAR1":
		return diag.Problem{File: path, What: "is no Parquet file", Remedy: "give a folder or a file that a campaign wrote"}
	}
	return nil
}

func unreadable(path string, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return diag.Problem{File: path, What: "there is no such file", Remedy: "give a folder or a file that a campaign wrote"}
	}
	return diag.Problem{File: path, What: "it cannot be read: " + err.Error(), Remedy: "give a folder or a file that a campaign wrote"}
}

// guard runs a step of the Parquet reader, which panics over some damaged files.
func (f *File) guard(step func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return step()
}

// Len is the number of rows.
func (f *File) Len() int64 { return f.rows }

// Rows gives the rows in the order of their numbers. A row holds until the next. Damage ends them with a
// diag.Problem.
func (f *File) Rows() iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		s := f.source()
		for {
			r, err := s.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Close ends reading.
func (f *File) Close() error { return f.file.Close() }

// fileRows is the source of a file's rows.
type fileRows struct {
	*File
	reader *parquet.GenericReader[Row]
	buffer []Row
	at     int
	given  int64 // rows so far
}

func (f *File) source() *fileRows {
	return &fileRows{File: f, buffer: make([]Row, 0, batchRows)}
}

func (s *fileRows) next() (*Row, error) {
	if s.given == s.Len() {
		return nil, io.EOF
	}
	if s.at == len(s.buffer) {
		if err := s.fill(); err != nil {
			return nil, damaged(s.path, "its rows cannot be read: "+err.Error())
		}
	}
	r, want := &s.buffer[s.at], s.Meta.Shard.Number(s.given)
	if r.Number != want || !r.Outcome.valid() {
		return nil, damaged(s.path, fmt.Sprintf("fault %d, %s, is where %d should be", r.Number, r.Outcome, want))
	}
	s.at++
	s.given++
	return r, nil
}

// fill reads some rows.
func (s *fileRows) fill() error {
	return s.guard(func() error {
		if s.reader == nil {
			s.reader = parquet.NewGenericReader[Row](s.data)
		}
		s.buffer, s.at = s.buffer[:cap(s.buffer)], 0
		clear(s.buffer) // the reader would write through pointers of rows that were given away
		n, err := s.reader.Read(s.buffer)
		s.buffer = s.buffer[:n]
		switch {
		case n > 0:
			return nil
		case err == nil || errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		}
		return err
	})
}
