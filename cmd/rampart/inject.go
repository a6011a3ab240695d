package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"rampart/internal/diag"
	"rampart/internal/driver"
	"rampart/ir/rtl"
)

func (a *app) inject() *cobra.Command {
	var engine, list, sites string
	var faults []string
	o := driver.InjectOptions{}
	var camp campaignFlags
	c := &cobra.Command{
		Use:   "inject BUILD --images IMAGES -o RESULTS (--fault FAULT... | --random N | --campaign FILE)",
		Short: "Flip bits of memories and registers, and tell what that does to the masks",
		Long: "Flip bits, one per run, and tell for each what it does to the masks. A fault is MEMORY[WORD].BIT@CYCLE\n" +
			"or REGISTER.BIT@CYCLE: the bit is inverted after the clock edge that ends the cycle, and stays so until\n" +
			"something writes it. memory_map.json lists the memories, ir/rtl.txt the registers.\n\n" +
			"With --campaign it runs a whole campaign that a YAML file describes, or a TensorFI2 configuration: on the\n" +
			"hardware, parameters or activations of a build, or, given MODEL.onnx, on those of the float network.",
		Args: one("the build folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if camp.file != "" {
				return a.campaign(cmd, args[0], &camp, &o)
			}
			if err := camp.alone(cmd); err != nil {
				return err
			}
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
	camp.add(c)
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
