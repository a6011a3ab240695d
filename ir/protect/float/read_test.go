package float

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/yamlform"
)

// read reads the list of a policy.
func read(t *testing.T, list string) ([]Pass, error) {
	r := &yamlform.Reader{File: "policy.yaml"}
	m, err := yamlform.Read(r, []byte("model:\n"+list))
	require.NoError(t, err)
	v, ok := m.Get("model")
	require.True(t, ok)
	return Read(v), r.Err()
}

func TestRead(t *testing.T) {
	for text, want := range map[string][]Pass{
		"- equalise":                                         {Equalise{General, 1024}},
		"- equalise: {}":                                     {Equalise{General, 1024}},
		"- equalise: {scales: pow2, limit: 16}":              {Equalise{Pow2, 16}},
		"- mantissa: p1":                                     {Mantissa{Level: P1}},
		"- mantissa: {level: p3}":                            {Mantissa{Level: P3}},
		"- mantissa: {level: p0, measured: true}":            {Mantissa{P0, true}},
		"- absorb_bias":                                      {AbsorbBias{3, SkipPadded}},
		"- absorb_bias: {deviations: 2.5}":                   {AbsorbBias{2.5, SkipPadded}},
		"- absorb_bias: {padding: allow}":                    {AbsorbBias{3, AllowPadded}},
		"- recondition_batchnorm":                            {ReconditionBatchNorm{Finite, KeepShift}},
		"- recondition_batchnorm: {gamma: bounded}":          {ReconditionBatchNorm{Bounded, KeepShift}},
		"- recondition_batchnorm: {shift: mean}":             {ReconditionBatchNorm{Finite, InMean}},
		"- prune: {weights: 50%}":                            {Prune{Weights, 0.5, PerLayer, nil}},
		"- prune: {channels: 0.25, scope: network}":          {Prune{Channels, 0.25, Network, nil}},
		"- prune: {weights: 1%, layers: [a/*, '!b']}":        {Prune{Weights, 0.01, PerLayer, []string{"a/*", "!b"}}},
		"- prune: {weights: 1%}\n- equalise\n- mantissa: p0": {Prune{Weights, 0.01, PerLayer, nil}, Equalise{General, 1024}, Mantissa{Level: P0}},
	} {
		got, err := read(t, text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
		for _, p := range got {
			again, err := read(t, "- "+p.String())
			require.NoError(t, err, p.String())
			assert.Equal(t, []Pass{p}, again, "what a pass prints is read as the same pass")
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for text, tells := range map[string]string{
		"- equalize":                               "line 2, column 3: model[0]: there is no pass equalize; write one of equalise, absorb_bias, recondition_batchnorm, prune, mantissa",
		"- equalise\n- harden: 3":                  "line 3, column 9: model[1]: there is no pass harden; write one of equalise",
		"- equalise: fast":                         "model[0].equalise: options are due; write {OPTION: VALUE}, or leave them out",
		"- equalise:":                              "model[0].equalise: options are due",
		"- equalise: {scale: pow2}":                `model[0].equalise has no key "scale"; write scales`,
		"- equalise: {scales: fine}":               `there is no "fine"; write general or pow2`,
		"- equalise: {limit: 0.5}":                 `"0.5" is no number from 1 on`,
		"- equalise: {limit: .inf}":                `is no number from 1 on`,
		"- {equalise: {}, mantissa: p0}":           "model[0]: one pass is due; begin a line with - for each",
		"- mantissa":                               "model[0]: there is no level; write mantissa: p0, p1, p2 or p3",
		"- mantissa: p4":                           `there is no "p4"; write p0, p1, p2 or p3`,
		"- mantissa: {measured: true}":             "there is no level",
		"- mantissa: {level: p0, measured: maybe}": `there is no "maybe"; write true or false`,
		"- absorb_bias: {deviations: 0}":           `"0" is no number above 0`,
		"- absorb_bias: {padding: some}":           "write skip or allow",
		"- recondition_batchnorm: {gamma: small}":  "write finite, bounded or keep",
		"- recondition_batchnorm: {shift: away}":   "write keep, mean or beta",
		"- prune":                                  "it does not say what is pruned; write prune: {weights: 50%} or prune: {channels: 25%}",
		"- prune: {weights: 100%}":                 "is no share above 0 and below 1",
		"- prune: {weights: 10%, channels: 10%}":   "there are weights already; write two passes",
		"- prune: {weights: 10%, layers: ['!']}":   "the pattern is empty; write *",
		"- [equalise]":                             "a single value is due",
		"- mantissa: p0\n- equalise":               "line 3, column 3: model[1]: equalise after mantissa: scaled values are no longer where they were moved to; put it before",
		"- recondition_batchnorm\n- absorb_bias":   "absorb_bias after recondition_batchnorm: gamma and beta are the spread and mean of what they make only as trained; put it before",
	} {
		_, err := read(t, text)
		assert.ErrorContains(t, err, tells, text)
		assert.ErrorContains(t, err, "policy.yaml: line ", text)
	}
}

// A pass, its file, its kind and its orders have one name.
func TestKinds(t *testing.T) {
	known := map[string]bool{}
	for _, k := range Kinds {
		known[k.Name] = true
		assert.FileExists(t, k.Name+".go")
		assert.NotEmpty(t, k.Doc)
	}
	for _, o := range Orders {
		assert.True(t, known[o.Before] && known[o.After] && o.Before != o.After, "%v", o)
		assert.NotEmpty(t, o.Why)
	}
	for _, p := range []Pass{Equalise{}, AbsorbBias{}, ReconditionBatchNorm{}, Prune{What: Weights}, Mantissa{}} {
		assert.True(t, known[p.Name()], p.Name())
		assert.True(t, strings.HasPrefix(p.String(), p.Name()+": {"), p.String())
	}
	// The package's text tells of all.
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	for name := range known {
		assert.Contains(t, string(doc), "//\t"+name+" ")
	}
}
