package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"rampart/internal/campaign"
	"rampart/internal/diag"
	"rampart/internal/driver"
	"rampart/internal/picture"
	"rampart/sim/fault/result"
)

// campaignFlags are the flags of inject that only campaigns have.
type campaignFlags struct {
	file       string
	shard      string
	crossCheck int64
	border     int
	policy     string
	confidence float64
	preprocess picture.Preprocess
	size       driver.Size
}

// campaignOnly names those that mean nothing without --campaign, singleOnly those that mean nothing with it.
var (
	campaignOnly = []string{"shard", "cross-check", "border", "confidence", "protect", "scale", "mean", "std", "size"}
	singleOnly   = []string{"fault", "faults", "random", "sites", "engine"}
)

func (c *campaignFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&c.file, "campaign", "", "a campaign's description (YAML), or a TensorFI2 configuration")
	f.StringVar(&c.shard, "shard", "", "with --campaign: run part I of N of the faults, written I/N; see rampart results --merge")
	f.Int64Var(&c.crossCheck, "cross-check", -1, "with --campaign: replay this many of the faults on generated Go and on Verilator")
	f.IntVar(&c.border, "border", 0, "with --campaign: tell changed pixels also without those this near to an edge")
	f.StringVar(&c.policy, "protect", "", "with --campaign on a float model: a policy, whose passes for the model run first")
	f.Float64Var(&c.confidence, "confidence", 0.95, "with --campaign: of intervals")
	preprocessFlags(cmd, &c.preprocess)
	sizeFlag(cmd, &c.size)
}

// given is the first of some flags that was given.
func given(cmd *cobra.Command, names []string) (string, bool) {
	i := slices.IndexFunc(names, func(name string) bool { return cmd.Flags().Changed(name) })
	if i < 0 {
		return "", false
	}
	return names[i], true
}

// alone refuses flags of campaigns where there is none.
func (c *campaignFlags) alone(cmd *cobra.Command) error {
	if name, ok := given(cmd, campaignOnly); ok {
		return diag.Problem{At: "--" + name, What: "it is for campaigns", Remedy: "give --campaign FILE, too"}
	}
	return nil
}

// campaign runs a campaign on a build folder or an ONNX file.
func (a *app) campaign(cmd *cobra.Command, path string, c *campaignFlags, single *driver.InjectOptions) error {
	if name, ok := given(cmd, singleOnly); ok {
		return diag.Problem{At: "--" + name, What: "a campaign has its own faults", Remedy: "leave it out, or leave out --campaign"}
	}
	if !(c.confidence > 0 && c.confidence < 1) {
		return diag.Problem{At: "--confidence", What: fmt.Sprintf("%v is no confidence", c.confidence), Remedy: "give a number between 0 and 1"}
	}
	if c.border < 0 {
		return diag.Problem{At: "--border", What: fmt.Sprintf("%d is no width", c.border), Remedy: "give a number of pixels from 0 on"}
	}
	o := campaign.Options{
		File: c.file, Images: single.Images, Labels: single.Labels, Ignore: single.Ignore, Border: c.border, Out: single.Out,
		CrossCheck: c.crossCheck, Confidence: c.confidence, Jobs: a.jobs, Progress: a.bar.show, Policy: c.policy, Size: c.size, Preprocess: c.preprocess,
	}
	if cmd.Flags().Changed("seed") {
		o.Seed = &a.seed
	}
	if c.shard != "" {
		if n, err := fmt.Sscanf(c.shard, "%d/%d", &o.Shard.Index, &o.Shard.Of); n != 2 || err != nil || o.Shard.Index < 1 || o.Shard.Index > o.Shard.Of {
			return diag.Problem{At: "--shard", What: fmt.Sprintf("%q is no part", c.shard), Remedy: "write 1/4 for the first of four"}
		}
		o.Shard.Index--
	}
	info, err := os.Stat(path)
	if err != nil {
		return diag.Problem{File: path, What: "it cannot be read: " + err.Error(), Remedy: "give a build folder or an ONNX file"}
	}
	runs := campaign.OnModel
	if info.IsDir() {
		if name, ok := given(cmd, []string{"protect", "scale", "mean", "std", "size"}); ok {
			return diag.Problem{At: "--" + name, What: "the build has that from rampart compile", Remedy: "leave it out"}
		}
		runs = campaign.OnBuild
	} else if err := noZeros(cmd, "scale"); err != nil {
		return err
	}
	r, err := runs(cmd.Context(), path, o)
	if err != nil {
		return err
	}
	return a.print(r, r.Print)
}

