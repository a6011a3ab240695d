// The design as Verilator has it: its clock, its ports, its state as bytes.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "Vdut.h"
#include "verilated.h"
#include "verilated_sym_props.h"
#include "verilated_syms.h"
#ifdef TRACE
#include "verilated_vcd_c.h"
#endif

class Vdut___024root;
void Vdut___024root___eval_settle(Vdut___024root* vlSelf);

// Strike is a fault model, numbered as on the wire.
enum Strike : uint8_t { kFlip, kStuck0, kStuck1 };

struct StateRow {
    const char* scope;
    const char* name;
    uint32_t bits;
    uint64_t depth;  // 0 for a register
};

struct Port {
    uint8_t* at;
    size_t bytes;
};

struct Stream {
    int valid, ready, data;
};

#include "design.h"

[[noreturn]] inline void die(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

constexpr uint64_t kFnvOffset = 14695981039346656037ull;

inline uint64_t fnv(uint64_t h, const uint8_t* p, size_t n) {
    for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * 1099511628211ull;
    return h;
}

// State is a register, read port or memory where Verilator keeps it.
struct State {
    uint8_t* at;
    size_t stride;  // bytes from word to word
    size_t bytes;   // bytes of a packed word
    size_t words;
    bool memory;

    size_t size() const { return stride * words; }
};

// Verilator keeps up to 8, 16, 32, 64 bits in an integer of that size, and more in 32-bit words.
inline size_t strideOf(uint32_t bits) {
    if (bits <= 8) return 1;
    if (bits <= 16) return 2;
    if (bits <= 32) return 4;
    if (bits <= 64) return 8;
    return 4 * ((bits + 31) / 32);
}

using Image = std::vector<uint8_t>;

// Model is the design, its clock and its state.
class Model {
public:
    Model() : context_(new VerilatedContext), top_(new Vdut(context_.get())) {
#ifdef TRACE
        context_->traceEverOn(true);
#endif
        top_->clk = 0;
        top_->rst = 0;
        top_->eval();  // runs the initial blocks
        for (const StateRow* row = kStates; row->scope; row++) states_.push_back(find(*row));
        in = inputPorts(top_.get());
        out = outputPorts(top_.get());
        const Image contents = image();
        top_->rst = 1;
        step(0);
        top_->rst = 0;
        restore(contents, true);
        initial_ = image();
    }

    ~Model() { trace(""); }

    // step is one clock cycle; afterwards the output ports are those of the next. In a waveform cycle c
    // is the time from 10c on, which begins with the edge that ends the cycle before: the clock is 1 for
    // five units and then 0.
    void step(int64_t cycle) {
#ifdef TRACE
        if (vcd_) top_->eval();  // what hangs on the inputs, which are those of this cycle by now
#endif
        dump(10 * cycle);
        top_->clk = 0;
        top_->eval();
        dump(10 * cycle + 5);
        top_->clk = 1;
        top_->eval();
    }

    // settle makes everything that hangs on the state follow after it was written from outside.
    void settle() { Vdut___024root___eval_settle(top_->rootp); }

    void reset() { restore(initial_, false); }

    Image image() const {
        Image all;
        for (const State& s : states_) all.insert(all.end(), s.at, s.at + s.size());
        return all;
    }

    // restore writes state back: all of it, or what a reset leaves alone.
    void restore(const Image& all, bool memoriesOnly) {
        size_t pos = 0;
        for (const State& s : states_) {
            if (s.memory || !memoriesOnly) std::memcpy(s.at, &all[pos], s.size());
            pos += s.size();
        }
        settle();
    }

    // strike does to one bit what a fault model says; the model of the design settles where it changed.
    bool strike(uint32_t state, uint64_t word, uint32_t bit, Strike model) {
        if (state >= states_.size()) return false;
        const State& s = states_[state];
        if (word >= s.words || bit >= kStates[state].bits) return false;
        uint8_t& byte = s.at[word * s.stride + bit / 8];
        const uint8_t mask = static_cast<uint8_t>(1u << (bit % 8));
        if (model == kFlip || ((byte & mask) != 0) != (model == kStuck1)) {
            byte ^= mask;
            settle();
        }
        return true;
    }

    uint64_t hash() const {
        uint64_t h = kFnvOffset;
        for (const State& s : states_) {
            for (size_t w = 0; w < s.words; w++) h = fnv(h, s.at + w * s.stride, s.bytes);
        }
        return h;
    }

    // trace begins a waveform file, or ends it where the name is empty.
    bool trace(const std::string& file) {
#ifdef TRACE
        if (vcd_) vcd_->close();
        vcd_.reset();
        if (!file.empty()) {
            vcd_.reset(new VerilatedVcdC);
            top_->trace(vcd_.get(), 99);
            vcd_->open(file.c_str());
            dumped_ = -1;
            return vcd_->isOpen();
        }
        return true;
#else
        return file.empty();
#endif
    }

    std::vector<Port> in, out;

private:
    State find(const StateRow& row) const {
        const VerilatedScope* scope = context_->scopeFind(row.scope);
        VerilatedVar* var = scope ? scope->varFind(row.name) : nullptr;
        if (!var) die(std::string("no state ") + row.scope + "." + row.name + " in the model");
        State s;
        s.at = static_cast<uint8_t*>(var->datap());
        s.memory = row.depth > 0;
        s.words = s.memory ? row.depth : 1;
        s.stride = strideOf(row.bits);
        s.bytes = (row.bits + 7) / 8;
        if (var->entSize() != s.stride) die(std::string("unexpected size of ") + row.scope + "." + row.name);
        return s;
    }

    // dump writes the values of a time, unless the run was taken back and the file is beyond it.
    void dump(int64_t time) {
#ifdef TRACE
        if (!vcd_ || time <= dumped_) return;
        vcd_->dump(static_cast<uint64_t>(time));
        dumped_ = time;
#else
        (void)time;
#endif
    }

    std::unique_ptr<VerilatedContext> context_;
    std::unique_ptr<Vdut> top_;
    std::vector<State> states_;
    Image initial_;
#ifdef TRACE
    std::unique_ptr<VerilatedVcdC> vcd_;
    int64_t dumped_ = -1;  // the last time written
#endif
};
