package result

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"rampart/internal/atomicfile"
	"rampart/internal/diag"
	"rampart/internal/journal"
)

// Merge writes the folder of a campaign from those of all its shards, in any order: folders, Parquet files,
// or the journals of shards that have all rows and no folder yet. It is what the whole campaign in one run
// would have written. A shard that is missing, given twice, not finished or of another campaign is
// refused, and nothing is written.
func Merge(ctx context.Context, out string, report Report, shards ...string) (err error) {
	if len(shards) == 0 {
		return diag.Problem{What: "there is nothing to merge", Remedy: "give the results of every shard"}
	}
	if err := atomicfile.Check(out, ResultsFile); err != nil {
		return err
	}
	var parts []*part
	defer func() {
		for _, p := range parts {
			err = errors.Join(err, p.close())
		}
	}()
	for _, path := range shards {
		p, err := openPart(path, filepath.Dir(filepath.Clean(out)))
		if err != nil {
			return err
		}
		parts = append(parts, p)
	}
	meta, err := together(parts)
	if err != nil {
		return err
	}
	m := &merger{}
	for _, p := range parts {
		s, err := p.rows()
		if err != nil {
			return err
		}
		if err := m.add(s, p.path); err != nil {
			return err
		}
	}
	return writeFolder(ctx, out, meta, m, report)
}

// together checks that shards are one campaign's, and all of them.
func together(parts []*part) (Meta, error) {
	whole := parts[0].meta
	of := max(1, whole.Shard.Of)
	whole.Shard = Shard{}
	seen := make([]string, of)
	var problems diag.Problems
	for _, p := range parts {
		meta := p.meta
		meta.Shard = Shard{}
		if d := whole.differences(&meta); len(d) > 0 {
			problems.Add(diag.Problem{File: p.path, What: fmt.Sprintf("is of another campaign than %s: %s", parts[0].path, strings.Join(d, "; ")), Remedy: "merge the shards of one campaign"})
			continue
		}
		s := p.meta.Shard
		if max(1, s.Of) != of {
			problems.Add(diag.Problem{File: p.path, What: fmt.Sprintf("is shard %s, and %s is shard %s", s, parts[0].path, parts[0].meta.Shard), Remedy: "merge the shards of one campaign"})
			continue
		}
		if other := seen[s.Index]; other != "" {
			problems.Add(diag.Problem{File: p.path, What: fmt.Sprintf("is shard %s, and so is %s", s, other), Remedy: "give each shard once"})
			continue
		}
		seen[s.Index] = p.path
	}
	if len(problems) > 0 {
		return whole, problems.Err()
	}
	var missing []string
	for i, path := range seen {
		if path == "" {
			missing = append(missing, Shard{int64(i), of}.String())
		}
	}
	if len(missing) > 0 {
		shown := missing[:min(5, len(missing))]
		what := "shard " + strings.Join(shown, ", ")
		if len(shown) < len(missing) {
			what += fmt.Sprintf(" and %d more", len(missing)-len(shown))
		}
		return whole, diag.Problem{What: what + " of the campaign is missing", Remedy: "give the results of every shard"}
	}
	return whole, nil
}

// part is a shard to be merged: a Parquet file or a journal.
type part struct {
	path string
	meta Meta
	dir  string // for sorting
	file *File  // nil for a journal
	sort *sorter
}

func openPart(path, dir string) (*part, error) {
	journaled, err := isJournal(path)
	if err != nil {
		return nil, err
	}
	if journaled == "" {
		f, err := Read(path)
		if err != nil {
			return nil, err
		}
		return &part{path: f.path, meta: f.Meta, file: f}, nil
	}
	p := &part{path: journaled, dir: dir}
	header, err := journal.Read(journaled, func([]byte) error { return nil })
	if err != nil {
		return nil, err
	}
	p.meta, err = metaOfHeader(journaled, header)
	return p, err
}

// isJournal gives the journal that a path stands for: itself, or that of a folder that is not written yet.
func isJournal(path string) (string, error) {
	if info, err := os.Stat(filepath.Join(path, ResultsFile)); err == nil && info.Mode().IsRegular() {
		return "", nil
	}
	beside, err := JournalPath(path)
	if err != nil {
		return "", err
	}
	for _, candidate := range []string{path, beside} {
		start := make([]byte, 32)
		f, err := os.Open(candidate)
		if err != nil {
			continue // what is wrong with it is told by Read
		}
		n, _ := io.ReadFull(f, start)
		_ = f.Close()
		if journal.Is(start[:n]) {
			return candidate, nil
		}
	}
	return "", nil
}

// rows gives the part's rows in order; those of a journal must all be there.
func (p *part) rows() (source, error) {
	if p.file != nil {
		return p.file.source(), nil
	}
	var done bitmap
	p.sort = newSorter(newCodec(), p.dir, runRows)
	_, err := journal.Read(p.path, eachRow(p.path, p.sort.codec, func(r *Row) error {
		if err := done.mark(p.path, &p.meta, r.Number); err != nil {
			return err
		}
		return p.sort.add(r)
	}))
	if err != nil {
		return nil, err
	}
	faults := p.meta.Faults
	if faults == 0 {
		return nil, diag.Problem{File: p.path, What: "its campaign is not finished, and has no number of faults", Remedy: "finish it with its own command"}
	}
	if of := p.meta.Shard.Count(faults); done.count < of {
		return nil, diag.Problem{
			File: p.path, What: fmt.Sprintf("has %d of %d faults; fault %d is the first that is missing", done.count, of, done.first(p.meta.Shard, faults)),
			Remedy: "finish that shard with its own command",
		}
	}
	return p.sort.sorted()
}

func (p *part) close() error {
	if p.file != nil {
		return p.file.Close()
	}
	if p.sort == nil {
		return nil
	}
	p.sort.codec.close()
	return p.sort.close()
}

// counted gives a source's rows one by one, and checks that they are a campaign's, without gap or overlap.
func counted(ctx context.Context, s source, shard Shard, n int64) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		for k := range n {
			r, err := s.next()
			want := shard.Number(k)
			switch {
			case errors.Is(err, io.EOF):
				err = fmt.Errorf("BUG: result: fault %d is missing", want)
			case err == nil && r.Number != want:
				err = fmt.Errorf("BUG: result: fault %d comes where %d should", r.Number, want)
			case err == nil && k%batchRows == 0:
				err = ctx.Err()
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
