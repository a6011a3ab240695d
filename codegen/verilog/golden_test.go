package verilog

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/ir/rtl"
)

var updateGoldens = flag.Bool("update", false, "rewrite the golden files")

// goldens are archives of one design in rtl's text form, design.rtl, and every file that Emit makes of it.
func goldens(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

func readDesign(t *testing.T, path string) (*rtl.Design, *txtar.Archive) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	require.NoError(t, err)
	require.NotEmpty(t, archive.Files)
	require.Equal(t, "design.rtl", archive.Files[0].Name)
	d, err := rtl.Parse(path, bytes.NewReader(archive.Files[0].Data))
	require.NoError(t, err)
	return d, archive
}

func TestGolden(t *testing.T) {
	for _, path := range goldens(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			d, archive := readDesign(t, path)
			files, err := Emit(d)
			require.NoError(t, err)
			got := &txtar.Archive{Comment: archive.Comment, Files: archive.Files[:1]}
			for _, f := range files {
				got.Files = append(got.Files, txtar.File{Name: f.Name, Data: f.Data})
			}
			if *updateGoldens {
				require.NoError(t, os.WriteFile(path, txtar.Format(got), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(want), string(txtar.Format(got)), "run the test with -update where the change is meant")
		})
	}
}
