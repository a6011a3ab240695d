package rtl

import (
	"regexp"
	"strings"
)

var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// badName tells why a name cannot be used in every output language, or "".
func badName(name string) string {
	switch {
	case !identifier.MatchString(name):
		return "is not a letter followed by letters, digits and underscores"
	case reserved[name] != "":
		return "is " + reserved[name]
	}
	return ""
}

// namesUnique checks all names of one module, which share one name space as in Verilog.
func (c *moduleCheck) namesUnique() {
	seen := map[string]string{}
	claim := func(what, name string) {
		if why := badName(name); why != "" {
			c.bad("", "%s %q: the name %s", what, name, why)
		}
		if other := seen[name]; other != "" {
			c.bad(name, "the name is given to %s and to %s", other, what)
		}
		seen[name] = what
	}
	for _, n := range c.m.Nodes {
		if n != nil && n.Name != "" {
			claim("a node", n.Name)
		}
	}
	for _, o := range c.m.Outputs {
		claim("an output port", o.Name)
	}
	for _, mem := range c.m.Mems {
		claim("a memory", mem.Name)
	}
	for _, i := range c.m.Insts {
		claim("an instance", i.Name)
	}
}

// reserved holds the words that no name may be, and why.
var reserved = reservedWords()

func reservedWords() map[string]string {
	words := map[string]string{"clk": "the implied clock", "rst": "the implied reset"}
	for _, list := range []struct{ why, words string }{
		{"a keyword of Verilog", verilogWords},
		{"a keyword of SystemVerilog", systemVerilogWords},
		{"a keyword of C", cWords},
		{"a keyword of Go", goWords},
	} {
		for _, w := range strings.Fields(list.words) {
			if words[w] == "" {
				words[w] = list.why
			}
		}
	}
	return words
}

// IEEE 1364-2005, annex B.
const verilogWords = `always and assign automatic begin buf bufif0 bufif1 case casex casez cell cmos config
deassign default defparam design disable edge else end endcase endconfig endfunction endgenerate endmodule
endprimitive endspecify endtable endtask event for force forever fork function generate genvar highz0 highz1
if ifnone incdir include initial inout input instance integer join large liblist library localparam
macromodule medium module nand negedge nmos nor noshowcancelled not notif0 notif1 or output parameter pmos
posedge primitive pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg
release repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed small specify specparam
strong0 strong1 supply0 supply1 table task time tran tranif0 tranif1 tri tri0 tri1 triand trior trireg
unsigned use uwire vectored wait wand weak0 weak1 while wire wor xnor xor`

// IEEE 1800-2017, annex B, beyond those of Verilog.
const systemVerilogWords = `accept_on alias always_comb always_ff always_latch assert assume before bind bins
binsof bit break byte chandle checker class clocking const constraint context continue cover covergroup
coverpoint cross dist do endchecker endclass endclocking endgroup endinterface endpackage endprogram
endproperty endsequence enum eventually expect export extends extern final first_match foreach forkjoin
global iff ignore_bins illegal_bins implements implies import inside int interconnect interface intersect
join_any join_none let local logic longint matches modport nettype new nexttime null package packed priority
program property protected pure rand randc randcase randsequence ref reject_on restrict return s_always
s_eventually s_nexttime s_until s_until_with sequence shortint shortreal soft solve static string strong
struct super sync_accept_on sync_reject_on tagged this throughout timeprecision timeunit type typedef union
unique unique0 until until_with untyped var virtual void wait_order weak wildcard with within`

// ISO C11.
const cWords = `auto break case char const continue default do double else enum extern float for goto if inline
int long register restrict return short signed sizeof static struct switch typedef union unsigned void
volatile while _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert
_Thread_local`

const goWords = `break case chan const continue default defer else fallthrough for func go goto if import
interface map package range return select struct switch type var`
