package result

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"rampart/internal/diag"
	"rampart/sim/fault/sample"
)

// Meta tells one campaign from another. Rows of different campaigns never meet in one file.
type Meta struct {
	Version  string // of rampart
	Campaign string // the text of the campaign file
	Seed     uint64
	Model    string // the model's digest
	Build    string // the build's digest; "" for a campaign on the model itself
	Inputs   string // the digest of images and labels
	// Faults is the number of faults of the whole campaign, whose rows have the numbers from 0 on. 0 says that it
	// is not known before the end, as where sampling stops when an interval is narrow enough; the file has
	// the number that it came to.
	Faults     int64
	Thresholds Thresholds
	Layers     []string  // of the network, in its order; rows may have others
	Strata     []Stratum // that the faults were drawn from
	// Sequence says how strata stopped by their outcomes, nil where sizes were fixed before. The first rows of each
	// stratum, by number, are then those of its first look.
	Sequence *sample.Sequence
	Shard    Shard
}

// Stratum is a part of the population.
type Stratum struct {
	Name       string `json:"name"`       // as in Row.Stratum
	Population int64  `json:"population"` // faults in it; 0 where there is no bound
}

// Shard is the part of a campaign that one run does: the rows whose number leaves Index when divided by Of.
// The zero Shard is the whole.
type Shard struct{ Index, Of int64 }

// Has tells whether a fault is the shard's.
func (s Shard) Has(number int64) bool { return s.whole() || number%s.Of == s.Index }

func (s Shard) whole() bool { return s.Of <= 1 }

// String is the shard as people count, "2 of 8".
func (s Shard) String() string {
	if s.whole() {
		return "the whole"
	}
	return fmt.Sprintf("%d of %d", s.Index+1, s.Of)
}

// Count is how many of the numbers below n are the shard's.
func (s Shard) Count(n int64) int64 {
	if s.whole() {
		return n
	}
	return (n - s.Index + s.Of - 1) / s.Of
}

// Number is the k-th of the shard's numbers.
func (s Shard) Number(k int64) int64 {
	if s.whole() {
		return k
	}
	return s.Index + k*s.Of
}

// format is the version of the rows' columns and of this list.
const format = "2"

// facts lists what a Meta says by the keys of a Parquet file, each after "rampart.".
var facts = []struct {
	key, name string
	long      bool // not to be shown in a message
	get       func(*Meta) string
	set       func(*Meta, string) error
}{
	{"version", "version of rampart", false, func(m *Meta) string { return m.Version }, func(m *Meta, s string) error { m.Version = s; return nil }},
	{"model", "model", false, func(m *Meta) string { return m.Model }, func(m *Meta, s string) error { m.Model = s; return nil }},
	{"build", "build", false, func(m *Meta) string { return m.Build }, func(m *Meta, s string) error { m.Build = s; return nil }},
	{"inputs", "images or labels", false, func(m *Meta) string { return m.Inputs }, func(m *Meta, s string) error { m.Inputs = s; return nil }},
	{"campaign", "campaign", true, func(m *Meta) string { return m.Campaign }, func(m *Meta, s string) error { m.Campaign = s; return nil }},
	{"seed", "seed", false, func(m *Meta) string { return strconv.FormatUint(m.Seed, 10) }, func(m *Meta, s string) (err error) { m.Seed, err = strconv.ParseUint(s, 10, 64); return err }},
	{"faults", "number of faults", false, func(m *Meta) string { return strconv.FormatInt(m.Faults, 10) }, func(m *Meta, s string) (err error) { m.Faults, err = strconv.ParseInt(s, 10, 64); return err }},
	{"thresholds", "thresholds", false, func(m *Meta) string { return inJSON(m.Thresholds) }, func(m *Meta, s string) error { return json.Unmarshal([]byte(s), &m.Thresholds) }},
	{"layers", "layers", true, func(m *Meta) string { return inJSON(m.Layers) }, func(m *Meta, s string) error { return json.Unmarshal([]byte(s), &m.Layers) }},
	{"strata", "strata", true, func(m *Meta) string { return inJSON(m.Strata) }, func(m *Meta, s string) error { return json.Unmarshal([]byte(s), &m.Strata) }},
	{"sequence", "looks", true, func(m *Meta) string { return inJSON(m.Sequence) }, func(m *Meta, s string) error { return json.Unmarshal([]byte(s), &m.Sequence) }},
	{"shard", "shard", false, func(m *Meta) string { return m.Shard.String() }, func(m *Meta, s string) error { return m.Shard.parse(s) }},
}

