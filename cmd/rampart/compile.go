package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"rampart/internal/diag"
	"rampart/internal/driver"
	"rampart/ir/protect"
	"rampart/ir/quant"
)

func (a *app) compile() *cobra.Command {
	var req driver.Request
	o := &req.Options
	var bits int
	c := &cobra.Command{
		Use:   "compile MODEL.onnx --calib IMAGES -o BUILD",
		Short: "Compile a network to Verilog and HLS C",
		Args:  one("the ONNX file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := noZeros(cmd, "bits", "weight-bits", "act-bits", "head-bits", "percentile", "multipliers", "cycles", "scale")
			if err != nil {
				return err
			}
			req.Model = args[0]
			for flag, v := range map[string]*int{"weight-bits": &o.WeightBits, "act-bits": &o.ActBits} {
				if !cmd.Flags().Changed(flag) {
					*v = bits
				}
			}
			if o.Multipliers < 0 || o.Cycles < 0 {
				return diag.Problem{At: "target", What: "it is negative", Remedy: "give a positive number of multipliers or cycles"}
			}
			b, err := driver.Compile(cmd.Context(), req, a.bar.show)
			if err != nil {
				return err
			}
			return a.print(b.Info, func(w io.Writer) { printBuild(w, b) })
		},
	}
	f := c.Flags()
	f.StringVar(&req.Calib, "calib", "", "calibration images: .npy, a PNG file, or a folder of PNG files")
	f.StringVarP(&req.Out, "out", "o", "", "the build folder to write")
	f.StringVar(&req.Policy, "protect", "", "a YAML file that says which memories and registers are protected, and how")
	f.IntVar(&bits, "bits", 8, "bits of weights and activations, 2 to 16")
	f.IntVar(&o.WeightBits, "weight-bits", 8, "bits of weights, instead of --bits")
	f.IntVar(&o.ActBits, "act-bits", 8, "bits of activations, instead of --bits")
	f.IntVar(&o.HeadBits, "head-bits", 16, "bits of the network's scores")
	f.StringVar((*string)(&o.Scales), "scales", string(quant.General), "scales: general or pow2 (powers of two, no multiplier in requantisers)")
	f.StringVar((*string)(&o.Calibration), "calibration", string(quant.MSE), "ranges of activations: minmax, percentile or mse")
	f.Float64Var(&o.Percentile, "percentile", 99.99, "per cent of values within the range, for --calibration percentile")
	f.StringVar(&o.Rounding, "rounding", "half-up", "rounding of requantisers: half-up or half-even")
	f.IntVar(&o.Multipliers, "multipliers", 0, "multipliers to use at most; without this and --cycles, the fewest possible")
	f.Int64Var(&o.Cycles, "cycles", 0, "cycles per frame to take at most")
	preprocessFlags(c, &o.Preprocess)
	sizeFlag(c, &o.Size)
	c.MarkFlagsMutuallyExclusive("multipliers", "cycles")
	required(c, "calib", "out")
	return c
}

func required(c *cobra.Command, flags ...string) {
	for _, f := range flags {
		if err := c.MarkFlagRequired(f); err != nil {
			panic("BUG: " + err.Error())
		}
	}
}

func printBuild(w io.Writer, b *driver.Build) {
	i := b.Info
	fmt.Fprintf(w, "%s: %d stages, %d multipliers, %d MACs per frame\n", i.Model.Name, len(i.Stages), i.Multipliers, i.MACsPerFrame)
	fmt.Fprintf(w, "%d cycles per frame, latency %d cycles, multipliers busy %.1f %%\n\n",
		i.Estimate.CyclesPerFrame, i.Estimate.LatencyCycles, 100*i.Utilisation)
	t := tabwriter.NewWriter(w, 2, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "stage\tkind\tPE\tSIMD\tmultipliers\tcycles\tbuffers\t")
	for _, s := range i.Stages {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d\t%v\t\n", s.Name, s.Kind, s.PE, s.SIMD, s.Multipliers, s.Cycles, s.Depths)
	}
	t.Flush()
	if len(i.MemoryProtection) > 0 {
		fmt.Fprintln(w)
		protect.PrintCosts(w, i.MemoryProtection)
	}
	fmt.Fprintf(w, "\nwritten to %s\n", b.Dir)
}
