package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"rampart/internal/diag"
	"rampart/internal/driver"
)

// sizeFlag adds --size.
func sizeFlag(c *cobra.Command, s *driver.Size) {
	c.Flags().Var((*size)(s), "size", "rows and columns of images, where the model leaves them open: HEIGHTxWIDTH")
}

// size reads an image size as a flag.
type size driver.Size

// String gives nothing for no size, which is the default.
func (s *size) String() string {
	if *s == (size{}) {
		return ""
	}
	return driver.Size(*s).String()
}

// Type is what help calls the flag's value.
func (s *size) Type() string { return "size" }

// Set reads HEIGHTxWIDTH.
func (s *size) Set(text string) error {
	var given size
	if _, err := fmt.Sscanf(text, "%dx%d", &given.Height, &given.Width); err != nil ||
		min(given.Height, given.Width) < 1 || given.String() != text {
		return errors.New("a size is HEIGHTxWIDTH, such as 96x128")
	}
	*s = given
	return nil
}

// noZeros refuses a 0 that was given for flags where the program itself takes 0 for the default.
func noZeros(c *cobra.Command, names ...string) error {
	var ps diag.Problems
	for _, name := range names {
		if f := c.Flags().Lookup(name); f.Changed && f.Value.String() == "0" {
			ps.Add(diag.Problem{At: "--" + name, What: "0 is not possible", Remedy: "give a positive number, or leave it out"})
		}
	}
	return ps.Err()
}
