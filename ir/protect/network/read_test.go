package network_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/internal/yamlform"
	"rampart/ir/protect/network"
)

// read reads the rules under the key network.
func read(text string) ([]network.Rule, error) {
	r := &yamlform.Reader{File: "p.yaml"}
	m, err := yamlform.Read(r, []byte(text))
	if err != nil {
		return nil, err
	}
	v, ok := m.Get("network")
	if !ok {
		panic("BUG: test: no network")
	}
	rules := network.Read(v)
	m.Done()
	return rules, r.Err()
}

func TestRead(t *testing.T) {
	rules, err := read(`
network:
- {layers: "enc_*", clip: {per: channel, margin: 10%}}
- {layers: ["*", "!head"], checksum: true}
- {layers: head, duplicate: {channels: 25%, copies: 3, by: activation}, clip: {percentile: 99.9%, bounds: above, flag: true}}
- {layers: a, duplicate: {channels: 4}}
- {layers: b, duplicate: {channels: [5, 2]}, clip: {}}
`)
	require.NoError(t, err)
	percent := 99.9
	plain := func(r network.Rule) network.Rule { // without places
		return network.Rule{Layers: r.Layers, Clip: r.Clip, Checksum: r.Checksum, Duplicate: r.Duplicate}
	}
	for i, want := range []network.Rule{
		{Layers: []string{"enc_*"}, Clip: &network.Clip{Per: network.PerChannel, Margin: 0.1, Percentile: 1}},
		{Layers: []string{"*", "!head"}, Checksum: true},
		{
			Layers: []string{"head"}, Clip: &network.Clip{Per: network.PerLayer, Percentile: percent / 100, Above: true, Flag: true},
			Duplicate: &network.Duplicate{Channels: network.Choice{Share: 0.25}, Copies: 3, By: network.ByActivation},
		},
		{Layers: []string{"a"}, Duplicate: &network.Duplicate{Channels: network.Choice{Count: 4}, Copies: 2, By: network.ByWeight}},
		{
			Layers: []string{"b"}, Clip: &network.Clip{Per: network.PerLayer, Percentile: 1},
			Duplicate: &network.Duplicate{Channels: network.Choice{List: []int{5, 2}}, Copies: 2, By: network.ByWeight},
		},
	} {
		assert.Equal(t, want, plain(rules[i]))
	}
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{`{clip: {}}`, "line 2, column 3: network[0]: there is no layers"},
		{`{layers: "*"}`, "it gives the layers nothing; write clip, checksum or duplicate"},
		{`{layers: "!", checksum: true}`, "the pattern is empty"},
		{`{layers: "*", chekcsum: true}`, `has no key "chekcsum"; write checksum`},
		{`{layers: "*", checksum: false}`, "line 2, column 27: network[0].checksum: without a rule there is none"},
		{`{layers: "*", checksum: yes}`, "write true or false"},
		{`{layers: "*", clip: channel}`, "keys and values are due"},
		{`{layers: "*", clip: {per: pixel}}`, "write layer or channel"},
		{`{layers: "*", clip: {margin: -1%}}`, "is no share from 0 to 1000%"},
		{`{layers: "*", clip: {percentile: 50%}}`, "is no share above 50%"},
		{`{layers: "*", clip: {bounds: below}}`, "write both or above"},
		{`{layers: "*", clip: {margins: 1%}}`, `has no key "margins"; write margin`},
		{`{layers: "*", duplicate: {copies: 2}}`, "there is no channels; write how many"},
		{`{layers: "*", duplicate: {channels: 0}}`, "from 1 to"},
		{`{layers: "*", duplicate: {channels: 0%}}`, "is no share above 0"},
		{`{layers: "*", duplicate: {channels: []}}`, "it lists no channel"},
		{`{layers: "*", duplicate: {channels: [1, 1]}}`, "the channel is listed already"},
		{`{layers: "*", duplicate: {channels: 1, copies: 4}}`, "from 2 to 3"},
		{`{layers: "*", duplicate: {channels: 1, by: luck}}`, "write weight or activation"},
		{`{layers: "*", duplicate: {channels: [1], by: weight}}`, "the channels are listed; leave it out"},
	} {
		t.Run(c.rule, func(t *testing.T) {
			_, err := read("network:\n- " + c.rule + "\n")
			require.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, "p.yaml: line 2, column")
		})
	}
}
