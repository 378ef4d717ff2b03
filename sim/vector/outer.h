// Sums over steps of left x right, exactly: blocks of steps as products of digits in 32 bits, then in 64 bits modulo 2^64.
#pragma once

#include <algorithm>

#include "lanes.h"

// What one context gave in the steps of a block: rows of codes.
struct Block {
    int left_width, right_width;
    Array<int32_t> left, right;
    Block(int steps, int left_width, int right_width)
        : left_width(left_width), right_width(right_width), left(size_t(steps) * left_width), right(size_t(steps) * right_width) {}
};

class Outer {
public:
    static constexpr int LONGEST = 64;

    int rows, columns, first;  // of the sum; the column of `Block::right` that is its first
    int block;                 // most steps at once
    Array<int64_t> total;      // [rows][columns]

    // Digits have `bits`: codes of 2 bits bits or fewer.
    Outer(int rows, int columns, int first, int bits)
        : rows(rows), columns(columns), first(first), block(most(bits)), total(size_t(rows) * columns), bits(bits) {
        for (int d = 0; d < 2; d++) {
            left[d] = Array<int32_t>(size_t(LONGEST) * rows);
            right[d] = Array<int32_t>(size_t(LONGEST) * columns);
        }
        // Of the difference of two contexts: 2 block products of it with a digit stay below 2^31.
        const int64_t digit = (int64_t(1) << (bits - 1)) + 1;
        apart_limit = int32_t(std::min<int64_t>((1 << 15) - 1, LIMIT / (2 * block * digit) - 1));
    }

    // total += factor 2^shift sum of left x right over the steps of one context. Codes of 16 bits stay whole on the left.
    void add(const Block& one, int steps, int64_t factor, int shift) {
        const int pairs = (steps + 1) / 2;
        for (int k = 0; k < pairs; k++) {
            const bool odd = 2 * k + 1 == steps;
            const int32_t* from = one.left + size_t(2 * k) * one.left_width;
            int32_t *low = left[0] + k * rows, *high = left[1] + k * rows;
            bits <= 8 ? in_time<1>(from, one.left_width, odd, rows, low, high) : in_time<2>(from, one.left_width, odd, rows, low, high);
            in_time<2>(one.right + size_t(2 * k) * one.right_width + first, one.right_width, odd, columns, right[0] + k * columns,
                       right[1] + k * columns);
        }
        bits <= 8 ? tiles<2>(0, pairs, factor, shift) : tiles<3>(0, pairs, factor, shift);
    }

    // total += factor 2^shift (sum over one - sum over other), steps in pairs: with l = a - b and r = a - b the differences,
    // a a' - b b' = l a' + b r, half of the products that either alone would take. False, and nothing done, if one is too large.
    bool add_difference(const Block& one, const Block& other, int steps, int64_t factor, int shift) {
        if (bits <= 8) {
            const int64_t together = LIMIT / (WHOLE * (1 + apart<1>(one, other, steps)));
            if (together >= SHORTEST) {
                for (int from = 0; from < steps; from += int(together))
                    tiles<1>(from, int(std::min<int64_t>(from + together, steps)), factor, shift);
                return true;
            }
        }
        if (apart<2>(one, other, steps) > apart_limit) return false;
        tiles<2>(0, steps, factor, shift);
        return true;
    }

private:
    static constexpr int64_t LIMIT = (int64_t(1) << 31) - 1;
    // What two codes of 16 bits, the one within a clip, reach together; fewest steps for which sums of them are worth while.
    static constexpr int64_t WHOLE = (1 << 16) - 1, SHORTEST = 16;

    int bits;
    int32_t apart_limit;
    Array<int32_t> left[2], right[2];  // digits, [low, high][pair][row or column]

    // Steps for which the mixed digits of a context, four products for every two steps, stay below 2^31.
    static int most(int bits) {
        const int64_t digit = (int64_t(1) << (bits - 1)) + 1;
        const int64_t steps = LIMIT / (2 * digit * digit) / 2 * 2;
        return int(std::min<int64_t>(LONGEST, steps));
    }

