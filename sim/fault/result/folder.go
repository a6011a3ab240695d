package result

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"

	"rampart/internal/atomicfile"
)

// The files of a results folder. ResultsFile is its mark.
const (
	ResultsFile  = "results.parquet"
	CampaignFile = "campaign.yaml"
	SummaryFile  = "summary.json"
	TablesFile   = "summary.txt"
	HeatMapFile  = "heatmap"  // .png and .svg
	CriticalFile = "critical" // .txt and .png
)

// writeFolder writes a results folder from rows in order. It takes the place of an older one only when it is
// whole.
func writeFolder(ctx context.Context, dir string, meta Meta, rows source, report Report) error {
	report = report.withDefaults()
	return atomicfile.Folder(dir, ResultsFile, func(aside string) error {
		c := newCollector(meta, report)
		err := atomicfile.Write(filepath.Join(aside, ResultsFile), func(w io.Writer) error {
			return writeParquet(w, &meta, each(counted(ctx, rows, meta.Shard, meta.Shard.Count(meta.Faults)), c.add), groupRows)
		})
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		files, err := c.summary().files(meta.Campaign)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(aside, f.name), f.data, 0o666); err != nil {
				return err
			}
		}
		if report.More != nil {
			return report.More(aside)
		}
		return nil
	})
}

// each calls see for each row that passes.
func each(rows iter.Seq2[*Row, error], see func(*Row)) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		for r, err := range rows {
			if err == nil {
				see(r)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

type namedFile struct {
	name string
	data []byte
}

// files makes all files of a folder but the rows.
func (s *Summary) files(campaign string) ([]namedFile, error) {
	data, err := s.JSON()
	files := []namedFile{
		{CampaignFile, []byte(campaign)}, {SummaryFile, data}, {TablesFile, []byte(s.Text())}, {CriticalFile + ".txt", []byte(s.CriticalText())},
	}
	for _, p := range []struct {
		name string
		draw func(w io.Writer) error
	}{
		{HeatMapFile + ".png", func(w io.Writer) error { return s.Grid.Draw(w, "png") }},
		{HeatMapFile + ".svg", func(w io.Writer) error { return s.Grid.Draw(w, "svg") }},
		{CriticalFile + ".png", func(w io.Writer) error { return s.DrawCritical(w, "png") }},
	} {
		var b bytes.Buffer
		if derr := p.draw(&b); derr != nil {
			err = errors.Join(err, fmt.Errorf("draw %s: %w", p.name, derr))
		}
		files = append(files, namedFile{p.name, b.Bytes()})
	}
	return files, err
}
