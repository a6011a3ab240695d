package rt

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"rampart/sim/drive"
)

func TestLaneHelpers(t *testing.T) {
	assert.EqualValues(t, 1, Bit(true))
	assert.EqualValues(t, 0, Bit(false))
	assert.EqualValues(t, -3, Pick(true, int8(-3), 4))
	assert.EqualValues(t, 4, Pick(false, int8(-3), 4))
	s := []int16{5, 6}
	assert.EqualValues(t, 6, At(s, uint8(1)))
	assert.Zero(t, At(s, uint64(1)<<63), "beyond the end")
	assert.Zero(t, At(s, int8(-1)))
	assert.Equal(t, 2, Word(uint8(2), 3))
	assert.Equal(t, 0, Word(uint8(3), 3), "beyond the memory: word 0")
	assert.EqualValues(t, -1, Wrap[int8](0x7f, 7))
	assert.EqualValues(t, 0x7f, Wrap[uint8](0xff, 7))
	assert.EqualValues(t, -1, Wrap[int64](^uint64(0), 64))
}

// Packing is checked against a bit at a time.
func TestPackAgainstBits(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for bits := uint(1); bits <= 64; bits++ {
		lanes := make([]int64, 5)
		for i := range lanes {
			lanes[i] = Wrap[int64](r.Uint64(), bits)
		}
		packed := Pack(make([]byte, (5*bits+7)/8), lanes, bits)
		for b := range 5 * bits {
			require.Equal(t, byte(lanes[b/bits]>>(b%bits))&1, packed[b/8]>>(b%8)&1, "%d bits a lane, bit %d", bits, b)
		}
		again := make([]int64, 5)
		Unpack(again, bits, packed)
		require.Equal(t, lanes, again)

		single := make([]uint8, 5*bits)
		for _, pos := range []uint{0, 1, 63, 64} {
			words := make([]uint64, (pos+5*bits)/64+2)
			Put(words, pos, lanes, bits)
			Get(single, 1, words, pos)
			for b, v := range single {
				require.Equal(t, packed[b/8]>>(b%8)&1, v)
			}
			clear(words)
			Put(words, pos, single, 1)
			Get(again, bits, words, pos)
			require.Equal(t, lanes, again)
		}
	}
}

func TestLoad(t *testing.T) {
	lanes := make([]int16, 2)
	Load(lanes, "\xfe\xff\x02\x01")
	assert.Equal(t, []int16{-2, 0x102}, lanes)
}

func TestStates(t *testing.T) {
	memory, scalar := []int8{1, -2, 3, -4}, uint16(0x1ff)
	words, reg := Cells(memory, 2, 5), Cell(&scalar, 9)
	words.Flip(1, 9) // the sign of lane 1 of word 1
	assert.Equal(t, []int8{1, -2, 3, 12}, memory)
	reg.Flip(0, 8)
	assert.EqualValues(t, 0xff, scalar)
	assert.False(t, words.Bit(1, 9))
	assert.True(t, words.Bit(1, 7), "12 is 01100")
	assert.True(t, words.Bit(0, 9), "-2 is 11110")
	assert.True(t, reg.Bit(0, 7))
	assert.False(t, reg.Bit(0, 8))

	h := uint64(fnvOffset)
	for _, b := range []byte{0xc1, 0x03, 0x83, 0x01, 0xff, 0x00} { // two words and the register
		h = (h ^ uint64(b)) * fnvPrime
	}
	assert.Equal(t, h, Hash([]State{words, reg}))
}

// echo is a design of one register that takes what in_data shows.
type echo struct{ value uint8 }

type echoCore struct {
	live *echo
	data byte
}

func (c *echoCore) Get(port int) []byte { return []byte{[]byte{1, 1, c.live.value}[port]} }
func (c *echoCore) Set(port int, packed []byte) {
	if port == 1 {
		c.data = packed[0]
	}
}
func (c *echoCore) Step() { c.live.value = c.data }

