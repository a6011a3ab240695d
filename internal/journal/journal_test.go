package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/diag"
)

// open opens a journal and gives what is in it.
func open(t *testing.T, path, header string) (*Journal, []string) {
	t.Helper()
	var records []string
	j, err := Open(path, []byte(header), func(r []byte) error {
		records = append(records, string(r))
		return nil
	})
	require.NoError(t, err)
	return j, records
}

// kept makes a journal of records and closes it.
func kept(t *testing.T, path, header string, records ...string) {
	t.Helper()
	j, _ := open(t, path, header)
	for _, r := range records {
		require.NoError(t, j.Append([]byte(r)))
	}
	require.NoError(t, j.Close())
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}

func requireProblem(t *testing.T, err error, says ...string) {
	t.Helper()
	var p diag.Problem
	require.ErrorAs(t, err, &p)
	assert.NotEmpty(t, p.File)
	assert.NotEmpty(t, p.Remedy)
	for _, s := range says {
		assert.ErrorContains(t, err, s)
	}
	assert.NotContains(t, err.Error(), "\n")
}

func none([]byte) error { return errors.New("a record was given") }

func TestGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "a.journal")
	var want []string
	for round := range 4 {
		j, got := open(t, path, "work")
		require.Equal(t, want, got)
		assert.Zero(t, j.Dropped())
		for i := range 3 {
			want = append(want, fmt.Sprintf("%d.%d %s", round, i, bytes.Repeat([]byte{byte(i)}, 1000*i*i)))
			require.NoError(t, j.Append([]byte(want[len(want)-1])))
		}
		var again []string
		require.NoError(t, j.Each(func(r []byte) error { again = append(again, string(r)); return nil }))
		assert.Equal(t, want, again)
		require.NoError(t, j.Close())
	}
	var read []string
	header, err := Read(path, func(r []byte) error { read = append(read, string(r)); return nil })
	require.NoError(t, err)
	assert.Equal(t, "work", string(header))
	assert.Equal(t, want, read)

	j, _ := open(t, path, "work")
	require.NoError(t, j.Remove())
	assert.NoFileExists(t, path)
	j, got := open(t, path, "work")
	assert.Empty(t, got)
	require.NoError(t, j.Close())
	assert.NoFileExists(t, path, "nothing is kept, nothing is left")
}

// Cut anywhere, the file keeps the records that are whole, and goes on after them.
func TestTornAnywhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	records := []string{"first", "second, longer", "3"}
	kept(t, path, "work", records...)
	whole := content(t, path)
	ends := []int{len(magic) + frameHead + len("work")}
	for _, r := range records {
		ends = append(ends, ends[len(ends)-1]+frameHead+len(r))
	}
	require.Equal(t, len(whole), ends[3])
	for size := range len(whole) + 1 {
		require.NoError(t, os.WriteFile(path, whole[:size], 0o666))
		want := 0
		for want < 3 && size >= ends[want+1] {
			want++
		}
		j, got := open(t, path, "work")
		require.Equal(t, append([]string(nil), records[:want]...), got, "%d bytes", size)
		if size > ends[0] {
			assert.EqualValues(t, size-ends[want], j.Dropped())
		}
		require.NoError(t, j.Append([]byte("more")))
		require.NoError(t, j.Close())
		j, got = open(t, path, "work")
		require.Equal(t, append(append([]string(nil), records[:want]...), "more"), got)
		require.NoError(t, j.Close())
	}
}

// Any byte that is wrong ends the journal before its record; none makes a record that was not written.
func TestEveryByteCounts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	records := []string{"first", "second", "third"}
	kept(t, path, "work", records...)
	whole := content(t, path)
	for at := range whole {
		for bit := range 8 {
			data := bytes.Clone(whole)
			data[at] ^= 1 << bit
			require.NoError(t, os.WriteFile(path, data, 0o666))
			var got []string
			j, err := Open(path, []byte("work"), func(r []byte) error { got = append(got, string(r)); return nil })
			if at < len(magic) {
				requireProblem(t, err)
				continue
			}
			require.NoError(t, err, "byte %d", at)
			assert.Less(t, len(got), 3)
			assert.Equal(t, append([]string(nil), records[:len(got)]...), got)
			require.NoError(t, j.Close())
		}
	}
}

func TestZeroesAreNoRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	kept(t, path, "work", "one")
	require.NoError(t, os.WriteFile(path, append(content(t, path), make([]byte, 100)...), 0o666))
	j, got := open(t, path, "work")
	assert.Equal(t, []string{"one"}, got)
	assert.EqualValues(t, 100, j.Dropped())
	require.NoError(t, j.Close())
}

func TestOtherWork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	kept(t, path, "work", "one")
	before := content(t, path)
	_, err := Open(path, []byte("other"), none)
	var f Foreign
	require.ErrorAs(t, err, &f)
	assert.Equal(t, "work", string(f.Header))
	assert.ErrorContains(t, err, path)
	assert.Equal(t, before, content(t, path))

	// Without records there is nothing to lose.
	require.NoError(t, os.WriteFile(path, before[:len(before)-1], 0o666))
	j, got := open(t, path, "other")
	assert.Empty(t, got)
	require.NoError(t, j.Append([]byte("x")))
	require.NoError(t, j.Close())
	j, got = open(t, path, "other")
	assert.Equal(t, []string{"x"}, got)
	require.NoError(t, j.Close())
}

