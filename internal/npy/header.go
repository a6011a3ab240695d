package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const magic = "\x93NUMPY"

// maxDims is NumPy's own limit.
const maxDims = 64

type header struct {
	descr   string
	fortran bool
	shape   []int
}

// parse splits a file into its header and the bytes of its elements.
func parse(data []byte) (header, []byte, error) {
	if len(data) < len(magic)+2 || string(data[:len(magic)]) != magic {
		return header{}, nil, errors.New("this is not a NumPy .npy file")
	}
	major, rest := data[len(magic)], data[len(magic)+2:]
	lengthBytes := 4
	switch major {
	case 1:
		lengthBytes = 2
	case 2, 3:
	default:
		return header{}, nil, fmt.Errorf("NumPy format version %d is not known", major)
	}
	if len(rest) < lengthBytes {
		return header{}, nil, errors.New("the file ends within its header")
	}
	length := uint64(binary.LittleEndian.Uint16(rest))
	if lengthBytes == 4 {
		length = uint64(binary.LittleEndian.Uint32(rest))
	}
	rest = rest[lengthBytes:]
	if uint64(len(rest)) < length {
		return header{}, nil, errors.New("the file ends within its header")
	}
	h, err := parseDict(string(rest[:length]))
	if err != nil {
		return header{}, nil, fmt.Errorf("damaged header: %w", err)
	}
	return h, rest[length:], nil
}

// parseDict reads the Python dictionary of a header: three keys, in any order.
func parseDict(text string) (header, error) {
	p := &parser{rest: text}
	var h header
	seen := map[string]bool{}
	if err := p.expect("{"); err != nil {
		return h, err
	}
	for !p.accept("}") {
		key, err := p.quoted()
		if err != nil {
			return h, err
		}
		if seen[key] {
			return h, fmt.Errorf("key %q stands twice", key)
		}
		seen[key] = true
		if err := p.expect(":"); err != nil {
			return h, err
		}
		switch key {
		case "descr":
			h.descr, err = p.quoted()
		case "fortran_order":
			h.fortran, err = p.boolean()
		case "shape":
			h.shape, err = p.tuple()
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return h, err
		}
		if !p.accept(",") {
			if err := p.expect("}"); err != nil {
				return h, err
			}
			break
		}
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			return h, fmt.Errorf("key %q is missing", key)
		}
	}
	if rest := strings.TrimSpace(p.rest); rest != "" {
		return h, fmt.Errorf("unexpected %.20q after the dictionary", rest)
	}
	return h, nil
}

// parser reads the few Python literals that a header holds.
type parser struct{ rest string }

func (p *parser) accept(token string) bool {
	p.rest = strings.TrimLeft(p.rest, " \t\r\n")
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) expect(token string) error {
	if !p.accept(token) {
		return fmt.Errorf("expected %q at %.20q", token, p.rest)
	}
	return nil
}

func (p *parser) quoted() (string, error) {
	for _, quote := range []string{"'", `"`} {
		if !p.accept(quote) {
			continue
		}
		s, rest, ok := strings.Cut(p.rest, quote)
		if !ok {
			return "", errors.New("a string has no end")
		}
		p.rest = rest
		return s, nil
	}
	return "", fmt.Errorf("expected a string at %.20q (arrays of records are not supported)", p.rest)
}

func (p *parser) boolean() (bool, error) {
	if p.accept("True") {
		return true, nil
	}
	if p.accept("False") {
		return false, nil
	}
	return false, fmt.Errorf("expected True or False at %.20q", p.rest)
}

func (p *parser) tuple() ([]int, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	shape := []int{}
	for !p.accept(")") {
		p.accept("") // skip blanks
		end := strings.IndexFunc(p.rest, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			return nil, errors.New("the shape has no end")
		}
		n, err := strconv.Atoi(p.rest[:end])
		if err != nil {
			return nil, fmt.Errorf("expected a dimension at %.20q", p.rest)
		}
		p.rest = p.rest[end:]
		p.accept("L") // Python 2 wrote long integers so
		if shape = append(shape, n); len(shape) > maxDims {
			return nil, fmt.Errorf("more than %d dimensions", maxDims)
		}
		if !p.accept(",") {
			if err := p.expect(")"); err != nil {
				return nil, err
			}
			break
		}
	}
	return shape, nil
}
