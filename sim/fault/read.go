package fault

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"rampart/internal/yamlform"
	"rampart/sim/fault/result"
)

// Read reads the description of a campaign, or the configuration of TensorFI2, which its keys tell. The file
// names the source in errors: diag.Problems, all of them together.
func Read(file string, text []byte) (*Campaign, error) {
	r := &yamlform.Reader{File: file}
	m, err := yamlform.Read(r, text)
	if err != nil {
		return nil, err
	}
	c := &Campaign{file: file, at: map[string]yamlform.Pos{}}
	d := &decoder{c: c, r: r}
	if isTensorFI(m) {
		d.tensorFI(m)
	} else {
		d.campaign(m)
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	return c, nil
}

// decoder fills in a campaign.
type decoder struct {
	c *Campaign
	r *yamlform.Reader
}

// most bounds numbers of faults, words and the like.
const most = math.MaxInt64

// get is the value of a key of a mapping, whose place is noted for later.
func (d *decoder) get(m *yamlform.Map, key string) (yamlform.Value, bool) {
	v, ok := m.Get(key)
	if ok {
		d.c.at[v.Name()] = v.Pos()
	}
	return v, ok
}

func share(x float64) bool { return x >= 0 && x <= 1 }
func inner(x float64) bool { return x > 0 && x < 1 }

func (d *decoder) campaign(m *yamlform.Map) {
	c := d.c
	if v, ok := m.Need("name", "give the campaign a name"); ok {
		c.Name, _ = v.Text()
	}
	c.Seed = 1
	if v, ok := d.get(m, "seed"); ok {
		c.Seed, _ = v.Uint64()
	}
	if v, ok := m.Need("space", "write space: hardware, parameters or activations"); ok {
		c.at["space"] = v.Pos()
		c.Space, _ = yamlform.OneOf(v, HardwareSpace, ParameterSpace, ActivationSpace)
	}
	c.Format = Fixed
	if v, ok := d.get(m, "format"); ok {
		c.Format, _ = yamlform.OneOf(v, Fixed, FP32)
		if c.Format == FP32 && c.Space == HardwareSpace {
			v.Fail("hardware computes with integers", "leave it out, or set another space")
		}
	}
	if v, ok := d.get(m, "select"); ok {
		c.Select = d.selection(v)
	}
	c.Model = Model{Type: FlipModel}
	if v, ok := d.get(m, "model"); ok {
		c.Model = d.model(v)
	}
	d.when(m)
	if v, ok := m.Need("plan", "write plan: exhaustive, or stratified, sequential, random or list with what they need"); ok {
		c.at["plan"] = v.Pos()
		c.Plan = d.plan(v)
	}
	if v, ok := d.get(m, "images"); ok {
		c.Images = d.images(v)
	}
	c.Critical = result.DefaultThresholds()
	if v, ok := d.get(m, "critical"); ok {
		c.Critical = d.critical(v)
	}
	if v, ok := d.get(m, "cross_check"); ok {
		c.CrossCheck, _ = v.Int(0, most)
		if c.CrossCheck > 0 && (c.Format != Fixed || c.Space == ActivationSpace) {
			v.Fail("only bits that the hardware holds can be replayed on it", "leave it out, or set space: hardware or parameters")
		}
	}
	m.Done()
	d.fits()
}

// selection reads what a campaign strikes.
func (d *decoder) selection(v yamlform.Value) (s Select) {
	m, ok := v.Map()
	if !ok {
		return s
	}
	d.patterns(m, &s)
	if v, ok := d.get(m, "element"); ok {
		s.Element = d.element(v)
	}
	if v, ok := d.get(m, "number"); ok {
		if n, ok := v.Int(0, most); ok {
			s.Number = &n
		}
	}
	m.Done()
	return s
}

// patterns reads the lists of a selection.
func (d *decoder) patterns(m *yamlform.Map, s *Select) {
	for _, l := range lists {
		v, ok := d.get(m, l.key)
		if !ok {
			continue
		}
		if l.key == "memories" && d.c.Space != HardwareSpace && d.c.Space != "" {
			v.Fail("there are none in "+string(d.c.Space), "select tensors, layers or kinds")
		}
		for _, item := range v.List() {
			d.c.at[item.Name()] = item.Pos()
			if text, ok := item.Text(); ok {
				if strings.TrimPrefix(text, "!") == "" {
					item.Fail("the pattern is empty", "write *")
				}
				*l.get(s) = append(*l.get(s), text)
			}
		}
		if v.IsList() && len(v.List()) == 0 {
			v.Fail("the list is empty", "leave it out, or write a pattern")
		}
	}
	if v, ok := d.get(m, "bits"); ok {
		for _, item := range v.List() {
			d.c.at[item.Name()] = item.Pos()
			if r, ok := bitRange(item); ok {
				s.Bits = append(s.Bits, r)
			}
		}
		if v.IsList() && len(v.List()) == 0 {
			v.Fail("the list is empty", "leave it out, or write a bit")
		}
	}
}

func bitRange(v yamlform.Value) (r Range, ok bool) {
	text, ok := v.Text()
	if !ok {
		return r, false
	}
	from, to, two := strings.Cut(text, "-")
	if !two {
		to = from
	}
	a, err := strconv.Atoi(strings.TrimSpace(from))
	b, err2 := strconv.Atoi(strings.TrimSpace(to))
	if err != nil || err2 != nil || a < 0 || b < a {
		v.Fail("it is no bit and no range of bits", "write a number such as 7, or a range such as 0-5")
		return r, false
	}
	return Range{a, b}, true
}

func (d *decoder) element(v yamlform.Value) *Element {
	e := &Element{Order: Flat}
	axes := 1
	if v.IsMap() {
		m, _ := v.Map()
		for _, order := range []ElementOrder{TF, TFLite} {
			if in, ok := m.Get(string(order)); ok {
				e.Order, v = order, in
				axes = len(v.List())
			}
		}
		m.Done()
		if len(m.Keys()) != 1 || e.Order == Flat {
			v.Fail("one order of the axes is due", "write tf: [HEIGHT, WIDTH, IN, OUT] or tflite: [OUT, HEIGHT, WIDTH, IN], or the number of the element")
			return nil
		}
	}
	items := v.List()
	if len(items) != axes || axes != 1 && axes != 4 {
		v.Fail("that is no element", "give four indices, or one for tensors of one axis")
		return nil
	}
	for _, item := range items {
		n, ok := item.Int(0, most)
		if !ok {
			return nil
		}
		e.Index = append(e.Index, n)
	}
	return e
}

// when reads the time, whose default follows from the space.
func (d *decoder) when(m *yamlform.Map) {
	c := d.c
	if c.Space == HardwareSpace {
		c.When = When{Kind: Uniform}
	}
	v, ok := d.get(m, "when")
	if !ok {
		return
	}
	if v.IsMap() {
		in, _ := v.Map()
		cycle, isCycle := in.Get("cycle")
		frame, isFrame := in.Get("frame")
		in.Done()
		switch {
		case isCycle && !isFrame:
			c.When.Kind = Cycle
			c.When.N, _ = cycle.Int(0, most)
			if c.Space != HardwareSpace && c.Space != "" {
				v.Fail("tensors know no cycles", "write frame: N, or leave it out")
			}
		case isFrame && !isCycle:
			c.When.Kind = Frame
			c.When.N, _ = frame.Int(0, most)
		default:
			v.Fail("one time is due", "write cycle: N or frame: N")
		}
		return
	}
	word, ok := yamlform.OneOf(v, "start", "uniform", "always")
	hardware := c.Space == HardwareSpace
	switch {
	case !ok || c.Space == "":
	case word == "start" && hardware:
		c.When = When{Kind: Start}
	case word == "uniform" && hardware:
		c.When = When{Kind: Uniform}
	case word == "always" && !hardware, word == "start" && c.Space == ParameterSpace:
		c.When = When{Kind: Always}
	case hardware:
		v.Fail("hardware is struck at a time", "write start, uniform, cycle: N or frame: N")
	default:
		v.Fail("tensors know no cycles", "write always, or frame: N")
	}
}

func (d *decoder) images(v yamlform.Value) (i Images) {
	if v.IsList() {
		i.List = []int64{}
		for _, item := range v.List() {
			n, ok := item.Int(0, most)
			if ok && slices.Contains(i.List, n) {
				item.Fail("the image stands twice", "leave one of them out")
			}
			if ok {
				i.List = append(i.List, n)
			}
		}
		if len(v.List()) == 0 {
			v.Fail("the list is empty", "write the numbers of images, or all")
		}
		return i
	}
	if text, ok := v.Text(); ok && text != "all" {
		if i.First, ok = v.Int(1, most); !ok {
			return Images{}
		}
	}
	return i
}

// critical reads the thresholds of outcomes; those that are not given do not apply.
func (d *decoder) critical(v yamlform.Value) (t result.Thresholds) {
	m, ok := v.Map()
	if !ok {
		return t
	}
	for _, f := range thresholds {
		if v, ok := m.Get(f.key); ok {
			*f.get(&t), _ = v.Share("share of 1", share)
		}
	}
	m.Done()
	if t == (result.Thresholds{}) {
		v.Fail("no fault would be critical", "give one of miou_drop, class_iou, share and worst_share, above 0")
	}
	return t
}

// thresholds are those of package result by their keys.
var thresholds = []struct {
	key string
	get func(*result.Thresholds) *float64
}{
	{"miou_drop", func(t *result.Thresholds) *float64 { return &t.Drop }},
	{"class_iou", func(t *result.Thresholds) *float64 { return &t.ClassIoU }},
	{"share", func(t *result.Thresholds) *float64 { return &t.Share }},
	{"worst_share", func(t *result.Thresholds) *float64 { return &t.WorstShare }},
}
