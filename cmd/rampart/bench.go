package main

import (
	"github.com/spf13/cobra"

	"rampart/internal/campaign"
)

func (a *app) bench() *cobra.Command {
	o := campaign.BenchOptions{}
	c := &cobra.Command{
		Use:   "bench BUILD --images IMAGES",
		Short: "Measure the functional engine: whole inferences, and flips of weight bits",
		Long: "Measure the functional engine on one core, in processor time, with every set of kernels that this machine\n" +
			"runs: inferences with a flipped weight bit computed anew, and by following the difference, to all outputs or to\n" +
			"the masks alone.",
		Args: one("the build folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Seed, o.Progress = a.seed, a.bar.show
			r, err := campaign.RunBench(cmd.Context(), args[0], o)
			if err != nil {
				return err
			}
			return a.print(r, r.Print)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Images, "images", "", "images, all of which meet each flip")
	f.IntVar(&o.Faults, "faults", 200, "flips of weight bits")
	required(c, "images")
	return c
}
