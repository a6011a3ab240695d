package fault

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"rampart/internal/diag"
	"rampart/internal/yamlform"
)

// plan reads a plan: the word exhaustive, or a mapping of one plan to what it needs.
func (d *decoder) plan(v yamlform.Value) (p Plan) {
	types := []PlanType{Exhaustive, Stratified, Sequential, RandomPlan, ListPlan}
	if !v.IsMap() {
		if p.Type, _ = yamlform.OneOf(v, types...); p.Type != "" && p.Type != Exhaustive {
			v.Fail(string(p.Type)+" needs to know more", "write plan: {"+string(p.Type)+": ...}")
		}
		return p
	}
	m, _ := v.Map()
	if len(m.Keys()) != 1 {
		v.Fail("one plan is due", "write exhaustive, stratified, sequential, random or list")
		return p
	}
	read := map[PlanType]func(*Plan, yamlform.Value){
		Stratified: d.stratified, Sequential: d.sequential, RandomPlan: d.random, ListPlan: d.list,
	}
	for _, t := range types[1:] {
		if in, ok := d.get(m, string(t)); ok {
			p.Type = t
			read[t](&p, in)
		}
	}
	m.Done()
	return p
}

// by reads what strata differ in.
func (d *decoder) by(p *Plan, m *yamlform.Map) {
	v, ok := d.get(m, "by")
	if !ok {
		return
	}
	for _, item := range v.List() {
		b, ok := yamlform.OneOf(item, ByMemory, ByLayer, ByTensor, ByKind, ByBit)
		if ok && slices.Contains(p.By, b) {
			item.Fail("it stands twice", "leave one of them out")
		}
		if ok {
			p.By = append(p.By, b)
		}
	}
}

func (d *decoder) confidence(p *Plan, m *yamlform.Map) {
	p.Confidence = 0.95
	if v, ok := d.get(m, "confidence"); ok {
		p.Confidence, _ = v.Share("confidence above 0 and below 1", inner)
	}
}

func (d *decoder) stratified(p *Plan, v yamlform.Value) {
	m, ok := v.Map()
	if !ok {
		return
	}
	d.by(p, m)
	d.confidence(p, m)
	if v, ok := m.Need("margin", "write margin: by how much an estimate may be off, such as 1%"); ok {
		p.Margin, _ = v.Share("margin above 0 and below 1", inner)
	}
	if v, ok := d.get(m, "t"); ok {
		p.T, _ = v.Float("quantile above 0 and below 100", func(x float64) bool { return x > 0 && x < 100 })
	}
	if v, ok := d.get(m, "p"); ok {
		p.P = d.guesses(v)
	}
	p.Allocation = Each
	if v, ok := d.get(m, "allocation"); ok {
		p.Allocation, _ = yamlform.OneOf(v, Each, Proportional, Neyman, Equal, UniformDraw)
	}
	m.Done()
}

// guesses reads expected shares: one for all, or a list of them with what they are of.
func (d *decoder) guesses(v yamlform.Value) (all []Guess) {
	if !v.IsList() {
		p, _ := v.Share("share above 0 and below 1", inner)
		return []Guess{{P: p}}
	}
	for _, item := range v.List() {
		m, ok := item.Map()
		if !ok {
			continue
		}
		var g Guess
		d.patterns(m, &g.Select)
		if v, ok := m.Need("p", "write p: the share that is expected"); ok {
			g.P, _ = v.Share("share above 0 and below 1", inner)
		}
		m.Done()
		all = append(all, g)
	}
	return all
}

func (d *decoder) sequential(p *Plan, v yamlform.Value) {
	m, ok := v.Map()
	if !ok {
		return
	}
	d.by(p, m)
	d.confidence(p, m)
	if v, ok := m.Need("width", "write width: the length of an interval that is short enough, such as 2%"); ok {
		p.Width, _ = v.Share("width above 0 and below 1", inner)
	}
	p.Batch = 100
	if v, ok := d.get(m, "batch"); ok {
		p.Batch, _ = v.Int(1, 1<<40)
	}
	if v, ok := d.get(m, "max"); ok {
		p.Max, _ = v.Int(1, 1<<40)
	}
	m.Done()
}

func (d *decoder) random(p *Plan, v yamlform.Value) { p.N, _ = v.Int(1, 1<<40) }

// list reads faults, or the file that holds them.
func (d *decoder) list(p *Plan, v yamlform.Value) {
	if v.IsMap() {
		d.listFile(p, v)
		return
	}
	for _, item := range v.List() {
		text, ok := item.Text()
		if !ok {
			continue
		}
		f, err := Parse(text)
		if err != nil {
			item.Fail(err.Error(), "")
			continue
		}
		d.c.at[item.Name()] = item.Pos()
		p.Faults = append(p.Faults, f.String())
	}
	if len(v.List()) == 0 {
		v.Fail("the list is empty", "write a fault")
	}
}

// listFile reads a file of faults, which is named as seen from the campaign's own.
func (d *decoder) listFile(p *Plan, v yamlform.Value) {
	m, _ := v.Map()
	name, ok := m.Need("file", "write file: the name of a file with a fault on each line")
	digest, known := m.Get("sha256")
	m.Done()
	if !ok {
		return
	}
	if p.File, ok = name.Text(); !ok {
		return
	}
	path := p.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(d.c.file), path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		name.Fail("it cannot be read: "+reason(err), "name a file with a fault on each line, as seen from the folder of "+d.c.file)
		return
	}
	sum := sha256.Sum256(text)
	p.SHA256 = hex.EncodeToString(sum[:])
	if known {
		if want, ok := digest.Text(); ok && want != p.SHA256 {
			digest.Fail(path+" is not the file that was meant", "leave it out to take the file as it is")
		}
	}
	faults, err := ReadList(path, text)
	var found diag.Problems
	switch {
	case errors.As(err, &found):
		for _, f := range found {
			d.r.Add(name.Pos(), f)
		}
	case len(faults) == 0:
		name.Fail("it holds no fault", "write one on each line")
	}
	for _, f := range faults {
		p.Faults = append(p.Faults, f.String())
	}
}

func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// ReadList reads a file of faults, one to a line; # begins a comment. All that is wrong with it is told, as
// diag.Problems.
func ReadList(file string, text []byte) ([]Fault, error) {
	var faults []Fault
	var found diag.Problems
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(splitOutside(line, '#')[0]); line == "" {
			continue
		}
		f, err := Parse(line)
		var p diag.Problem
		switch {
		case errors.As(err, &p):
			p.File, p.At = file, fmt.Sprintf("line %d: %s", i+1, p.At)
			found.Add(p)
		default:
			faults = append(faults, f)
		}
	}
	return faults, found.Err()
}
