// A run under a stimulus, cycle by cycle as drive.Run has it.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "model.h"
#include "wire.h"

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
    Strike model;
    uint32_t state, bit;
    uint64_t word;
};

// Setting gives an input port of no stream a value from a cycle on.
struct Setting {
    int64_t cycle;
    int port;
    const uint8_t* value;
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
    explicit Run(Model& model) : m_(model), guard_(model.out.size(), -1), alone_(model.out.size(), true) {
        for (const Stream& s : kInStreams) alone_[s.ready] = false;
        for (const Stream& s : kOutStreams) alone_[s.valid] = alone_[s.data] = false;
    }

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
            const uint8_t model = r.u8();
            if (model > kStuck1) return false;
            f.model = static_cast<Strike>(model);
            f.state = r.u32();
            f.bit = r.u32();
            f.word = r.u64();
            faults_.push_back(f);
        }
        wanted_ = r.u8() != 0;
        for (uint64_t n = r.u64(); n > 0 && r.ok(); n--) want_.push_back(r.i64());
        limit_ = r.i64();
        quiet_ = r.i64();
        for (uint32_t n = r.u32(); n > 0 && r.ok(); n--) {
            Setting s;
            s.cycle = r.i64();
            const uint32_t pin = r.u32();
            const uint64_t size = r.u64();
            s.value = r.take(size);
            if (!r.ok() || pin >= kPins.size() || size != m_.in[kPins[pin]].bytes) return false;
            s.port = kPins[pin];
            settings_.push_back(s);
        }
        return r.done() && (want_.empty() || want_.size() == drains_.size());
    }

    // go runs from the given cycle and leaves the number of the next one there.
    bool go(int64_t& cycle) {
        for (const Feed& f : feeds_) offer(f, nullptr);
        for (const Drain& d : drains_) *m_.in[d.stream.ready].at = 0;
        for (const int port : kPins) std::memset(m_.in[port].at, 0, m_.in[port].bytes);
        if (limit_ > 0 && cycle >= limit_) {
            stop_ = kLimit;
            return true;
        }
        do {
            observe();
            drive(cycle);
            m_.step(cycle);
            const int64_t ended = cycle++;
            for (; struck_ < faults_.size() && faults_[struck_].cycle <= ended; struck_++) {
                const Fault& f = faults_[struck_];
                if (f.model != kFlip) {
                    stuck_.push_back(f);
                } else if (!m_.strike(f.state, f.word, f.bit, kFlip)) {
                    return false;
                }
            }
            for (const Fault& f : stuck_) {
                if (!m_.strike(f.state, f.word, f.bit, f.model)) return false;
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
        uint32_t alone = 0;
        for (const bool a : alone_) alone += a;
        w.number<uint32_t>(alone);
        for (size_t p = 0; p < alone_.size(); p++) {
            const uint8_t* at = m_.out[p].at;
            if (alone_[p]) w.bytes(std::vector<uint8_t>(at, at + m_.out[p].bytes));
        }
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
        for (; set_ < settings_.size() && settings_[set_].cycle <= cycle; set_++) {
            const Port& pin = m_.in[settings_[set_].port];
            std::memcpy(pin.at, settings_[set_].value, pin.bytes);
        }
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
    std::vector<bool> alone_;  // per output port: whether it belongs to no stream
    std::vector<Feed> feeds_;
    std::vector<Drain> drains_;
    std::vector<Setting> settings_;
    size_t set_ = 0;  // settings done
    std::vector<Fault> faults_;
    size_t struck_ = 0;         // faults done or in stuck_
    std::vector<Fault> stuck_;  // those in force
    bool wanted_ = false;
    std::vector<int64_t> want_;
    int64_t limit_ = 0, quiet_ = 0, calm_ = 0;
    bool moved_ = false;
    Stop stop_ = kDone;
    uint64_t digest_ = kFnvOffset;
};
