package fault

import (
	"fmt"
	"strconv"
	"strings"

	"rampart/internal/diag"
)

// Parse reads the text of a fault, see Fault.String.
func Parse(text string) (Fault, error) {
	text = strings.TrimSpace(text)
	if text == "none" {
		return Fault{}, nil
	}
	var f Fault
	for _, part := range splitOutside(text, '+') {
		u, why := parseUpset(strings.TrimSpace(part))
		if why != "" {
			return nil, diag.Problem{
				At: fmt.Sprintf("fault %q", text), What: why,
				Remedy: "write MEMORY[WORD].BIT@CYCLE, REGISTER.BIT@CYCLE or NODE.TENSOR[INDEX].BIT, =0 or =1 after the bit where it is stuck, + between upsets",
			}
		}
		f = append(f, u)
	}
	return f, nil
}

// splitOutside splits a text at a character that stands outside of quoted names.
func splitOutside(text string, sep byte) []string {
	var parts []string
	from := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			if q, err := strconv.QuotedPrefix(text[i:]); err == nil {
				i += len(q) - 1
			}
		case sep:
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// cutLast cuts a text at the last of a character that stands outside of quoted names.
func cutLast(text string, sep byte) (before, after string, ok bool) {
	parts := splitOutside(text, sep)
	if len(parts) == 1 {
		return text, "", false
	}
	after = parts[len(parts)-1]
	return text[:len(text)-len(after)-1], after, true
}

// parseUpset reads one upset from the right: the time, the action, the bit, the word, the place.
func parseUpset(text string) (u Upset, why string) {
	u = Upset{Bit: AllBits, Word: NoWord}
	text, when, timed := cutLast(text, '@')
	if timed {
		if why = u.When.parse(when); why != "" {
			return u, why
		}
	}
	text, action, acts := cutLast(text, '=')
	text, why = u.parseSite(text)
	if why != "" {
		return u, why
	}
	if acts {
		if why = u.parseAction(action); why != "" {
			return u, why
		}
	}
	switch {
	case u.Bit == AllBits && u.Action < Write:
		return u, "no bit"
	case u.Bit != AllBits && u.Action >= Write:
		return u, "a whole element is written, not a bit"
	case u.Word == Scattered && u.Bit != AllBits:
		return u, "several elements are written whole"
	}
	if hardware := u.When.Kind == Start || u.When.Kind == Cycle; hardware {
		if strings.ContainsFunc(text, func(r rune) bool { return odd(r) || r == '/' || r == ':' || r == '-' }) || text == "" {
			return u, "no memory or register has such a name"
		}
		if u.Action >= Write {
			return u, "only tensors are written whole"
		}
		u.Place = text
		return u, ""
	}
	if u.Word == NoWord {
		return u, "no index, as a tensor has one; a register has a cycle"
	}
	return u, u.parsePlace(text)
}

// parse reads what stands behind the @.
func (w *When) parse(text string) (why string) {
	if text == "start" {
		w.Kind = Start
		return ""
	}
	number, frame := strings.CutPrefix(text, "frame")
	n, ok := number63(number, 10)
	if !ok {
		return "behind the @ there is no cycle, no start and no frame"
	}
	w.Kind, w.N = Cycle, n
	if frame {
		w.Kind = Frame
	}
	return ""
}

// parseSite takes word and bit off the end of a site.
func (u *Upset) parseSite(text string) (place, why string) {
	if !strings.HasSuffix(text, "]") {
		dot := strings.LastIndexByte(text, '.')
		n, ok := number63(text[dot+1:], 10)
		if dot <= 0 || !ok || n > maxBit {
			return "", "no bit"
		}
		u.Bit, text = int(n), text[:dot]
	}
	if !strings.HasSuffix(text, "]") {
		return text, ""
	}
	place, index, ok := cutLast(text[:len(text)-1], '[')
	if !ok {
		return "", "no [ before the ]"
	}
	if count, key, many := strings.Cut(index, ":"); many {
		n, ok := number63(count, 10)
		k, err := strconv.ParseUint(key, 16, 64)
		if !ok || n == 0 || err != nil || key != strconv.FormatUint(k, 16) {
			return "", "in the brackets there is no number of elements and no key"
		}
		u.Word, u.Count, u.Key = Scattered, n, k
		return place, ""
	}
	if u.Word, ok = number63(index, 10); !ok {
		return "", "in the brackets there is no number from 0 on"
	}
	return place, ""
}

// maxBit bounds the width of a word.
const maxBit = 1 << 30

func (u *Upset) parseAction(text string) (why string) {
	kind, key, keyed := strings.Cut(text, "/")
	hex, isHex := strings.CutPrefix(text, "0x")
	switch {
	case text == "0":
		u.Action = Stuck0
		return ""
	case text == "1":
		u.Action = Stuck1
		return ""
	case isHex:
		u.Action, key = Write, hex
	case keyed && kind == "random":
		u.Action = RandomBits
	case keyed && kind == "unit":
		u.Action = RandomUnit
	default:
		return "behind the = there is no 0, no 1 and no 0xVALUE"
	}
	v, err := strconv.ParseUint(key, 16, 64)
	if err != nil || key != strconv.FormatUint(v, 16) {
		return "behind the = there is no value in hexadecimal digits"
	}
	if u.Action == Write {
		u.Value = v
		return ""
	}
	if u.Word == Scattered && u.Key != v {
		return "the elements and their values have different keys"
	}
	u.Key = v
	return ""
}

// parsePlace reads the name of a tensor, and quotes it as TensorName does.
func (u *Upset) parsePlace(text string) (why string) {
	node, field := "", ""
	if q, err := strconv.QuotedPrefix(text); err == nil && q[0] == '"' {
		node, _ = strconv.Unquote(q) // QuotedPrefix has checked it
		rest, ok := strings.CutPrefix(text[len(q):], ".")
		if !ok {
			return "no tensor behind the node"
		}
		field = rest
	} else {
		dot := strings.LastIndexByte(text, '.')
		if dot <= 0 || strings.ContainsFunc(text, odd) {
			return "no node and tensor joined by a dot; quote a node's name that holds odd characters"
		}
		node, field = text[:dot], text[dot+1:]
	}
	if field == "" || strings.ContainsFunc(field, func(r rune) bool { return odd(r) || strings.ContainsRune("/.:-", r) }) {
		return "no tensor behind the node"
	}
	u.Place = TensorName(node, field)
	return ""
}

// number63 reads a number from 0 on as it is written by %d: no sign, no leading zeros.
func number63(text string, base int) (int64, bool) {
	n, err := strconv.ParseUint(text, base, 63)
	if err != nil || text != strconv.FormatUint(n, base) {
		return 0, false
	}
	return int64(n), true
}
