// Sums over steps of the squares of codes, each lane's by itself.
#pragma once

#include "sixteen.h"

struct SquareSums {
    static constexpr int STEPS = 4;  // squares of codes of 16 bits, clipped, stay below 2^32 for so many

    Array<int32_t> few;    // modulo 2^32
    Array<int64_t> total;  // of each sixteen lanes the even ones, then the odd ones

    SquareSums(size_t lanes, bool whole) : few(whole ? lanes : 0), total(lanes), lanes(whole ? lanes : 0) {}

    // After `STEPS` codes, and before sums are read.
    void settle() {
        for (size_t at = 0; at < lanes; at += WALKS) {
            const Eight sum = (Eight)take_lanes(few + at);
            add_wide(total + at, sum & 0xffffffff, down(sum, 32));
            put(few + at, Sixteen{});
        }
    }

    uint64_t of(size_t row, int lane) const { return uint64_t(total[row * WALKS + lane % 2 * 8 + lane / 2]); }

    static void add_wide(int64_t* to, Eight even, Eight odd) {
        Eight sum[2];
        std::memcpy(sum, to, sizeof sum);
        sum[0] += even, sum[1] += odd;
        std::memcpy(to, sum, sizeof sum);
    }

private:
    size_t lanes;
};

// Where a part of them is added to. WHOLE: codes of 16 bits, clipped.
template <bool WHOLE>
struct Squares {
    int32_t* few;
    int64_t* total;

    INLINE void add(size_t at, Sixteen code) const {
        if constexpr (WHOLE) {
            const Sixteen low = code & 0xffff;
            put(few + at, add_product(take_lanes(few + at), low, low));
        } else {
            const Sixteen odd = (Sixteen)down((Eight)code, 32);
            SquareSums::add_wide(total + at, wide_product(code, code), wide_product(odd, odd));
        }
    }
};
