// The wire format of package sim/worker: reading requests, building replies.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

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
