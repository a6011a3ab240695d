package hlsc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/ir/fixed"
	"rampart/ir/plan"
)

// guarded is small with guards: a checksum, copies with a vote, bounds.
func guarded() *fixed.Net {
	net := small()
	enc := net.Nodes[0].Op.(*fixed.Conv)
	enc.Checksum = true
	copies := []int{0, 2, 2}
	for _, o := range copies {
		enc.Weight = append(enc.Weight, enc.Weight[18*o:18*(o+1)]...)
		enc.Bias, enc.Scale.Mult, enc.Scale.Shift = append(enc.Bias, enc.Bias[o]), append(enc.Scale.Mult, enc.Scale.Mult[o]), append(enc.Scale.Shift, enc.Scale.Shift[o])
	}
	voted := net.Nodes[0].Out
	raw, high := *voted, *voted
	raw.Name, raw.Shape.C, high.Name = "raw", 6, "high"
	net.Nodes[0].Out = &raw
	net.Nodes = append([]*fixed.Node{
		net.Nodes[0],
		{Name: "vote", In: []*fixed.Value{&raw}, Out: &high, Op: &fixed.Vote{Copies: copies}},
		{Name: "clip", In: []*fixed.Value{&high}, Out: voted, Op: &fixed.Clip{Lo: []int64{0, 1, 0}, Hi: []int64{100, 255, 90}, Flag: true}},
	}, net.Nodes[1:]...)
	return net
}

func guardedPlan(net *fixed.Net) *plan.Plan {
	return trivialPlan(net, func(st *plan.Stage) plan.Folding {
		if st.Name == "enc" {
			return plan.Folding{PE: 4, TapY: 3, TapX: 3, Cw: 1}
		}
		return foldOne(st)
	})
}

func TestGuardsGolden(t *testing.T) {
	net := guarded()
	require.NoError(t, fixed.Check(net))
	p := guardedPlan(net)
	files, err := Emit(p)
	require.NoError(t, err)
	got := &txtar.Archive{Comment: []byte("C of a checksum, a vote, bounds, and what gathers their alarms.\n")}
	for _, f := range files {
		for _, part := range []string{"stage_enc", "stage_vote", "stage_clip", "top"} {
			if strings.HasPrefix(f.Name, part) {
				got.Files = append(got.Files, txtar.File{Name: f.Name, Data: f.Data})
			}
		}
	}
	golden := filepath.Join("testdata", "guarded.txtar")
	if *update {
		require.NoError(t, os.WriteFile(golden, txtar.Format(got), 0o666))
	}
	want, err := txtar.ParseFile(golden)
	require.NoError(t, err)
	require.Len(t, got.Files, len(want.Files))
	for i, f := range want.Files {
		assert.Equal(t, string(f.Data), string(got.Files[i].Data), f.Name)
	}
	assert.Empty(t, differs(t, net, p, files, sanitised, newDice(1).frames(net, 3)))
}

// What an upset makes of constants is found: a weight and a checksum that are not those of each other, a copy
// that is none. Without the upset nothing is.
func TestUpsetsRaiseAlarms(t *testing.T) {
	net := guarded()
	net.Nodes[2].Op.(*fixed.Clip).Flag = false
	frames := newDice(2).frames(net, 2)
	for _, c := range []struct {
		name     string
		from, to string // in the constants of enc, after the given text
		after    string
		want     []string
	}{
		{"nothing", "", "", "", nil},
		{"a weight of a channel with a copy", "{{{-5, 3}", "{{{5, 3}", "_weights", []string{"enc", "vote"}},
		{"a weight of a channel without", "{{{0, -3}", "{{{0, 5}", "_weights", []string{"enc"}},
		{"a bias", "{100,", "{90,", "_bias", []string{"vote"}},
		{"a checksum", "{{{-5,", "{{{-4,", "_checksums", []string{"enc"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := guardedPlan(net)
			files, err := Emit(p)
			require.NoError(t, err)
			for i, f := range files {
				if f.Name != "stage_enc_constants.h" {
					continue
				}
				head, rest, ok := bytes.Cut(f.Data, []byte(c.after))
				require.True(t, ok)
				require.Contains(t, string(rest), c.from)
				text := string(head) + c.after + strings.Replace(string(rest), c.from, c.to, 1)
				files[i].Data = []byte(text)
			}
			prog, err := buildFiles(t.Context(), p, files, t.TempDir(), sanitised)
			require.NoError(t, err)
			_, faults, err := prog.Watch(t.Context(), frames)
			require.NoError(t, err)
			for frame, got := range faults {
				assert.Equal(t, c.want, got, "frame %d", frame)
			}
		})
	}
}

// Random networks have enough guards that the comparison with fixed means something.
func TestRandomNetworksHaveGuards(t *testing.T) {
	kinds := map[string]int{}
	for seed := range uint64(8) {
		for _, n := range newDice(seed).Net(5).Nodes {
			if c, ok := n.Op.(*fixed.Conv); ok {
				kinds[fmt.Sprintf("checksum %v", c.Checksum)]++
			}
			kinds[n.Op.Kind()]++
		}
	}
	for _, k := range []string{"clip", "vote", "checksum true", "checksum false"} {
		assert.Positive(t, kinds[k], k)
	}
}
