// Package journal keeps finished pieces of long work in a file, so that the work goes on after it was
// interrupted or killed. In: records, which are any bytes, appended one by one, and a header that tells
// one work from another. Out: the records in their order, when the file is opened again. It knows nothing
// of what is in them.
//
// The file is append-only: a line that names the format, then frames of a record each, the first of which
// is the header. A frame has the record's length and a checksum (CRC-32C of both) before it, so that what a
// killed process wrote in part is known and dropped. What was appended outlives the process; what a power
// cut leaves is up to the system, and anything beyond the first damaged frame is dropped then.
package journal

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"rampart/internal/diag"
)

// magic is the first line of a journal; another version of the format has another number.
const magic = "rampart journal 1\n"

// Journal is an open journal. It is not safe for use by several goroutines at once.
type Journal struct {
	path    string
	file    file
	size    int64 // of what is sound
	start   int64 // of the first record
	records int
	dropped int64
	broken  error // a damaged tail could not be cut off
}

// file is what a journal needs of an *os.File.
type file interface {
	io.ReaderAt
	io.Writer
	Truncate(size int64) error
	Close() error
}

// Foreign is a journal of other work: its header is not the one that was asked for.
type Foreign struct {
	Path   string
	Header []byte
}

func (f Foreign) Error() string { return f.Path + ": the journal is of other work" }

// Open opens the journal at path, or makes it, missing folders included, and gives each of its records to
// each, in their order; a record may not be kept. An error of each ends it and comes back as it is. While
// the journal is open no other process can open it.
//
// A journal with another header is Foreign, unless it has no records; then it is begun anew. A file that is
// no journal, a disk that is full and the like are a diag.Problem.
func Open(path string, header []byte, each func(record []byte) error) (j *Journal, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, problem(path, err)
	}
	f, err := openLocked(path)
	if err != nil {
		return nil, problem(path, err)
	}
	defer func() {
		if err != nil {
			_ = f.Close() // the first error is the one to report
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, problem(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, foreignFile(path)
	}
	j = &Journal{path: path, file: f}
	found, err := j.scan(info.Size(), each, func(found []byte) bool { return bytes.Equal(found, header) })
	if err != nil {
		return nil, err
	}
	if found != nil && bytes.Equal(found, header) {
		j.dropped = info.Size() - j.size
		return j, problem(path, j.cut())
	}
	if j.records > 0 {
		return nil, Foreign{path, found}
	}
	j.size = 0
	if err := j.cut(); err != nil {
		return nil, problem(path, err)
	}
	if err := j.write(append([]byte(magic), frame(header)...)); err != nil {
		return nil, err
	}
	j.start = j.size
	return j, nil
}

// errLocked is what lock says of a file that another process has.
var errLocked = errors.New("locked")

// openLocked opens or makes a file that no other process has.
func openLocked(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o666)
		if err != nil {
			return nil, err
		}
		if err := lock(f); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		mine, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if there, err := os.Stat(path); err == nil && os.SameFile(mine, there) {
			return f, nil
		}
		_ = f.Close() // another process took the file away in between, and this one has no name any more
	}
}

