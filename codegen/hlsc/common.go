package hlsc

import "strings"

// commonHeader holds the arithmetic that all stages share. It is written so that C99 defines every step:
// no signed overflow, and no right shift of a negative number.
func commonHeader() File {
	return File{Name: "rampart.h", Data: []byte(strings.TrimPrefix(`
/*
 * Integer arithmetic shared by all stages, and the macro that hides pragmas from compilers that do not
 * know them. Define RAMPART_HLS when compiling for hardware.
 */
#ifndef RAMPART_H
#define RAMPART_H

#include <stdint.h>

#ifdef RAMPART_HLS
#define RAMPART_PRAGMA_TEXT(text) _Pragma(#text)
#define RAMPART_PRAGMA(text) RAMPART_PRAGMA_TEXT(text)
#else
#define RAMPART_PRAGMA(text)
#endif

/* The low bits of sum, read as a signed number. */
static inline int64_t rampart_wrap(uint64_t sum, int bits)
{
    const uint64_t sign = (uint64_t)1 << (bits - 1);
    const uint64_t low = sum & ((sign << 1) - 1);
    return (int64_t)(low ^ sign) - (int64_t)sign;
}

/* v / 2^shift, rounded down. */
static inline int64_t rampart_shift_down(int64_t v, int shift)
{
    return v >= 0 ? v >> shift : ~(~v >> shift);
}

/* v / 2^shift, rounded to nearest, ties upwards. */
static inline int64_t rampart_round_half_up(int64_t v, int shift)
{
    if (shift == 0) {
        return v;
    }
    return rampart_shift_down(v + ((int64_t)1 << (shift - 1)), shift);
}

/* v / 2^shift, rounded to nearest, ties to the even neighbour. */
static inline int64_t rampart_round_half_even(int64_t v, int shift)
{
    const int64_t up = rampart_round_half_up(v, shift);
    if (shift > 0) {
        const uint64_t half = (uint64_t)1 << (shift - 1);
        if (((uint64_t)v & ((half << 1) - 1)) == half && (up & 1) != 0) {
            return up - 1;
        }
    }
    return up;
}

static inline int64_t rampart_clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

#endif
`, "\n"))}
}