    // Differences beside `COUNT` digits of a code, which is whole if there is but one; all are from -1 - d to the d that it returns.
    template <int COUNT>
    int32_t apart(const Block& one, const Block& other, int steps) {
        Lanes far{};
        for (int k = 0; k < steps; k++) {
            const int32_t *a = one.left + size_t(k) * one.left_width, *b = other.left + size_t(k) * other.left_width;
            for (int i = 0; i < rows; i += LANES) {
                const Lanes second = load(b + i), apart = load(a + i) - second;
                far |= apart ^ (apart >> 31);
                store(left[0] + k * rows + i, pair(apart, COUNT == 1 ? second : low_digit(second, bits)));
                if (COUNT == 2) store(left[1] + k * rows + i, pair(apart, high_digit(second, bits)));
            }
            a = one.right + size_t(k) * one.right_width + first, b = other.right + size_t(k) * other.right_width + first;
            for (int j = 0; j < columns; j += LANES) {
                const Lanes first_one = load(a + j), apart = first_one - load(b + j);
                far |= apart ^ (apart >> 31);
                store(right[0] + k * columns + j, pair(COUNT == 1 ? first_one : low_digit(first_one, bits), apart));
                if (COUNT == 2) store(right[1] + k * columns + j, pair(high_digit(first_one, bits), apart));
            }
        }
        int32_t largest = 0;
        for (int l = 0; l < LANES; l++) largest |= far[l];
        return largest;
    }

    // Digits of two steps in a row side by side, or whole codes beside either digit; zero for a step that there is not.
    template <int COUNT>
    void in_time(const int32_t* code, int width, bool odd, int length, int32_t* low, int32_t* high) const {
        for (int i = 0; i < length; i += LANES) {
            const Lanes here = load(code + i), next = odd ? Lanes{} : load(code + width + i);
            store(low + i, COUNT == 1 ? pair(here, next) : pair(low_digit(here, bits), low_digit(next, bits)));
            store(high + i, COUNT == 1 ? pair(here, next) : pair(high_digit(here, bits), high_digit(next, bits)));
        }
    }

    // Pairs from `from` to before `to`, in tiles as wide as there are registers for.
    template <int SCALES>
    void tiles(int from, int to, int64_t factor, int shift) {
        constexpr int MOST = LANES == 16 && SCALES == 1 ? 5 : 2;
        int j = columns_in<SCALES, MOST>(0, from, to, factor, shift);
        each<MOST - 1>([&](auto fewer) INLINE { j = columns_in<SCALES, MOST - 1 - fewer>(j, from, to, factor, shift); });
    }

    // As many tiles of J vectors' width as there is room for beyond column j; the column after them.
    template <int SCALES, int J>
    int columns_in(int j, int from, int to, int64_t factor, int shift) {
        for (; j + J * LANES <= columns; j += J * LANES)
            for (int i = 0; i < rows; i += high_of(SCALES)) tile<SCALES, J>(i, j, from, to, factor, shift);
        return j;
    }

    // Rows of a tile.
    static constexpr int high_of(int scales) { return LANES == 16 || scales == 1 ? 4 : 2; }

    // Three scales: all products of digits, the mixed ones on one scale. Two: low with low and high with high, whose pairs hold an
    // undivided difference, or undivided codes, beside each digit. One: a difference beside an undivided code.
    template <int SCALES, int J>
    void tile(int i, int j, int from, int to, int64_t factor, int shift) {
        constexpr int HIGH = high_of(SCALES);
        Lanes sum[SCALES][HIGH][J] = {};
        for (int k = from; k < to; k++) {
            Lanes low[J], high[J];
            each<J>([&](auto b) INLINE {
                low[b] = load(right[0] + k * columns + j + b * LANES);
                if constexpr (SCALES > 1) high[b] = load(right[1] + k * columns + j + b * LANES);
            });
            each<HIGH>([&](auto a) INLINE {
                const Lanes l = spread(left[0] + k * rows + i + a), h = spread(left[1] + k * rows + i + a);
                each<J>([&](auto b) INLINE {
                    sum[0][a][b] = dot(sum[0][a][b], l, low[b]);
                    if constexpr (SCALES == 3) {
                        sum[1][a][b] = dot(dot(sum[1][a][b], l, high[b]), h, low[b]);
                        sum[2][a][b] = dot(sum[2][a][b], h, high[b]);
                    } else if constexpr (SCALES == 2) {
                        sum[1][a][b] = dot(sum[1][a][b], h, high[b]);
                    }
                });
            });
        }
        each<HIGH>([&](auto a) INLINE {
            each<J>([&](auto b) INLINE {
                Wide value[2] = {};
                each<SCALES>([&](auto s) INLINE { widen_add(value, sum[s][a][b], s * bits); });
                for (int half = 0; half < 2; half++) {
                    int64_t* sums = total + size_t(i + a) * columns + j + b * LANES + half * WIDE;
                    store(sums, load(sums) + ::left(signed_by(value[half], factor), shift));
                }
            });
        });
    }
};
