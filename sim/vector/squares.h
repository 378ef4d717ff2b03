// Sums over steps of the squares of codes, for each oscillator and walk.
#pragma once

#include "sixteen.h"

// WHOLE: codes of 16 bits, clipped.
template <bool WHOLE>
class SquareSums {
public:
    static constexpr int STEPS = 4;  // of whole codes' squares, so many stay below 2^32

    SquareSums() = default;
    explicit SquareSums(int oscillators) : few(WHOLE ? size_t(oscillators) * WALKS : 0), total(size_t(oscillators) * WALKS) {}

    INLINE void add(int i, Sixteen code) {
        if constexpr (WHOLE) {
            const Sixteen low = code & 0xffff;
            put(few + i * WALKS, add_product(take_lanes(few + i * WALKS), low, low));
        } else {
            const Sixteen odd = (Sixteen)down((Eight)code, 32);
            add_wide(i, wide_product(code, code), wide_product(odd, odd));
        }
    }

    // After `STEPS` codes, and before sums are read.
    void settle(int oscillators) {
        if constexpr (!WHOLE) return;
        for (int i = 0; i < oscillators; i++) {
            const Eight sum = (Eight)take_lanes(few + i * WALKS);
            add_wide(i, sum & 0xffffffff, down(sum, 32));
            put(few + i * WALKS, Sixteen{});
        }
    }

    uint64_t of(int i, int walk) const { return uint64_t(total[i * WALKS + walk % 2 * 8 + walk / 2]); }

private:
    Array<int32_t> few;    // [oscillator][walk]
    Array<int64_t> total;  // [oscillator][even walks, odd walks]

    void add_wide(int i, Eight even, Eight odd) {
        Eight sum[2];
        std::memcpy(sum, total + i * WALKS, sizeof sum);
        sum[0] += even, sum[1] += odd;
        std::memcpy(total + i * WALKS, sum, sizeof sum);
    }
};
