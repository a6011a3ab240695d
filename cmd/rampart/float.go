package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"rampart/internal/driver"
	"rampart/internal/picture"
	"rampart/ir/graph"
)

func (a *app) inspect() *cobra.Command {
	var s driver.Size
	c := &cobra.Command{
		Use:   "inspect MODEL.onnx",
		Short: "Show a network's operators, shapes, parameters and multiplications",
		Args:  one("the ONNX file"),
		RunE: func(_ *cobra.Command, args []string) error {
			g, _, err := driver.Import(args[0], s)
			if err != nil {
				return err
			}
			d := graph.Describe(g)
			return a.print(d, func(w io.Writer) { d.Print(w) })
		},
	}
	sizeFlag(c, &s)
	return c
}

func preprocessFlags(c *cobra.Command, p *picture.Preprocess) {
	f := c.Flags()
	f.Float64Var(&p.Scale, "scale", 0, "factor on pixel values (default 1/255 for bytes, 1 for floats)")
	f.Float64SliceVar(&p.Mean, "mean", nil, "subtracted after scaling: one number, or one per channel")
	f.Float64SliceVar(&p.Std, "std", nil, "divided by at last: one number, or one per channel")
}

func (a *app) eval() *cobra.Command {
	var o driver.EvalOptions
	c := &cobra.Command{
		Use:   "eval MODEL.onnx --images IMAGES -o OUT",
		Short: "Run the float reference: OUT/logits.npy and OUT/masks.npy",
		Args:  one("the ONNX file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := noZeros(cmd, "scale"); err != nil {
				return err
			}
			o.Model = args[0]
			o.Progress = a.bar.show
			s, err := driver.Eval(cmd.Context(), o)
			if err != nil {
				return err
			}
			return a.print(s, func(w io.Writer) {
				fmt.Fprintf(w, "%d images", s.Images)
				if s.MIoU != nil {
					fmt.Fprintf(w, ", mIoU %.4f, accuracy %.4f", *s.MIoU, *s.Accuracy)
				}
				fmt.Fprintf(w, "\nwritten to %s\n", o.Out)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&o.Images, "images", "", "images: .npy, a PNG file, or a folder of PNG files")
	f.StringVarP(&o.Out, "out", "o", "", "the folder to write")
	labelFlags(c, &o.Labels, &o.Ignore)
	preprocessFlags(c, &o.Preprocess)
	sizeFlag(c, &o.Size)
	required(c, "images", "out")
	return c
}

func labelFlags(c *cobra.Command, path *string, ignore *int) {
	c.Flags().StringVar(path, "labels", "", "true classes: .npy (NHW), or PNG files")
	c.Flags().IntVar(ignore, "ignore", -1, "label that counts nowhere, -1 for none")
}
