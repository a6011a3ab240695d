package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rampart/internal/diag"
	"rampart/internal/driver"
	"rampart/ir/rtl"
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

func (a *app) inject() *cobra.Command {
	var engine, list, sites string
	var faults []string
	o := driver.InjectOptions{}
	c := &cobra.Command{
		Use:   "inject BUILD --images IMAGES -o RESULTS (--fault FAULT... | --random N)",
		Short: "Flip bits of memories and registers, and tell what that does to the masks",
		Long: "Flip bits, one per run, and tell for each what it does to the masks. A fault is MEMORY[WORD].BIT@CYCLE\n" +
			"or REGISTER.BIT@CYCLE: the bit is inverted after the clock edge that ends the cycle, and stays so until\n" +
			"something writes it. memory_map.json lists the memories, ir/rtl.txt the registers.",
		Args: one("the build folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Engine, err = driver.ParseEngine(engine); err != nil {
				return err
			}
			if o.Sites, err = driver.ParseSites(sites); err != nil {
				return err
			}
			if o.Faults, err = readFaults(faults, list); err != nil {
				return err
			}
			b, err := driver.Open(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			o.Seed, o.Jobs, o.Progress = a.seed, a.jobs, a.bar.show
			r, err := b.Inject(cmd.Context(), o)
			if err != nil {
				return err
			}
			return a.print(r, func(w io.Writer) { fmt.Fprintf(w, "%swritten to %s\n", r.Text(), o.Out) })
		},
	}
	f := c.Flags()
	f.StringVar(&o.Images, "images", "", "images to run, all of them for each fault")
	f.StringVarP(&o.Out, "out", "o", "", "the folder to write")
	f.StringArrayVar(&faults, "fault", nil, "a fault; may be given several times")
	f.StringVar(&list, "faults", "", "a file with a fault on each line")
	f.IntVar(&o.Random, "random", 0, "draw this many faults, uniform over bits and cycles")
	f.StringVar(&sites, "sites", string(driver.MemorySites), "where drawn faults strike: memories, registers or all")
	f.StringVar(&engine, "engine", string(driver.GoSim), "interp, go or verilator")
	labelFlags(c, &o.Labels, &o.Ignore)
	required(c, "images", "out")
	return c
}

// readFaults reads faults given as flags and in a file; a line may hold a comment behind #.
func readFaults(given []string, file string) ([]rtl.Fault, error) {
	var problems diag.Problems
	var faults []rtl.Fault
	add := func(where, text string) {
		f, err := rtl.ParseFault(text)
		if err != nil {
			problems.Add(diag.Problem{File: file, At: where, What: err.Error()})
			return
		}
		faults = append(faults, f)
	}
	for _, text := range given {
		add("--fault", text)
	}
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, diag.Problem{File: file, What: "it cannot be read: " + err.Error(), Remedy: "give a text file with a fault on each line"}
		}
		for i, line := range strings.Split(string(data), "\n") {
			line, _, _ = strings.Cut(line, "#")
			if line = strings.TrimSpace(line); line != "" {
				add(fmt.Sprintf("line %d", i+1), line)
			}
		}
	}
	return faults, problems.Err()
}
