package worker

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"

	"rampart/internal/diag"
	"rampart/ir/rtl"
	"rampart/sim"
	"rampart/sim/drive"
)

// Start runs cmd, a program made from design d, and returns it as a machine. The context bounds the
// start only; cmd's standard input and output must not be set.
func Start(ctx context.Context, cmd *exec.Cmd, d *rtl.Design) (sim.Machine, error) {
	ports, err := sim.Ports(d.Top)
	if err != nil {
		return nil, err
	}
	c := &client{cmd: cmd, ports: ports, states: d.States(), index: map[string]uint32{}, saved: map[int]int64{}}
	for i, s := range c.states {
		c.index[s.Path] = uint32(i)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	c.stdin, c.in, c.out = stdin, bufio.NewWriter(stdin), bufio.NewReaderSize(stdout, 1<<16)
	if cmd.Stderr == nil {
		cmd.Stderr = &c.stderr
	}
	// A Ctrl-C in a terminal goes to whole groups; when this program ends is for its client to say.
	cmd.SysProcAttr = ownGroup()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	if err := c.hello(ctx, d); err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

// client is the machine that runs in another process.
type client struct {
	cmd    *exec.Cmd
	stdin  io.Closer
	in     *bufio.Writer
	out    *bufio.Reader
	stderr tail
	ports  drive.Ports
	states []*rtl.State
	index  map[string]uint32 // path to place in states
	cycle  int64             // the number of the next cycle
	saved  map[int]int64     // slot to the cycle number kept there
	dead   error             // why no further request can be served
}

func (c *client) hello(ctx context.Context, d *rtl.Design) error {
	r, err := c.call(ctx, opHello, nil)
	if err != nil {
		return err
	}
	version, print := r.u32(), r.u64()
	switch err := r.end(); {
	case err != nil:
		return c.broken(err)
	case version != Version:
		return c.broken(fmt.Errorf("it speaks version %d of the protocol, not %d", version, Version))
	case print != Fingerprint(d):
		return c.broken(errors.New("it was made from another design"))
	}
	return nil
}

// call sends a request and waits for the reply. A context that ends meanwhile ends the program.
func (c *client) call(ctx context.Context, op byte, payload []byte) (*reader, error) {
	if c.dead != nil {
		return nil, c.dead
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.cmd.Process.Kill() })
	defer stop()
	status, reply, err := c.exchange(op, payload)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, c.broken(err)
	}
	if status != 0 {
		return nil, fmt.Errorf("simulator %s: %s", c.cmd.Path, reply)
	}
	return &reader{buf: reply}, nil
}

func (c *client) exchange(op byte, payload []byte) (status byte, reply []byte, err error) {
	if err := writeFrame(c.in, op, payload); err != nil {
		return 0, nil, err
	}
	if err := c.in.Flush(); err != nil {
		return 0, nil, err
	}
	return readFrame(c.out)
}

// broken marks the machine as unusable and says why.
func (c *client) broken(err error) error {
	err = fmt.Errorf("simulator %s failed: %w", c.cmd.Path, err)
	c.kill()
	if last := strings.TrimSpace(c.stderr.String()); last != "" {
		err = fmt.Errorf("%w\n%s", err, last)
	}
	c.dead = err
	return err
}

// plain is a call without a payload in the reply.
func (c *client) plain(op byte, payload []byte) error {
	r, err := c.call(context.Background(), op, payload)
	if err != nil {
		return err
	}
	if err := r.end(); err != nil {
		return c.broken(err)
	}
	return nil
}

// Reset brings the design to its initial state.
func (c *client) Reset() error {
	if err := c.plain(opReset, nil); err != nil {
		return err
	}
	c.cycle = 0
	return nil
}

// Save keeps the state under a number.
func (c *client) Save(slot int) error {
	if err := c.slot(opSave, slot); err != nil {
		return err
	}
	c.saved[slot] = c.cycle
	return nil
}

// Restore returns to a state that was saved.
func (c *client) Restore(slot int) error {
	cycle, ok := c.saved[slot]
	if !ok {
		return fmt.Errorf("simulator %s: nothing was saved in slot %d", c.cmd.Path, slot)
	}
	if err := c.slot(opRestore, slot); err != nil {
		return err
	}
	c.cycle = cycle
	return nil
}

func (c *client) slot(op byte, slot int) error {
	if slot < 0 || slot > math.MaxInt32 {
		return fmt.Errorf("simulator %s: %d is no slot number", c.cmd.Path, slot)
	}
	var w writer
	w.u32(uint32(slot))
	return c.plain(op, w.buf)
}

// Flip inverts one bit of state.
func (c *client) Flip(site rtl.Site) error {
	b, err := c.locate(site)
	if err != nil {
		return err
	}
	var w writer
	w.bit(b)
	return c.plain(opFlip, w.buf)
}

// Hash is the hash of all state.
func (c *client) Hash() (uint64, error) {
	r, err := c.call(context.Background(), opHash, nil)
	if err != nil {
		return 0, err
	}
	h := r.u64()
	if err := r.end(); err != nil {
		return 0, c.broken(err)
	}
	return h, nil
}

// Trace writes the waveform of what follows to a file, until the next call; an empty name ends it. The
// program must have been built to do so.
func (c *client) Trace(file string) error {
	var w writer
	w.bytes([]byte(file))
	return c.plain(opTrace, w.buf)
}

// Accesses is the record of accesses to memories since the last reset: see access.Recorder. The program must
// have been built to keep one.
func (c *client) Accesses() ([]byte, error) {
	r, err := c.call(context.Background(), opAccesses, nil)
	if err != nil {
		return nil, err
	}
	return r.buf, nil
}

// Close ends the program.
func (c *client) Close() error {
	if c.dead != nil {
		return nil
	}
	err := c.plain(opQuit, nil)
	if err != nil {
		return err
	}
	c.dead = errors.New("simulator " + c.cmd.Path + " was closed")
	_ = c.stdin.Close()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("simulator %s: %w", c.cmd.Path, err)
	}
	return nil
}

// kill ends the program, if it still runs, and waits until stderr is complete. How it ended tells
// nothing that the caller does not know better.
func (c *client) kill() {
	if c.cmd.ProcessState != nil {
		return
	}
	_ = c.stdin.Close()
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
}

// locate finds a site among the states.
func (c *client) locate(s rtl.Site) (bit, error) {
	bad := func(what string) (bit, error) {
		return bit{}, diag.Problem{At: s.String(), What: what}
	}
	i, ok := c.index[s.Path]
	if !ok {
		return bad("the design has no such register or memory")
	}
	st := c.states[i]
	switch {
	case s.Mem != (st.Depth > 0):
		if s.Mem {
			return bad("this is a register and has no words")
		}
		return bad("this is a memory; name the word as MEMORY[WORD].BIT")
	case s.Word < 0 || s.Word >= max(1, st.Depth):
		return bad(fmt.Sprintf("the memory has %d words", st.Depth))
	case s.Bit < 0 || s.Bit >= st.Type.Width():
		return bad(fmt.Sprintf("it has %d bits", st.Type.Width()))
	}
	return bit{state: i, bit: uint32(s.Bit), word: uint64(s.Word)}, nil
}

// tail keeps the last bytes written to it.
type tail struct{ buf bytes.Buffer }

const tailBytes = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.buf.Write(p)
	if extra := t.buf.Len() - tailBytes; extra > 0 {
		t.buf.Next(extra)
	}
	return len(p), nil
}

func (t *tail) String() string { return t.buf.String() }
