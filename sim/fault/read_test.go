package fault

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write the golden files anew")

const campaigns = "../../testdata/campaigns"

// The campaigns of the golden files, printed in normal form, or all that is wrong with them.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		require.NoError(t, err)
		var out []txtar.File
		for _, f := range a.Files {
			if !strings.HasSuffix(f.Name, ".yaml") {
				continue
			}
			got := ""
			c, err := Read(f.Name, f.Data)
			if err != nil {
				got = err.Error() + "\n"
			} else {
				got = string(Print(c))
				again, err := Read(f.Name, Print(c))
				require.NoError(t, err, f.Name)
				assert.Equal(t, got, string(Print(again)), f.Name)
			}
			out = append(out, f, txtar.File{Name: strings.TrimSuffix(f.Name, ".yaml") + ".out", Data: []byte(got)})
		}
		text := txtar.Format(&txtar.Archive{Comment: a.Comment, Files: out})
		if *update {
			require.NoError(t, os.WriteFile(file, text, 0o644))
			continue
		}
		assert.Equal(t, string(txtar.Format(a)), string(text), file)
	}
}

// The campaigns that come with rampart are read, printed, and fit the embedded network.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(campaigns, "*.yaml"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 8)
	s := loaded(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		c, err := Read(file, text)
		require.NoError(t, err)
		again, err := Read(file, Print(c))
		require.NoError(t, err, "%s", Print(c))
		assert.True(t, c.Equal(again), file)
		p := s.population(c)
		d, err := Resolve(c, p, s.run)
		require.NoError(t, err, file)
		assert.Positive(t, d.Len(), file)
		n := 0
		for _, f := range d.Faults(0, max(1, d.Len()/500)) {
			require.NoError(t, p.Check(f), file)
			back, err := Parse(f.String())
			require.NoError(t, err)
			require.Equal(t, f.String(), back.String())
			n++
		}
		assert.Positive(t, n)
		t.Logf("%s: %d strata, %d faults, the first %s", filepath.Base(file), len(d.Strata), d.Len(), d.At(0))
	}
}

func TestListsFromFiles(t *testing.T) {
	dir := t.TempDir()
	campaign := filepath.Join(dir, "c.yaml")
	list := filepath.Join(dir, "faults.txt")
	text := []byte("name: x\nspace: hardware\nplan: {list: {file: faults.txt}}\n")
	_, err := Read(campaign, text)
	assert.ErrorContains(t, err, "c.yaml: line 3, column 21: plan.list.file: it cannot be read: no such file")

	require.NoError(t, os.WriteFile(list, []byte("# faults\n\n  enc_1_0.weights[1].2@0 # the first\nenc_1_0.weights[1].3@0\n"), 0o644))
	c, err := Read(campaign, text)
	require.NoError(t, err)
	assert.Equal(t, []string{"enc_1_0.weights[1].2@0", "enc_1_0.weights[1].3@0"}, c.Plan.Faults)
	s := loaded(t)
	d, err := Resolve(c, s.population(c), s.run)
	require.NoError(t, err)
	assert.EqualValues(t, 2, d.Len())

	printed := Print(c)
	_, err = Read(campaign, printed)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(list, []byte("enc_1_0.weights[1].2\nenc_1_0.weights[1].2@x\n"), 0o644))
	_, err = Read(campaign, printed)
	assert.ErrorContains(t, err, "is not the file that was meant")
	assert.ErrorContains(t, err, `faults.txt: line 2: fault "enc_1_0.weights[1].2@x"`)
	c, err = Read(campaign, []byte("name: x\nspace: hardware\nplan: {list: [enc_1_0.weights[1].2]}\n"))
	require.Error(t, err)
	assert.Nil(t, c)
}

func FuzzRead(f *testing.F) {
	for _, pattern := range []string{campaigns + "/*.yaml", "testdata/*.txtar"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			if strings.HasSuffix(file, ".yaml") {
				f.Add(string(text))
				continue
			}
			for _, part := range txtar.Parse(text).Files {
				f.Add(string(part.Data))
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file") {
			return // which would read files
		}
		c, err := Read("c.yaml", []byte(text))
		if err != nil {
			return
		}
		again, err := Read("c.yaml", Print(c))
		if err != nil {
			t.Fatalf("%s\nis printed as\n%s\nwhich is wrong: %v", text, Print(c), err)
		}
		if !c.Equal(again) {
			t.Fatalf("%s\nis printed as\n%s\nand that as\n%s", text, Print(c), Print(again))
		}
	})
}