func TestRefuses(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "notes.txt")
	newer := filepath.Join(dir, "newer")
	short := filepath.Join(dir, "short")
	require.NoError(t, os.WriteFile(plain, []byte("what somebody wrote, and is longer than the magic"), 0o666))
	require.NoError(t, os.WriteFile(newer, []byte("rampart journal 9\nwho knows"), 0o666))
	require.NoError(t, os.WriteFile(short, []byte("x"), 0o666))
	for path, says := range map[string]string{
		plain: "is no journal", short: "is no journal", newer: "another version of rampart", dir: "cannot be kept here",
		filepath.Join(plain, "x"): "cannot be kept here",
	} {
		_, err := Open(path, []byte("h"), none)
		requireProblem(t, err, path, says)
	}
	assert.Equal(t, "x", string(content(t, short)), "a file that is not ours is not touched")
	_, err := Read(filepath.Join(dir, "nowhere"), none)
	requireProblem(t, err, "there is no such file")
	_, err = Read(dir, none)
	requireProblem(t, err, "is no journal")
	require.NoError(t, os.WriteFile(short, []byte(magic[:7]), 0o666))
	_, err = Read(short, none)
	requireProblem(t, err, "cut off at its beginning")
	assert.True(t, Is(content(t, newer)))
	assert.False(t, Is(content(t, plain)))
}

func TestOneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	j, _ := open(t, path, "work")
	require.NoError(t, j.Append([]byte("one")))
	_, err := Open(path, []byte("work"), none)
	requireProblem(t, err, "another run is at work")
	_, err = Read(path, func(r []byte) error { assert.Equal(t, "one", string(r)); return nil })
	assert.NoError(t, err, "reading does not disturb it")
	require.NoError(t, j.Close())
	j, _ = open(t, path, "work")
	require.NoError(t, j.Close())
}

func TestErrorsOfTheReaderOfRecords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	kept(t, path, "work", "one")
	boom := errors.New("boom")
	_, err := Open(path, []byte("work"), func([]byte) error { return boom })
	assert.Equal(t, boom, err)
	j, _ := open(t, path, "work")
	assert.Equal(t, boom, j.Each(func([]byte) error { return boom }))
	require.NoError(t, os.Truncate(path, int64(len(content(t, path))-1)))
	requireProblem(t, j.Each(func([]byte) error { return nil }), "changed or damaged")
	require.NoError(t, j.Close())
}

// limited is a disk with so much room.
type limited struct {
	*os.File
	room     *int
	stubborn bool // and a Truncate that fails
}

func (l limited) Write(b []byte) (int, error) {
	n := min(len(b), *l.room)
	*l.room -= n
	wrote, err := l.File.Write(b[:n])
	if err == nil && n < len(b) {
		err = &os.PathError{Op: "write", Path: l.Name(), Err: syscall.ENOSPC}
	}
	return wrote, err
}

func (l limited) Truncate(size int64) error {
	if l.stubborn {
		return syscall.EIO
	}
	return l.File.Truncate(size)
}

func TestDiskFull(t *testing.T) {
	for _, stubborn := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "a")
		j, _ := open(t, path, "work")
		room := 50
		j.file = limited{j.file.(*os.File), &room, stubborn}
		require.NoError(t, j.Append(make([]byte, 30)))
		err := j.Append(make([]byte, 30)) // in part
		requireProblem(t, err, path, "disk is full", "is kept", "free some space")
		room = 1000
		err = j.Append(bytes.Repeat([]byte{7}, 30))
		if stubborn {
			requireProblem(t, err, "disk is full") // what is behind a torn frame would be lost
		} else {
			require.NoError(t, err)
		}
		require.NoError(t, j.Close())
		_, got := open(t, path, "work")
		if stubborn {
			assert.Equal(t, []string{string(make([]byte, 30))}, got)
		} else {
			assert.Equal(t, []string{string(make([]byte, 30)), string(bytes.Repeat([]byte{7}, 30))}, got)
		}
	}
}

func TestDeviceThatIsFull(t *testing.T) {
	_, err := Open("/dev/full", []byte("work"), none)
	requireProblem(t, err, "is no journal")
}

// Whatever a file holds, opening it gives an error or records that a second opening gives again.
func FuzzOpen(f *testing.F) {
	whole := append([]byte(magic), frame([]byte("work"))...)
	whole = AppendFrame(AppendFrame(whole, []byte("one")), []byte("two"))
	for _, size := range []int{0, 5, len(magic), len(magic) + 3, len(whole) - 1, len(whole)} {
		f.Add(whole[:size])
	}
	f.Add(append(bytes.Clone(whole), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0))
	path := filepath.Join(f.TempDir(), "a")
	f.Fuzz(func(t *testing.T, data []byte) {
		require.NoError(t, os.WriteFile(path, data, 0o666))
		read := func() (records []string, err error) {
			j, err := Open(path, []byte("work"), func(r []byte) error { records = append(records, string(r)); return nil })
			if err != nil {
				return nil, err
			}
			return records, j.Close()
		}
		first, err := read()
		if err != nil {
			assert.Equal(t, data, content(t, path), "what is refused is not touched")
			return
		}
		for _, r := range first {
			require.Contains(t, string(data), r)
		}
		again, err := read()
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}
