// Runs Verilator's model of one design as a worker. The wire format is that of package sim/worker, the
// order of events within a cycle that of drive.Run; design.h holds what differs between designs.

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
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

struct Vdut___024root;
void Vdut___024root___eval_settle(Vdut___024root* vlSelf);

namespace {

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

}  // namespace

#include "design.h"

namespace {

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

constexpr uint64_t kFnvOffset = 14695981039346656037ull;

uint64_t fnv(uint64_t h, const uint8_t* p, size_t n) {
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
size_t strideOf(uint32_t bits) {
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
        step();
        top_->rst = 0;
        restore(contents, true);
        initial_ = image();
    }

    ~Model() { trace(""); }

    // step is one clock cycle; afterwards the output ports are those of the next.
    void step() {
        top_->clk = 1;
        top_->eval();
        dump();
        top_->clk = 0;
        top_->eval();
        dump();
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

    bool flip(uint32_t state, uint64_t word, uint32_t bit) {
        if (state >= states_.size()) return false;
        const State& s = states_[state];
        if (word >= s.words || bit >= kStates[state].bits) return false;
        s.at[word * s.stride + bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
        settle();
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

    void dump() {
#ifdef TRACE
        if (vcd_) vcd_->dump(context_->time());
        context_->timeInc(5);
#endif
    }

    std::unique_ptr<VerilatedContext> context_;
    std::unique_ptr<Vdut> top_;
    std::vector<State> states_;
    Image initial_;
#ifdef TRACE
    std::unique_ptr<VerilatedVcdC> vcd_;
#endif
};

// Reader takes a request apart.
class Reader {
public:
    Reader(const uint8_t* p, size_t n) : p_(p), left_(n) {}
    bool ok() const { return ok_; }
    bool done() const { return ok_ && left_ == 0; }

    const uint8_t* take(uint64_t n) {
        if (n > left_) ok_ = false;
        if (!ok_) return nullptr;
        const uint8_t* at = p_;
        p_ += n;
        left_ -= n;
        return at;
    }
    template <class T> T number() {
        T v = 0;
        if (const uint8_t* at = take(sizeof v)) std::memcpy(&v, at, sizeof v);
        return v;
    }
    uint8_t u8() { return number<uint8_t>(); }
    uint32_t u32() { return number<uint32_t>(); }
    uint64_t u64() { return number<uint64_t>(); }
    int64_t i64() { return number<int64_t>(); }

private:
    const uint8_t* p_;
    size_t left_;
    bool ok_ = true;
};

// Writer builds a reply.
class Writer {
public:
    std::vector<uint8_t> buf;

    void raw(const void* p, size_t n) {
        const uint8_t* b = static_cast<const uint8_t*>(p);
        buf.insert(buf.end(), b, b + n);
    }
    template <class T> void number(T v) { raw(&v, sizeof v); }
    void bytes(const std::vector<uint8_t>& b) {
        number<uint64_t>(b.size());
        raw(b.data(), b.size());
    }
    void numbers(const std::vector<int64_t>& v) {
        number<uint64_t>(v.size());
        raw(v.data(), v.size() * sizeof(int64_t));
    }
};

// Throttle is the generator that pauses one stream.
struct Throttle {
    uint64_t x, open;
    bool always;

    Throttle(uint64_t seed, uint64_t openAt, uint64_t stream)
        : x(seed + stream), open(openAt), always(seed == 0 || openAt >= 1ull << 32) {}

    bool draw() {
        if (always) return true;
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        return (x * 2685821657736338717ull) >> 32 < open;
    }
};

struct Fault {
    int64_t cycle;
    uint32_t state, bit;
    uint64_t word;
};

struct Feed {
    Stream stream;
    Throttle gate;
    const uint8_t* beats;
    uint64_t left;  // bytes
    bool offered;
    std::vector<int64_t> taken;
};

struct Drain {
    Stream stream;
    Throttle gate;
    std::vector<uint8_t> beats;
    std::vector<int64_t> cycles;
};

enum Stop : uint8_t { kDone, kLimit, kHang };

// Run is one run under a stimulus; its steps are those of drive.Run.
class Run {
public:
    explicit Run(Model& model) : m_(model), guard_(model.out.size(), -1) {}

    bool read(Reader& r) {
        if (r.u32() != kInStreams.size()) return false;
        for (const Stream& s : kInStreams) {
            const uint64_t n = r.u64();
            const uint8_t* beats = r.take(n);
            if (!r.ok() || n % m_.in[s.data].bytes != 0) return false;
            feeds_.push_back({s, Throttle(0, 0, 0), beats, n, false, {}});
        }
        const uint64_t gapSeed = r.u64(), gapOpen = r.u64(), stallSeed = r.u64(), stallOpen = r.u64();
        for (size_t k = 0; k < feeds_.size(); k++) feeds_[k].gate = Throttle(gapSeed, gapOpen, k);
        for (size_t k = 0; k < kOutStreams.size(); k++) {
            drains_.push_back({kOutStreams[k], Throttle(stallSeed, stallOpen, k), {}, {}});
            guard_[kOutStreams[k].data] = kOutStreams[k].valid;
        }
        for (uint32_t n = r.u32(); n > 0 && r.ok(); n--) {
            Fault f;
            f.cycle = r.i64();
            f.state = r.u32();
            f.bit = r.u32();
            f.word = r.u64();
            faults_.push_back(f);
        }
        wanted_ = r.u8() != 0;
        for (uint64_t n = r.u64(); n > 0 && r.ok(); n--) want_.push_back(r.i64());
        limit_ = r.i64();
        quiet_ = r.i64();
        return r.done() && (want_.empty() || want_.size() == drains_.size());
    }

    // go runs from the given cycle and leaves the number of the next one there.
    bool go(int64_t& cycle) {
        for (const Feed& f : feeds_) offer(f, nullptr);
        for (const Drain& d : drains_) *m_.in[d.stream.ready].at = 0;
        if (limit_ > 0 && cycle >= limit_) {
            stop_ = kLimit;
            return true;
        }
        do {
            observe();
            drive(cycle);
            m_.step();
            const int64_t ended = cycle++;
            for (; struck_ < faults_.size() && faults_[struck_].cycle == ended; struck_++) {
                const Fault& f = faults_[struck_];
                if (!m_.flip(f.state, f.word, f.bit)) return false;
            }
        } while (!stopped(cycle));
        return true;
    }

    void write(Writer& w, int64_t cycle) const {
        w.number<uint8_t>(stop_);
        w.number<int64_t>(cycle);
        w.number<uint64_t>(digest_);
        w.number<uint32_t>(drains_.size());
        for (const Drain& d : drains_) {
            w.bytes(d.beats);
            w.numbers(d.cycles);
        }
        w.number<uint32_t>(feeds_.size());
        for (const Feed& f : feeds_) w.numbers(f.taken);
    }

private:
    void observe() {
        for (size_t p = 0; p < m_.out.size(); p++) {
            if (guard_[p] < 0 || *m_.out[guard_[p]].at) digest_ = fnv(digest_, m_.out[p].at, m_.out[p].bytes);
        }
    }

    // offer shows a beat, or nothing.
    void offer(const Feed& f, const uint8_t* beat) {
        const Port& data = m_.in[f.stream.data];
        *m_.in[f.stream.valid].at = beat != nullptr;
        if (beat) {
            std::memcpy(data.at, beat, data.bytes);
        } else {
            std::memset(data.at, 0, data.bytes);
        }
    }

    void drive(int64_t cycle) {
        moved_ = false;
        for (Feed& f : feeds_) {
            const bool open = f.gate.draw();
            f.offered = f.left > 0 && (f.offered || open);
            offer(f, f.offered ? f.beats : nullptr);
            if (f.offered && *m_.out[f.stream.ready].at) {
                const size_t size = m_.in[f.stream.data].bytes;
                f.taken.push_back(cycle);
                f.beats += size;
                f.left -= size;
                f.offered = false;
                moved_ = true;
            }
        }
        for (Drain& d : drains_) {
            const bool ready = d.gate.draw();
            *m_.in[d.stream.ready].at = ready;
            if (ready && *m_.out[d.stream.valid].at) {
                const Port& data = m_.out[d.stream.data];
                d.beats.insert(d.beats.end(), data.at, data.at + data.bytes);
                d.cycles.push_back(cycle);
                moved_ = true;
            }
        }
    }

    bool stopped(int64_t cycle) {
        calm_ = moved_ ? 0 : calm_ + 1;
        if (wanted_ && delivered()) {
            stop_ = kDone;
        } else if (quiet_ > 0 && calm_ >= quiet_) {
            stop_ = kHang;
        } else if (limit_ > 0 && cycle >= limit_) {
            stop_ = kLimit;
        } else {
            return false;
        }
        return true;
    }

    bool delivered() const {
        for (size_t k = 0; k < want_.size(); k++) {
            if (static_cast<int64_t>(drains_[k].cycles.size()) < want_[k]) return false;
        }
        return true;
    }

    Model& m_;
    std::vector<int> guard_;  // per output port: the valid port without which it is not looked at, or -1
    std::vector<Feed> feeds_;
    std::vector<Drain> drains_;
    std::vector<Fault> faults_;
    size_t struck_ = 0;
    bool wanted_ = false;
    std::vector<int64_t> want_;
    int64_t limit_ = 0, quiet_ = 0, calm_ = 0;
    bool moved_ = false;
    Stop stop_ = kDone;
    uint64_t digest_ = kFnvOffset;
};

// Worker serves requests until it is told to quit.
class Worker {
public:
    // serve answers one request; false ends the program after the reply.
    bool serve(uint8_t op, Reader r, Writer& w, std::string& error) {
        switch (op) {
        case 0:
            w.number<uint32_t>(1);
            w.number<uint64_t>(kFingerprint);
            break;
        case 1:
            model_.reset();
            cycle_ = 0;
            break;
        case 2: run(r, w, error); break;
        case 3: {
            const uint32_t state = r.u32(), bit = r.u32();
            const uint64_t word = r.u64();
            if (!r.done() || !model_.flip(state, word, bit)) error = "no such bit";
            break;
        }
        case 4: saved_[r.u32()] = {model_.image(), cycle_}; break;
        case 5: {
            const auto found = saved_.find(r.u32());
            if (found == saved_.end()) {
                error = "nothing was saved there";
            } else {
                model_.restore(found->second.state, false);
                cycle_ = found->second.cycle;
            }
            break;
        }
        case 6: w.number<uint64_t>(model_.hash()); break;
        case 7: return false;
        case 8: trace(r, error); break;
        default: error = "unknown request " + std::to_string(op);
        }
        return true;
    }

private:
    void run(Reader& r, Writer& w, std::string& error) {
        Run run(model_);
        if (!run.read(r)) {
            error = "the stimulus does not fit the design";
        } else if (!run.go(cycle_)) {
            error = "a fault names no bit of the design";
        } else {
            run.write(w, cycle_);
        }
    }

    void trace(Reader& r, std::string& error) {
        const uint64_t n = r.u64();
        const uint8_t* name = r.take(n);
        if (!r.done()) {
            error = "no file name";
        } else if (!model_.trace(std::string(reinterpret_cast<const char*>(name), n))) {
            error = "cannot write a waveform; the program must be built with tracing, the folder must be there";
        }
    }

    struct Snapshot {
        Image state;
        int64_t cycle;
    };

    Model model_;
    int64_t cycle_ = 0;
    std::map<uint32_t, Snapshot> saved_;
};

bool readAll(void* p, size_t n) { return std::fread(p, 1, n, stdin) == n; }

void reply(uint8_t status, const void* p, size_t n) {
    const uint32_t size = static_cast<uint32_t>(n + 1);
    std::fwrite(&size, sizeof size, 1, stdout);
    std::fwrite(&status, 1, 1, stdout);
    if (n > 0) std::fwrite(p, 1, n, stdout);
    std::fflush(stdout);
}

}  // namespace

int main() {
    Worker worker;
    std::vector<uint8_t> request;
    for (uint32_t size; readAll(&size, sizeof size);) {
        if (size == 0) die("an empty request");
        request.resize(size);
        if (!readAll(request.data(), size)) break;
        Writer w;
        std::string error;
        const bool more = worker.serve(request[0], Reader(request.data() + 1, size - 1), w, error);
        if (error.empty()) {
            reply(0, w.buf.data(), w.buf.size());
        } else {
            reply(1, error.data(), error.size());
        }
        if (!more) break;
    }
    return 0;
}
