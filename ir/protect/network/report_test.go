package network_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"rampart/ir/plan"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// What is reported of a small network, for people and for programs; with costs of a plan of one output at a time.
func TestReport(t *testing.T) {
	net := small()
	out, report, err := apply(t, net, ramp(net), `
- {layers: enc_0, duplicate: {channels: 1, copies: 3}, clip: {per: channel, percentile: 90%, flag: true}}
- {layers: "*", checksum: true}
- {layers: rescale, clip: {bounds: above}}
- {layers: [pool, groups], clip: {per: channel, bounds: above}}
- {layers: "*s", duplicate: {channels: [0]}}
- {layers: "*rescale", checksum: true}
`)
	require.ErrorContains(t, err, "no layer that matches can have a duplicate")
	require.Nil(t, out)
	require.Nil(t, report)

	out, report, err = apply(t, net, ramp(net), `
- {layers: ["*", "!pool"], duplicate: {channels: 1, copies: 3}}
- {layers: "*", checksum: true}
- {layers: enc_0, clip: {per: channel, percentile: 90%, flag: true}}
- {layers: [pool, groups], clip: {per: channel, bounds: above}}
- {layers: rescale, clip: {bounds: above}}
`)
	require.NoError(t, err)
	p, err := plan.New(t.Context(), out, plan.Target{})
	require.NoError(t, err)
	var got txtar.Archive
	add := func(name string) {
		var text strings.Builder
		require.NoError(t, report.Print(&text))
		got.Files = append(got.Files, txtar.File{Name: name, Data: []byte(text.String())})
	}
	add("least")
	report.Price(p)
	add("priced")
	data, err := json.MarshalIndent(report, "", " ")
	require.NoError(t, err)
	got.Files = append(got.Files, txtar.File{Name: "json", Data: append(data, '\n')})

	golden := filepath.Join("testdata", "report.txtar")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o777))
		require.NoError(t, os.WriteFile(golden, txtar.Format(&got), 0o666))
	}
	want, err := txtar.ParseFile(golden)
	require.NoError(t, err)
	require.Len(t, got.Files, len(want.Files))
	for i, f := range want.Files {
		assert.Equal(t, string(f.Data), string(got.Files[i].Data), f.Name)
	}
}