func (a *app) results() *cobra.Command {
	var merge, coverage bool
	var confidence float64
	var out string
	var outcome result.Set
	var top int
	c := &cobra.Command{
		Use:   "results FOLDER | results --merge -o OUT SHARD...",
		Short: "Sum up a campaign's results by layer, tensor, bit and kind, or merge those of its shards",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 || merge && len(args) > 0 {
				return nil
			}
			return diag.Problem{What: fmt.Sprintf("results takes one folder, or with --merge the shards', and was given %d", len(args)), Remedy: "see rampart results --help"}
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if !(confidence > 0 && confidence < 1) {
				return diag.Problem{At: "--confidence", What: fmt.Sprintf("%v is no confidence", confidence), Remedy: "give a number between 0 and 1"}
			}
			if top < 1 {
				return diag.Problem{At: "--top", What: fmt.Sprintf("%d is no length of a list", top), Remedy: "give a number from 1 on"}
			}
			if out != "" && !merge {
				return diag.Problem{At: "--out", What: "nothing is written without --merge", Remedy: "leave it out, or merge"}
			}
			if cmd.Flags().Changed("top") && coverage {
				return diag.Problem{At: "--top", What: "--coverage lists no faults", Remedy: "leave it out"}
			}
			how := result.Report{Confidence: confidence, Outcome: outcome, Top: top}
			folder := args[0]
			if merge {
				if out == "" {
					return diag.Problem{At: "--out", What: "it is missing", Remedy: "give the folder to write"}
				}
				if err := result.Merge(cmd.Context(), out, how, args...); err != nil {
					return err
				}
				folder = out
			}
			if coverage {
				return a.coverage(cmd.Context(), folder, campaign.CoverageOptions{Outcome: how.Outcome, Confidence: confidence})
			}
			s, err := campaign.Summary(folder, how)
			if err != nil {
				return err
			}
			return a.print(s, func(w io.Writer) { fmt.Fprint(w, s.Text(), "\n", s.CriticalText()) })
		},
	}
	f := c.Flags()
	f.BoolVar(&merge, "merge", false, "merge the folders of all shards of a campaign into one")
	f.StringVarP(&out, "out", "o", "", "with --merge: the folder to write")
	f.BoolVar(&coverage, "coverage", false, "of an exhaustive campaign: how often the intervals of simulated sampling campaigns hold its truth")
	f.Float64Var(&confidence, "confidence", 0.95, "of intervals")
	f.TextVar(&outcome, "outcome", result.HarmfulOnes(), "`outcomes`, with commas between, whose rate is told, whose worst are listed, and which --coverage "+
		"estimates; harmful stands for critical, nan and hang")
	f.IntVar(&top, "top", 20, "faults in the list of the worst harmful ones, or of those with the --outcome")
	return c
}

// coverage measures how often intervals hold the truth that an exhaustive campaign knows.
func (a *app) coverage(ctx context.Context, folder string, o campaign.CoverageOptions) error {
	o.Seed, o.Progress = a.seed, a.bar.show
	c, err := campaign.MeasureCoverage(ctx, folder, o)
	if err != nil {
		return err
	}
	if err := a.print(c, c.Print); err != nil {
		return err
	}
	if n := len(c.Fails()); n > 0 {
		return diag.Difference{What: fmt.Sprintf("intervals of %d trials held the truth less often than they say", n)}
	}
	return nil
}