// conversation sends requests to a machine and gives status and payload of each reply.
func conversation(t *testing.T, requests ...[]byte) (status []byte, replies [][]byte) {
	t.Helper()
	live := &echo{value: 3}
	m := Machine[echo]{
		Live: live, Core: &echoCore{live: live}, Fingerprint: 99, Wake: func(*echo) {},
		States: []State{Cell(&live.value, 8)},
		Ports: drive.Ports{In: []drive.Stream{{Name: "in", Valid: 0, Data: 1, Ready: 0, Bits: 8}},
			Out: []drive.Stream{{Name: "out", Valid: 1, Data: 2, Ready: 2, Bits: 8}}, Outputs: 3},
	}
	var in, out bytes.Buffer
	for _, r := range requests {
		in.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(r))))
		in.Write(r)
	}
	require.NoError(t, m.Serve(&in, &out))
	for out.Len() > 0 {
		n := binary.LittleEndian.Uint32(out.Next(4))
		reply := bytes.Clone(out.Next(int(n)))
		status, replies = append(status, reply[0]), append(replies, reply[1:])
	}
	return status, replies
}

func TestServe(t *testing.T) {
	slot := []byte{7, 0, 0, 0}
	flip := append([]byte{opFlip}, make([]byte, 16)...)
	flip[5] = 1
	status, replies := conversation(t,
		[]byte{opHello}, append([]byte{opSave}, slot...), flip, []byte{opHash},
		append([]byte{opRestore}, slot...), []byte{opHash}, []byte{opReset}, []byte{opHash}, []byte{opQuit}, []byte{opHash})
	assert.Equal(t, make([]byte, 9), status, "all succeed; nothing is answered after quit")
	assert.Equal(t, []byte{version, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0}, replies[0])
	hash := func(v byte) []byte {
		return binary.LittleEndian.AppendUint64(nil, fnv(fnvOffset, v))
	}
	assert.Equal(t, hash(1), replies[3], "flipped")
	assert.Equal(t, hash(3), replies[5], "restored")
	assert.Equal(t, hash(3), replies[7], "reset")
}

func TestServeRun(t *testing.T) {
	le := binary.LittleEndian
	for model, want := range map[byte][]byte{
		flipped: {3, 8 ^ 1, 9, 8}, // the initial value, then the beats, the first with its lowest bit flipped
		stuck0:  {3, 8, 9 &^ 1, 8},
		stuck1:  {3, 8 | 1, 9, 8 | 1},
	} {
		run := le.AppendUint32([]byte{opRun}, 1)
		run = append(le.AppendUint64(run, 4), 8, 9, 8, 7) // beats
		run = append(run, make([]byte, 32)...)            // no throttles
		run = le.AppendUint64(le.AppendUint32(run, 1), 0) // one fault, after cycle 0
		run = append(append(run, model), make([]byte, 16)...)
		run = le.AppendUint64(append(run, 0), 0)          // nothing wanted
		run = le.AppendUint64(le.AppendUint64(run, 4), 0) // four cycles
		run = le.AppendUint32(run, 0)                     // no pins
		status, replies := conversation(t, run)
		require.Equal(t, []byte{0}, status)
		r := replies[0]
		assert.Equal(t, byte(drive.Limit), r[0])
		assert.EqualValues(t, 4, le.Uint64(r[1:]))
		outputs := r[17:]
		assert.EqualValues(t, 1, le.Uint32(outputs))
		assert.EqualValues(t, 4, le.Uint64(outputs[4:]))
		assert.Equal(t, want, outputs[12:16], "model %d", model)
	}
}

func TestServeRefuses(t *testing.T) {
	odd := append([]byte{opRun}, make([]byte, 4+32)...)
	odd = append(append(append(odd, 1, 0, 0, 0), make([]byte, 8)...), stuck1+1)
	odd = append(odd, make([]byte, 16+1+8+16)...)
	status, replies := conversation(t, []byte{77}, []byte{opFlip, 1}, []byte{opRestore, 9, 0, 0, 0}, []byte{opTrace}, odd, []byte{opAccesses})
	assert.Equal(t, []byte{1, 1, 1, 1, 1, 1}, status)
	for i, want := range []string{"unknown request 77", "ends early", "slot 9", "Verilator", "unknown fault model", "keeps no record"} {
		assert.Contains(t, string(replies[i]), want)
	}
	m := Machine[echo]{Live: &echo{}}
	assert.Error(t, m.Serve(bytes.NewReader([]byte{9, 0, 0, 0, opHash}), &bytes.Buffer{}), "a request that ends early")
	assert.Error(t, m.Serve(bytes.NewReader(make([]byte, 5)), &bytes.Buffer{}), "an empty request")
}
