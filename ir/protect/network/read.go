package network

import (
	"strings"

	"rampart/internal/yamlform"
)

// Read reads a list of rules. Everything that is wrong is noted with the value's reader; the list is good if that
// has no error. Defaults are marked with a star:
//
//   - layers: PATTERN or [PATTERN, ...]
//     clip: {per: layer * | channel, margin: SHARE (0 *), percentile: SHARE (100% *), bounds: both * | above, flag: false *}
//     checksum: true
//     duplicate: {channels: NUMBER | SHARE | [CHANNEL, ...], copies: 2 * | 3, by: weight * | activation}
func Read(v yamlform.Value) []Rule {
	var rules []Rule
	for _, item := range v.List() {
		if m, ok := item.Map(); ok {
			rules = append(rules, readRule(m))
		}
	}
	return rules
}

func readRule(m *yamlform.Map) Rule {
	r := Rule{at: map[string]yamlform.Pos{"": m.Pos()}}
	if v, ok := m.Need("layers", `write layers: "*" for all`); ok {
		r.at["layers"] = v.Pos()
		for _, item := range v.List() {
			text, ok := item.Text()
			if ok && strings.TrimPrefix(text, "!") == "" {
				item.Fail("the pattern is empty", "write *")
			}
			r.Layers = append(r.Layers, text)
		}
	}
	asked := false
	get := func(key string) (yamlform.Value, bool) {
		v, ok := m.Get(key)
		if ok {
			asked, r.at[key] = true, v.Pos()
		}
		return v, ok
	}
	if v, ok := get(clipKey); ok {
		r.Clip = readClip(v)
	}
	if v, ok := get(checksumKey); ok {
		if r.Checksum = readSwitch(v); !r.Checksum {
			v.Fail("without a rule there is none", "write true, or leave it out")
		}
	}
	if v, ok := get(duplicateKey); ok {
		r.Duplicate = readDuplicate(v)
	}
	if !asked {
		m.Fail("it gives the layers nothing", "write clip, checksum or duplicate")
	}
	m.Done()
	return r
}

// readSwitch reads a yes or no.
func readSwitch(v yamlform.Value) bool {
	word, _ := yamlform.OneOf(v, "true", "false")
	return word == "true"
}

func readClip(v yamlform.Value) *Clip {
	c := &Clip{Per: PerLayer, Percentile: 1}
	m, ok := v.Map()
	if !ok {
		return c
	}
	if v, ok := m.Get("per"); ok {
		c.Per, _ = yamlform.OneOf(v, PerLayer, PerChannel)
	}
	if v, ok := m.Get("margin"); ok {
		c.Margin, _ = v.Share("share from 0 to 1000%", func(x float64) bool { return x >= 0 && x <= 10 })
	}
	if v, ok := m.Get("percentile"); ok {
		c.Percentile, _ = v.Share("share above 50% and up to 100%", func(x float64) bool { return x > 0.5 && x <= 1 })
	}
	if v, ok := m.Get("bounds"); ok {
		word, _ := yamlform.OneOf(v, "both", "above")
		c.Above = word == "above"
	}
	if v, ok := m.Get("flag"); ok {
		c.Flag = readSwitch(v)
	}
	m.Done()
	return c
}

// mostChannels bounds numbers of channels, as fixed.Check does.
const mostChannels = 1 << 20

func readDuplicate(v yamlform.Value) *Duplicate {
	d := &Duplicate{Copies: 2, By: ByWeight}
	m, ok := v.Map()
	if !ok {
		return d
	}
	if v, ok := m.Need("channels", "write how many, such as 4 or 25%, or which, such as [0, 3]"); ok {
		d.Channels = readChoice(v)
	}
	if v, ok := m.Get("copies"); ok {
		n, _ := v.Int(2, 3)
		d.Copies = int(n)
	}
	if v, ok := m.Get("by"); ok {
		if d.By, _ = yamlform.OneOf(v, ByWeight, ByActivation); d.Channels.List != nil {
			v.Fail("the channels are listed", "leave it out")
		}
	}
	m.Done()
	return d
}

func readChoice(v yamlform.Value) (c Choice) {
	if v.IsList() {
		c.List = []int{}
		seen := map[int64]bool{}
		for _, item := range v.List() {
			n, ok := item.Int(0, mostChannels-1)
			if ok && seen[n] {
				item.Fail("the channel is listed already", "leave it out")
			}
			seen[n] = true
			c.List = append(c.List, int(n))
		}
		if len(c.List) == 0 {
			v.Fail("it lists no channel", "write some")
		}
		return c
	}
	if text, _ := v.Text(); strings.ContainsAny(text, "%.") {
		c.Share, _ = v.Share("share above 0 and up to 100%", func(x float64) bool { return x > 0 && x <= 1 })
		return c
	}
	n, _ := v.Int(1, mostChannels)
	c.Count = int(n)
	return c
}
