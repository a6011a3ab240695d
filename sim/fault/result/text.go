package result

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Text is the summary as tables, one for each division.
func (s *Summary) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d faults on %d images, seed %d\n", s.Faults, s.Images, s.Seed)
	if s.Shard != "" {
		fmt.Fprintf(&b, "shard %s only\n", s.Shard)
	}
	fmt.Fprintf(&b, "critical: %s\nharmful: critical, nan or hang\n", s.Thresholds)
	b.WriteString("counts are of the faults that were struck; rates and mean drops weigh each stratum with the faults that it stands for\n")
	shown, chosen := s.shown(), s.Outcome.String()
	for _, division := range append([]string{"outcome"}, Divisions()...) {
		b.WriteByte('\n')
		if division == "outcome" {
			b.WriteString(s.outcomes())
			fmt.Fprintf(&b, "\nmean drop of mIoU %s, interval %s\n", drop(s.Total.MeanDrop), s.Total.Drops.interval())
			continue
		}
		b.WriteString(s.By[division].table(division, shown, chosen))
	}
	return b.String()
}

// String lists the thresholds that are applied.
func (t Thresholds) String() string {
	var parts []string
	for _, p := range []struct {
		text  string
		value float64
	}{
		{"mIoU falls by %g", t.Drop}, {"a class below IoU %g", t.ClassIoU},
		{"a share of %g of all pixels changed", t.Share}, {"a share of %g of one image's pixels changed", t.WorstShare},
	} {
		if p.value > 0 {
			parts = append(parts, fmt.Sprintf(p.text, p.value))
		}
	}
	if parts == nil {
		return "never"
	}
	return strings.Join(parts, ", or ")
}

// shown lists the outcomes that occur.
func (s *Summary) shown() []Outcome {
	var all []Outcome
	for _, o := range Outcomes() {
		if s.Total.Outcomes[o].Faults > 0 {
			all = append(all, o)
		}
	}
	return all
}

// outcomes is the table of the whole campaign, an outcome a row.
func (s *Summary) outcomes() string {
	rows := [][]string{{"outcome", "faults", "rate", "interval"}}
	for _, o := range Outcomes() {
		share := s.Total.Outcomes[o]
		rows = append(rows, share.row(string(o)))
	}
	rows = append(rows, s.Total.Harmful.row(harmful))
	if chosen := s.Outcome.String(); len(s.Outcome) > 1 && chosen != harmful {
		rows = append(rows, s.Total.Chosen.row(chosen))
	}
	return table(rows)
}

func (s Share) row(name string) []string {
	return []string{name, strconv.FormatInt(s.Faults, 10), percent(s.Rate), s.interval()}
}

// table has a group a row: its counts, and the rate of the chosen outcomes with its interval.
func (gs Groups) table(division string, shown []Outcome, chosen string) string {
	head := []string{division, "faults"}
	for _, o := range shown {
		head = append(head, string(o))
	}
	rows := [][]string{append(head, chosen+" rate", "interval", "mean drop", "interval", "max drop")}
	for _, g := range gs {
		row := []string{name(g.Name), strconv.FormatInt(g.Faults, 10)}
		for _, o := range shown {
			row = append(row, strconv.FormatInt(g.Outcomes[o].Faults, 10))
		}
		rows = append(rows, append(row, percent(g.Chosen.Rate), g.Chosen.interval(), drop(g.MeanDrop), g.Drops.interval(), drop(g.MaxDrop)))
	}
	return table(rows)
}

// CriticalText is the list of the worst faults, one a line.
func (s *Summary) CriticalText() string {
	if len(s.Worst) == 0 {
		return s.none() + "\n"
	}
	rows := [][]string{{"fault", "rank", "number", "layer", "kind", "bit", "before", "after", "outcome", "pixels", "drop"}}
	for i, b := range s.Worst {
		bit := "-"
		if b.Bit >= 0 {
			bit = strconv.Itoa(int(b.Bit))
		}
		rows = append(rows, []string{
			b.Fault, strconv.Itoa(i + 1), strconv.FormatInt(b.Number, 10), name(b.Layer), name(b.Kind), bit, value(b.Before), value(b.After),
			string(b.Outcome), strconv.FormatInt(b.Changed, 10), drop(b.Drop),
		})
	}
	return fmt.Sprintf("the worst %s faults, by the drop of mIoU\n\n", s.Outcome) + table(rows)
}

// none stands where the list of the worst faults is empty.
func (s *Summary) none() string { return fmt.Sprintf("no %s fault", s.Outcome) }

// name shows what has none.
func name(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func percent(rate float64) string { return strconv.FormatFloat(100*rate, 'g', 4, 64) + " %" }

func drop(d float64) string { return strconv.FormatFloat(d, 'f', 4, 64) }

// value shows a number as short as it can be read back: an fp32 as such, an integer in full.
func value(v *float64) string {
	switch {
	case v == nil:
		return "-"
	case *v == math.Trunc(*v) && math.Abs(*v) < 1<<53:
		return strconv.FormatFloat(*v, 'f', -1, 64)
	case float64(float32(*v)) == *v || math.IsNaN(*v):
		return strconv.FormatFloat(*v, 'g', -1, 32)
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

func (d Drops) interval() string { return drop(d.LowDrop) + " to " + drop(d.HighDrop) }

func (e Estimate) interval() string {
	if e.Low == nil || e.High == nil {
		return "-"
	}
	return percent(*e.Low) + " to " + percent(*e.High)
}

// table aligns columns: the first to the left, the others to the right.
func table(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for k, cell := range row {
			widths[k] = max(widths[k], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for k, cell := range row {
			pad := strings.Repeat(" ", widths[k]-utf8.RuneCountInString(cell))
			if k == 0 {
				b.WriteString(cell + pad)
				continue
			}
			b.WriteString("  " + pad + cell)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
