package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar shows progress on a terminal, and nothing elsewhere.
type bar struct {
	out  io.Writer
	what string
	b    *progressbar.ProgressBar
}

// show is a progress function for the driver.
func (p *bar) show(what string, done, of int) {
	f, ok := p.out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return
	}
	if p.b == nil || p.b.GetMax() != of {
		p.finish()
		p.b = progressbar.NewOptions(of, progressbar.OptionSetWriter(p.out), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30))
	}
	if p.what != what {
		p.what = what
		p.b.Describe(what)
	}
	_ = p.b.Set(done) // a bar that cannot be drawn is no reason to stop
}

func (p *bar) finish() {
	if p.b != nil {
		_ = p.b.Finish()
		p.b = nil
	}
}
