// Runs Verilator's model of one design as a worker. The wire format is that of package sim/worker;
// design.h holds what differs between designs.

#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "model.h"
#include "run.h"
#include "wire.h"

namespace {

// Worker serves requests until it is told to quit.
class Worker {
public:
    // serve answers one request; false ends the program after the reply.
    bool serve(uint8_t op, Reader r, Writer& w, std::string& error) {
        switch (op) {
        case 0:
            w.number<uint32_t>(4);
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
            if (!r.done() || !model_.strike(state, word, bit, kFlip)) error = "no such bit";
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
        case 9: error = "Verilator keeps no record of accesses; use generated Go"; break;
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
