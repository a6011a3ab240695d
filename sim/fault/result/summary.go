package result

import (
	"encoding/json"
	"iter"
)

// Report says how results are summed up and pictured. The zero Report has intervals of 95 %, and rates, heat
// map and list of the worst 20 are of the harmful faults.
type Report struct {
	Confidence float64 // of intervals, below 1; 0 for 0.95
	Outcome    Set     // whose rates stand in tables and heat map, and whose worst are listed; nil for HarmfulOnes
	Top        int     // faults in the list of the worst; 0 for 20
	// More writes further files into the folder, beside those of this package.
	More func(dir string) error
}

func (r Report) withDefaults() Report {
	if r.Confidence == 0 {
		r.Confidence = 0.95
	}
	if r.Outcome == nil {
		r.Outcome = HarmfulOnes()
	}
	if r.Top == 0 {
		r.Top = 20
	}
	return r
}

// Summary is what a campaign came to. It is summary.json.
type Summary struct {
	Version    string            `json:"rampart"`
	Model      string            `json:"model"`
	Build      string            `json:"build,omitempty"`
	Seed       uint64            `json:"seed"`
	Shard      string            `json:"shard,omitempty"` // where it is only a part
	Faults     int64             `json:"faults"`
	Images     int32             `json:"images"`
	Thresholds Thresholds        `json:"thresholds"`
	Outcome    Set               `json:"outcome"` // of Group.Chosen, Grid and Worst
	Total      Group             `json:"total"`
	By         map[string]Groups `json:"by"` // by each of Divisions
	Grid       Grid              `json:"grid"`
	Worst      []Bit             `json:"most_critical"`
}

// Divisions lists what a Summary groups the faults by.
func Divisions() []string {
	var names []string
	for _, d := range divisions {
		names = append(names, d.name)
	}
	return names
}

// Groups are the groups of one division: layers in the network's order, bits from the least significant,
// strata as the campaign lists them, anything else by name.
type Groups []Group

// Group is some of the faults. Rates and mean drops weigh the strata.
type Group struct {
	Name     string            `json:"name"`
	Faults   int64             `json:"faults"`
	Outcomes map[Outcome]Share `json:"outcomes"` // each of Outcomes
	Harmful  Share             `json:"harmful"`  // those that are Harmful, together
	Chosen   Share             `json:"chosen"`   // those with an outcome of Summary.Outcome, together
	Drops
	MaxDrop float64 `json:"max_miou_drop"`
}

// Drops is the mean drop of mIoU and an interval that holds the true one. Of strata without a row only the interval
// tells.
type Drops struct {
	MeanDrop float64 `json:"mean_miou_drop"`
	LowDrop  float64 `json:"mean_miou_drop_low"`
	HighDrop float64 `json:"mean_miou_drop_high"`
}

// Share is how many faults of a group had an outcome or one of several, and the rate that this speaks for.
type Share struct {
	Faults int64 `json:"faults"`
	Estimate
}

// Grid is the rate of some outcomes, together, by layer and bit. Rows for more than one bit are not in it.
type Grid struct {
	Outcome Set          `json:"outcome"`
	Layers  []string     `json:"layers"`
	Bits    []int32      `json:"bits"`   // that occur
	Faults  [][]int64    `json:"faults"` // [layer][bit]
	Rate    [][]*float64 `json:"rate"`   // null where there are no faults
}

// Bit is one of the faults with the greatest drop of mIoU, of those with an outcome of Summary.Outcome.
type Bit struct {
	Number  int64    `json:"number"`
	Fault   string   `json:"fault"`
	Layer   string   `json:"layer"`
	Kind    string   `json:"kind"`
	Bit     int32    `json:"bit"`
	Before  *float64 `json:"-"` // Row has them; JSON has no NaN
	After   *float64 `json:"-"`
	Outcome Outcome  `json:"outcome"`
	Changed int64    `json:"changed"`
	Drop    float64  `json:"miou_drop"`
}

// Summarise sums up the rows of a campaign, which come in the order of their numbers.
func Summarise(meta Meta, rows iter.Seq2[*Row, error], report Report) (*Summary, error) {
	c := newCollector(meta, report.withDefaults())
	for r, err := range rows {
		if err != nil {
			return nil, err
		}
		c.add(r)
	}
	return c.summary(), nil
}

// JSON is the summary as summary.json has it.
func (s *Summary) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(s, "", "  ")
	return append(data, '\n'), err
}