func (s *Shard) parse(text string) error {
	*s = Shard{}
	if text == s.String() {
		return nil
	}
	if _, err := fmt.Sscanf(text, "%d of %d", &s.Index, &s.Of); err != nil {
		return fmt.Errorf("shard %q: %w", text, err)
	}
	s.Index--
	if s.Of < 2 || s.Index < 0 || s.Index >= s.Of || s.String() != text {
		return fmt.Errorf("shard %q", text)
	}
	return nil
}

func inJSON(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic("BUG: result: " + err.Error())
	}
	return string(data)
}

const keyPrefix = "rampart."

// values gives what m says, by key.
func (m *Meta) values() map[string]string {
	values := map[string]string{keyPrefix + "format": format}
	for _, f := range facts {
		values[keyPrefix+f.key] = f.get(m)
	}
	return values
}

// metaOf reads what values writes. The file is used in messages.
func metaOf(file string, lookup func(key string) (string, bool)) (m Meta, err error) {
	was, ok := lookup(keyPrefix + "format")
	if !ok {
		return m, foreign(file)
	}
	if was != format {
		version, _ := lookup(keyPrefix + "version")
		return m, diag.Problem{File: file, What: fmt.Sprintf("results of format %q, written by rampart %s; this is format %q", was, version, format), Remedy: "use the version that wrote it"}
	}
	for _, f := range facts {
		text, ok := lookup(keyPrefix + f.key)
		if !ok {
			return m, damaged(file, "it does not tell its "+f.name)
		}
		if err := f.set(&m, text); err != nil {
			return m, damaged(file, "its "+f.name+" cannot be read")
		}
	}
	return m, nil
}

// header is what a journal keeps of m.
func (m *Meta) header() []byte { return []byte(inJSON(m.values())) }

// metaOfHeader reads what header writes.
func metaOfHeader(file string, header []byte) (Meta, error) {
	values := map[string]string{}
	if err := json.Unmarshal(header, &values); err != nil {
		return Meta{}, diag.Problem{File: file, What: "the journal is not a campaign's", Remedy: "move it away, or write elsewhere"}
	}
	return metaOf(file, func(key string) (string, bool) { v, ok := values[key]; return v, ok })
}

// differences lists in words what another Meta says otherwise: "seed 1, not 2". What is short enough is told.
func (m *Meta) differences(other *Meta) []string {
	var all []string
	for _, f := range facts {
		here, there := f.get(m), f.get(other)
		switch {
		case here == there:
		case f.long:
			all = append(all, "another "+f.name)
		default:
			all = append(all, fmt.Sprintf("%s %s, not %s", f.name, short(there), short(here)))
		}
	}
	return all
}

// short cuts a digest.
func short(s string) string {
	switch {
	case s == "":
		return "none"
	case len(s) > 40 && !strings.Contains(s, " "):
		return s[:12] + "..."
	}
	return s
}

// Matches refuses what is in a file where it is not of this campaign: the file's Meta is other.
func (m *Meta) Matches(file string, other Meta) error {
	if d := m.differences(&other); len(d) > 0 {
		return diag.Problem{File: file, What: "is of another campaign: " + strings.Join(d, "; "), Remedy: "give the results of this one"}
	}
	return nil
}

func damaged(file, why string) error {
	return diag.Problem{File: file, What: "is damaged: " + why, Remedy: "run the campaign again, or take the file from where it came"}
}

func foreign(file string) error {
	return diag.Problem{File: file, What: "holds no results of a campaign", Remedy: "give a folder or a file that a campaign wrote"}
}
