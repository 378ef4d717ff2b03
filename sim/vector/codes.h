// What happens to codes in lanes of 64 bits or of 32: rounding, wrapping, clipping, and the way to and from memory.
#pragma once

#include "lanes.h"

// value / 2^shift to the nearest, ties to even: add just under half, or half if the result's last bit would be odd, and cut.
template <typename Code>
struct Rounding {
    int shift = 0;
    Code half = 0, unit = 0;
    Rounding() = default;
    explicit Rounding(int64_t shift) : shift(int(shift)), half((Code(1) << shift) >> 1), unit(shift ? 1 : 0) {}
    Vector<Code> operator()(Vector<Code> value) const { return right(value + half - (unit & ~right(value, shift)), shift); }
};

// The code congruent to value modulo 2^(bits of a lane - pad); bits that this changes are added to lost.
template <typename V>
inline V wrapped(V value, int pad, V& lost) {
    const V code = right(left(value, pad), pad);
    lost |= value ^ code;
    return code;
}

// The nearest of -limit to limit; bits that this changes are added to lost.
template <typename V, typename Code>
inline V clipped(V value, Code limit, V& lost) {
    const V code = between(V{} - limit, value, V{} + limit);
    lost |= value ^ code;
    return code;
}

// Codes from the memory, with a sign; codes to the memory. Here they are held 2^raised times.
template <typename Code>
inline void take(Code* to, const int64_t* from, int length, int64_t sign, int raised = 0) {
    int i = 0;
    for (; i + WIDE <= length; i += WIDE) narrow(to + i, left(signed_by(load(from + i), sign), raised));
    for (; i < length; i++) to[i] = Code(sign * from[i] * (int64_t(1) << raised));
}
template <typename Code>
inline void give(int64_t* to, const Code* from, int length, int raised = 0) {
    int i = 0;
    for (; i + WIDE <= length; i += WIDE) store(to + i, right(widen(from + i), raised));
    for (; i < length; i++) to[i] = from[i] >> raised;
}