// Read gives the header and each record of a journal that may be in use, without changing it.
func Read(path string, each func(record []byte) error) (header []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, problem(path, err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	info, err := f.Stat()
	if err != nil {
		return nil, problem(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, foreignFile(path)
	}
	j := &Journal{path: path, file: f}
	header, err = j.scan(info.Size(), each, func([]byte) bool { return true })
	if err == nil && header == nil {
		return nil, diag.Problem{File: path, What: "the journal was cut off at its beginning", Remedy: "nothing in it can be kept; remove it"}
	}
	return header, err
}

// Is tells whether data begins as a journal of some version does.
func Is(data []byte) bool { return bytes.HasPrefix(data, []byte(magic[:len("rampart journal ")])) }

// scan reads a file of so many bytes up to the first frame that is not whole, and notes where that is and
// how many records there are. The header is nil where there is none; records go to each where wanted says
// that the header is the right one.
func (j *Journal) scan(size int64, each func([]byte) error, wanted func(header []byte) bool) (header []byte, err error) {
	r := bufio.NewReaderSize(io.NewSectionReader(j.file, 0, size), 1<<16)
	first := make([]byte, len(magic))
	n, err := io.ReadFull(r, first)
	switch {
	case err == nil && string(first) == magic:
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		if magic[:n] != string(first[:n]) {
			return nil, foreignFile(j.path)
		}
		return nil, nil // killed while it was made
	case err != nil:
		return nil, problem(j.path, err)
	case Is(first):
		return nil, diag.Problem{File: j.path, What: fmt.Sprintf("another version of rampart wrote it (%q)", bytes.TrimSpace(first)), Remedy: "finish that work with that version, or remove the file to start afresh"}
	default:
		return nil, foreignFile(j.path)
	}
	s := NewScanner(r, size-int64(n))
	if !s.Scan() {
		return nil, problem(j.path, s.Err())
	}
	header = bytes.Clone(s.Record())
	j.start = int64(n) + s.Size()
	use := wanted(header)
	for s.Scan() {
		j.records++
		if !use {
			continue
		}
		if err := each(s.Record()); err != nil {
			return nil, err
		}
	}
	j.size = int64(n) + s.Size()
	return header, problem(j.path, s.Err())
}

// Append keeps a record, which is not empty. When it fails, because the disk is full or so, what was kept
// before is as it was, and Append may be tried again.
func (j *Journal) Append(record []byte) error {
	if j.broken != nil {
		return problem(j.path, j.broken)
	}
	if len(record) == 0 {
		panic("BUG: journal: an empty record")
	}
	if err := j.write(frame(record)); err != nil {
		return err
	}
	j.records++
	return nil
}

// write appends in one piece, or takes back what it wrote.
func (j *Journal) write(data []byte) error {
	if _, err := j.file.Write(data); err != nil {
		if cerr := j.cut(); cerr != nil {
			j.broken = err
		}
		return problem(j.path, err)
	}
	j.size += int64(len(data))
	return nil
}

// cut takes away what lies beyond the sound part.
func (j *Journal) cut() error { return j.file.Truncate(j.size) }

// Dropped is how many bytes of a damaged end Open took away.
func (j *Journal) Dropped() int64 { return j.dropped }

// Each gives all records again, from the first.
func (j *Journal) Each(each func(record []byte) error) error {
	s := NewScanner(io.NewSectionReader(j.file, j.start, j.size-j.start), j.size-j.start)
	for s.Scan() {
		if err := each(s.Record()); err != nil {
			return err
		}
	}
	if s.Err() == nil && s.Size() != j.size-j.start {
		return diag.Problem{File: j.path, What: fmt.Sprintf("the file was changed or damaged while in use, at byte %d", j.start+s.Size()), Remedy: "the same command goes on with what is before it"}
	}
	return problem(j.path, s.Err())
}

// Close ends writing. A journal without records is taken away.
func (j *Journal) Close() error {
	var err error
	if j.records == 0 {
		err = remove(j.path)
	}
	return problem(j.path, errors.Join(err, j.file.Close()))
}

// Remove closes the journal and takes it away, when all of it is where it belongs.
func (j *Journal) Remove() error {
	return problem(j.path, errors.Join(remove(j.path), j.file.Close())) // in this order, while it is locked
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func foreignFile(path string) error {
	return diag.Problem{File: path, What: "is no journal of rampart's, and finished work would be kept here", Remedy: "move it away, or write elsewhere"}
}

// problem says what the system had against a journal at path; nil stays nil.
func problem(path string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, errLocked) {
		return diag.Problem{File: path, What: "another run is at work on it", Remedy: "wait for its end, or write elsewhere"}
	}
	if errors.As(err, new(diag.Problem)) {
		return err
	}
	why := err
	var pe *fs.PathError
	if errors.As(err, &pe) {
		why = pe.Err
	}
	p := diag.Problem{File: path, What: fmt.Sprintf("finished work cannot be kept here: %v", why), Remedy: "write elsewhere"}
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		p.What = "the disk is full; what was finished before is kept"
		p.Remedy = "free some space and give the same command again"
	case errors.Is(err, fs.ErrNotExist):
		p.What, p.Remedy = "there is no such file", "check the path"
	}
	return p
}
