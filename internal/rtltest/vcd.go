package rtltest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// VCD is a waveform read back. A variable is named by its scopes and its own name, joined by dots.
type VCD struct {
	Unit   string // of time
	Times  []int64
	Width  map[string]int              // of each variable, in bits
	Values map[string]map[int64]string // of each variable at each time, in binary digits
}

// ReadVCD reads what the engines write, and is strict: every bit is written, no name occurs twice, time
// only goes on.
func ReadVCD(text string) (*VCD, error) {
	r := vcdReader{
		VCD:   &VCD{Width: map[string]int{}, Values: map[string]map[int64]string{}},
		names: map[string][]string{}, now: map[string]string{},
	}
	n := 0
	for line := range strings.Lines(text) {
		n++
		if err := r.line(strings.Fields(line)); err != nil {
			return nil, fmt.Errorf("line %d, %q: %w", n, line, err)
		}
	}
	r.keep()
	return r.VCD, nil
}

type vcdReader struct {
	*VCD
	scopes []string
	body   bool                // the declarations are over
	names  map[string][]string // variables by their short names
	now    map[string]string   // the value of each variable
}

func (r *vcdReader) line(f []string) error {
	switch {
	case len(f) == 0:
		return nil
	case f[0] == "$enddefinitions" && len(r.scopes) == 0:
		r.body = true
		return nil
	case !r.body:
		return r.declaration(f)
	case f[0][0] == '#':
		return r.time(f[0][1:])
	case f[0][0] == 'b' && len(f) == 2:
		return r.change(f[1], f[0][1:])
	case strings.HasPrefix(f[0], "0"), strings.HasPrefix(f[0], "1"):
		return r.change(f[0][1:], f[0][:1])
	}
	return fmt.Errorf("not understood")
}

func (r *vcdReader) declaration(f []string) error {
	switch {
	case f[0] == "$scope" && len(f) == 4:
		r.scopes = append(r.scopes, f[2])
	case f[0] == "$upscope" && len(r.scopes) > 0:
		r.scopes = r.scopes[:len(r.scopes)-1]
	case f[0] == "$var" && len(f) >= 6: // $var KIND WIDTH SHORT NAME [RANGE] $end
		name := strings.Join(append(slices.Clone(r.scopes), f[4]), ".")
		if _, twice := r.Width[name]; twice {
			return fmt.Errorf("%s is declared twice", name)
		}
		width, err := strconv.Atoi(f[2])
		if err != nil {
			return err
		}
		r.Width[name], r.Values[name] = width, map[int64]string{}
		r.names[f[3]] = append(r.names[f[3]], name)
	case f[0] == "$timescale" && len(f) > 2:
		r.Unit = strings.Join(f[1:len(f)-1], "")
	case f[0] == "$version", f[0] == "$date":
	default:
		return fmt.Errorf("not understood")
	}
	return nil
}

func (r *vcdReader) time(digits string) error {
	at, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return err
	}
	if n := len(r.Times); n > 0 && at <= r.Times[n-1] {
		return fmt.Errorf("time goes back")
	}
	r.keep()
	r.Times = append(r.Times, at)
	return nil
}

// keep files the values of the last time.
func (r *vcdReader) keep() {
	if len(r.Times) == 0 {
		return
	}
	for name, v := range r.now {
		r.Values[name][r.Times[len(r.Times)-1]] = v
	}
}

func (r *vcdReader) change(short, digits string) error {
	if len(r.names[short]) == 0 {
		return fmt.Errorf("no such variable")
	}
	for _, name := range r.names[short] {
		if len(digits) != r.Width[name] {
			return fmt.Errorf("%s has %d bits", name, r.Width[name])
		}
		r.now[name] = digits
	}
	return nil
}

// Compare tells where two waveforms differ in times, or in a variable that both have; scope is what the
// names in b begin with and those in a do not. It returns how many variables both have.
func (a *VCD) Compare(b *VCD, scope string) (common int, err error) {
	if a.Unit != b.Unit || !slices.Equal(a.Times, b.Times) {
		return 0, fmt.Errorf("times differ: %s and %s", a.span(), b.span())
	}
	for _, name := range slices.Sorted(maps.Keys(a.Width)) {
		width, both := b.Width[scope+name]
		if !both {
			continue
		}
		common++
		if width != a.Width[name] {
			return common, fmt.Errorf("%s has %d and %d bits", name, a.Width[name], width)
		}
		for _, at := range a.Times {
			if x, y := a.Values[name][at], b.Values[scope+name][at]; x != y {
				return common, fmt.Errorf("%s at %d is %s and %s", name, at, x, y)
			}
		}
	}
	return common, nil
}

// span tells how many times there are, and the first and the last.
func (a *VCD) span() string {
	n := len(a.Times)
	if n == 0 {
		return "none"
	}
	return fmt.Sprintf("%d from %d to %d %s", n, a.Times[0], a.Times[n-1], a.Unit)
}
