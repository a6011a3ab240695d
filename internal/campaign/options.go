package campaign

import (
	"rampart/internal/driver"
	"rampart/internal/picture"
	"rampart/sim/fault/result"
)

// Options steer a campaign.
type Options struct {
	File       string // the campaign's description
	Images     string
	Labels     string // "" where the truth is not known
	Ignore     int    // label that counts nowhere, below 0 for none
	Border     int    // pixels from the edge that changed pixels are told without, too
	Out        string
	Seed       *uint64 // instead of the description's
	Shard      result.Shard
	CrossCheck int64 // faults replayed on generated Go and on Verilator; below 0 for what the description says
	Confidence float64
	Jobs       int
	Progress   func(what string, done, of int)

	// Of float models alone.
	Policy     string // a file with passes that protect the model; "" for none
	Size       driver.Size
	Preprocess picture.Preprocess
}
