package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"rampart/internal/diag"
	"rampart/internal/driver"
)

func (a *app) simulate() *cobra.Command {
	var engine string
	o := driver.SimulateOptions{}
	c := &cobra.Command{
		Use:   "simulate BUILD --images IMAGES -o OUT",
		Short: "Run images through a compiled network",
		Long: "Run images through a compiled network, on one engine: fixed (the integer evaluator), interp (the\n" +
			"interpreter of the hardware), go (generated Go), verilator (the Verilog), hlsc (the HLS C under gcc).",
		Args: one("the build folder"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if o.Engine, err = driver.ParseEngine(engine); err != nil {
				return err
			}
			b, err := driver.Open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			o.Jobs = a.jobs
			start := time.Now()
			s, err := b.Simulate(cmd.Context(), o)
			if err != nil {
				return err
			}
			return a.print(s, func(w io.Writer) {
				fmt.Fprintf(w, "%d images on %s in %.1f s\n", s.Images, s.Engine, time.Since(start).Seconds())
				if s.Timing != nil {
					fmt.Fprintf(w, "%d cycles per frame (estimate %d), latency %d (estimate %d), %d in all\n",
						s.CyclesPerFrame, s.Estimate.CyclesPerFrame, s.LatencyCycles, s.Estimate.LatencyCycles, s.CyclesTotal)
				}
				if s.MIoU != nil {
					fmt.Fprintf(w, "mIoU %.4f, accuracy %.4f\n", *s.MIoU, *s.Accuracy)
				}
				fmt.Fprintf(w, "written to %s\n", o.Out)
				if o.Wave != "" {
					fmt.Fprintf(w, "waveform in %s\n", o.Wave)
				}
			})
		},
	}
	f := c.Flags()
	f.StringVar(&o.Images, "images", "", "images: .npy, a PNG file, or a folder of PNG files")
	f.StringVarP(&o.Out, "out", "o", "", "the folder to write")
	f.StringVar(&engine, "engine", "fixed", "fixed, interp, go, verilator or hlsc")
	f.StringVar(&o.Wave, "wave", "", "write a waveform to this VCD file; engines interp and verilator alone write waveforms")
	f.Int64Var(&o.WaveFrom, "wave-from", 0, "first cycle of the waveform")
	f.Int64Var(&o.WaveTo, "wave-to", 1000, "cycle behind the last of the waveform")
	labelFlags(c, &o.Labels, &o.Ignore)
	required(c, "images", "out")
	return c
}

func (a *app) verify() *cobra.Command {
	var engines []string
	o := driver.VerifyOptions{}
	c := &cobra.Command{
		Use:   "verify BUILD",
		Short: "Prove that every engine agrees, bit for bit and cycle for cycle",
		Long: "Prove that the evaluator, the HLS C, the interpreter, generated Go and Verilator agree on every output\n" +
			"bit and every output beat's cycle, with and without pauses at the ports, and under random bit flips.",
		Args: one("the build folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range engines {
				e, err := driver.ParseEngine(name)
				if err != nil {
					return err
				}
				o.Engines = append(o.Engines, e)
			}
			b, err := driver.Open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			o.Seed, o.Jobs, o.Progress = a.seed, a.jobs, a.bar.show
			r, err := b.Verify(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := a.print(r, func(w io.Writer) { printReport(w, r) }); err != nil {
				return err
			}
			if !r.Passed {
				return diag.Difference{What: "the engines do not agree"}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.Images, "images", "", "images to run (default: two of noise)")
	f.IntVar(&o.Flips, "flips", 0, "random bit flips to replay on generated Go and on Verilator")
	f.Int64Var(&o.Horizon, "horizon", 0, "cycles for which each flip is followed; 0 is to the end of the run")
	f.Int64Var(&o.InterpCycles, "interp-cycles", 20000, "cycles over which the interpreter is compared, for it is slow; 0 is all")
	f.StringSliceVar(&engines, "engines", nil, "compare only these engines (default: all)")
	return c
}

func printReport(w io.Writer, r *driver.Report) {
	for _, c := range r.Checks {
		verdict := "ok  "
		if !c.Passed {
			verdict = "FAIL"
		}
		fmt.Fprintf(w, "%s  %-34s %s\n", verdict, c.Name, c.Detail)
	}
	if r.Flips != nil {
		fmt.Fprintf(w, "      flips by kind: %v\n", r.Flips.Kinds)
	}
}
