// A matrix times a vector, exactly: 16-bit digits in pairs, summed in 32 bits for as many terms as cannot overflow, then in 64.
#pragma once

#include <algorithm>

#include "lanes.h"

// Digits of a vector of codes: [2][pairs], low ones first; the second row is used only where a code has two digits.
struct Digits {
    Array<int32_t> plane[2];
    Digits() = default;
    explicit Digits(int length) : plane{Array<int32_t>(length / 2), Array<int32_t>(length / 2)} {}

    // Cut codes: `length` of them, padded with any others to PAD, where an array has room.
    void cut(const int32_t* codes, int length, int count, int bits) {
        int16_t* low = reinterpret_cast<int16_t*>(plane[0].data);
        int16_t* high = reinterpret_cast<int16_t*>(plane[1].data);
        for (int i = 0; i < length; i += LANES) {
            const Lanes code = load(codes + i);
            store_low(low + i, count == 1 ? code : low_digit(code, bits));
            if (count == 2) store_low(high + i, high_digit(code, bits));
        }
    }
};

// A matrix of codes of 2 bits bits or fewer, `outputs` (padded) sums of `operands` (padded) products.
class Matrix {
public:
    int outputs = 0, operands = 0;
    int digits = 2;         // of a weight
    int vector_digits = 2;  // of an operand
    int64_t norm = 0;       // the largest sum of a row's magnitudes

    Matrix() = default;

    // at(output, operand) gives the weight, 0 in the padding. Operands are codes of `width` bits, digits have `bits`.
    template <typename At>
    Matrix(int outputs, int operands, int width, int bits, At at) : outputs(outputs), operands(operands), bits(bits) {
        int64_t largest = 0;
        for (int i = 0; i < outputs; i++) {
            int64_t sum = 0;
            for (int j = 0; j < operands; j++) {
                const int64_t size = std::abs(int64_t(at(i, j)));
                sum += size;
                largest = std::max(largest, size);
            }
            norm = std::max(norm, sum);
        }
        // A lane's sum stays below 2^31 in magnitude if its terms do together: by these very weights, or by any.
        constexpr int64_t limit = int64_t(1) << 31;
        const int64_t digit = (int64_t(1) << (bits - 1)) + 1;
        int64_t terms = operands;
        if (largest < 1 << 15 && width <= 16 && norm << 15 < limit) {
            digits = vector_digits = 1;
        } else if (largest < 1 << 15 && norm * digit < limit) {
            digits = 1;
        } else {
            terms = (limit - 1) / (2 * digit * digit);  // two such sums, of mixed digits, share a lane
        }
        chunk = int(std::min<int64_t>(operands, terms / PAIRED * PAIRED)) / 2;
        for (int d = 0; d < digits; d++) {
            plane[d] = Array<int32_t>(size_t(operands / 2) * outputs);
            for (int q = 0; q < operands / 2; q++)
                for (int i = 0; i < outputs; i++)
                    plane[d][q * outputs + i] = pair(digit_of(at(i, 2 * q), d), digit_of(at(i, 2 * q + 1), d));
        }
    }

    // total[c] = the matrix times vector c, for C vectors that share each load of a weight. Sums of 32 bits are there where weights have one
    // digit, and operands as many as there are planes: [plane][output], one for each digit.
    template <int C, int PLANES, typename Sum>
    void times(const Digits* const (&vector)[C], Sum* const (&total)[C]) const {
        if constexpr (sizeof(Sum) == 4)
            in_chunks<C, 1, PLANES>(vector, total);
        else if (digits == 2)
            in_chunks<C, 2, 2>(vector, total);
        else if (vector_digits == 2)
            in_chunks<C, 1, 2>(vector, total);
        else
            in_chunks<C, 1, 1>(vector, total);
    }

private:
    int bits = 1, chunk = 0;  // pairs that are summed in 32 bits
    Array<int32_t> plane[2];  // [pair][output]

    int32_t digit_of(int32_t weight, int d) const {
        return digits == 1 ? weight : d ? high_digit(weight, bits) : low_digit(weight, bits);
    }

    template <int C, int W, int X, typename Sum>
    void in_chunks(const Digits* const (&vector)[C], Sum* const (&total)[C]) const {
        // As many sums at once as there are registers for, and enough that none waits for the one before.
        constexpr int BLOCK = LANES == 16 || C * (W + X - 1) <= 2 ? 4 : 2;
        for (int first = 0; first < operands / 2; first += chunk) {
            const int last = std::min(first + chunk, operands / 2);
            int i = 0;
            for (; i + BLOCK * LANES <= outputs; i += BLOCK * LANES) block<C, W, X, BLOCK>(vector, total, i, first, last);
            for (; i < outputs; i += LANES) block<C, W, X, 1>(vector, total, i, first, last);
        }
    }

    template <int C, int W, int X, int B, typename Sum>
    void block(const Digits* const (&vector)[C], Sum* const (&total)[C], int i, int first, int last) const {
        constexpr int SCALES = W + X - 1, CHAINS = LANES == 16 ? 16 : 8;
        constexpr int TURNS = C * SCALES * B >= CHAINS ? 1 : C * SCALES * B * 2 >= CHAINS ? 2 : 4;
        Lanes sum[TURNS][C][SCALES][B] = {};
        for (int q = first; q < last; q += TURNS) {
            each<TURNS>([&](auto turn) INLINE {
                each<B>([&](auto b) INLINE {
                    each<W>([&](auto w) INLINE {
                        const Lanes weight = load(plane[w] + size_t(q + turn) * outputs + i + b * LANES);
                        each<C>([&](auto c) INLINE {
                            each<X>([&](auto x) INLINE {
                                Lanes& to = sum[turn][c][w + x][b];
                                to = dot(to, weight, spread(vector[c]->plane[x] + q + turn));
                            });
                        });
                    });
                });
            });
        }
        each<C>([&](auto c) INLINE {
            each<B>([&](auto b) INLINE {
                Lanes together[SCALES];
                each<SCALES>([&](auto s) INLINE {
                    together[s] = sum[0][c][s][b];
                    each<TURNS - 1>([&](auto turn) INLINE { together[s] += sum[turn + 1][c][s][b]; });
                });
                Sum* to = total[c] + i + b * LANES;
                if constexpr (sizeof(Sum) == 4) {
                    each<SCALES>([&](auto s) INLINE { store(to + s * outputs, together[s]); });
                } else {
                    Wide value[2] = {};
                    each<SCALES>([&](auto s) INLINE { widen_add(value, together[s], s * bits); });
                    for (int half = 0; half < 2; half++, to += WIDE) store(to, first ? load(to) + value[half] : value[half]);
                }
            });
        });
    }
};
