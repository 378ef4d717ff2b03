// Codes as bytes, and a matrix of them times the vectors of sixteen walks at once, exactly.
//
// A code of X bytes is the sum of its digits 2^(8 d); the highest has a sign, the others have none. Of a weight all digits have one.
#pragma once

#include <algorithm>

#include "sixteen.h"
#include "tiles.h"

// Operands of sixteen walks: [digit][quad of operands][walk][4].
constexpr int QUAD = 64;

// A quad's digits, from the codes of its four operands.
template <int X>
INLINE inline void cut_quad(uint8_t* to, size_t plane, Sixteen a, Sixteen b, Sixteen c, Sixteen d) {
    static_assert(X == 2 || X == 3);
    const Sixteen words = all(0xffff), low = all(0x00ff00ff);
    const Sixteen even = merged(words, a, c << 16), odd = merged(words, b, d << 16);
    put(to, merged(low, even, odd << 8));
    put(to + plane, merged(low, even >> 8, odd));
    if constexpr (X == 3) {
        const Sixteen even_top = merged(words, a >> 16, c), odd_top = merged(words, b >> 16, d);
        put(to + 2 * plane, merged(low, even_top, odd_top << 8));
    }
}

// Inputs of one walk, from the memory: whole quads, with zeros for what there is not.
inline void cut_inputs(uint8_t* to, size_t plane, int digits, int walk, const int64_t* from, int count) {
#if defined(__AVX512VNNI__)
    for (int j = 0; j < count; j += 8) {
        const __mmask8 there = count - j < 8 ? (1 << (count - j)) - 1 : 0xff;
        __m512i codes = _mm512_maskz_loadu_epi64(there, from + j);
        for (int d = 0; d < digits; d++, codes = _mm512_srli_epi64(codes, 8)) {
            const int64_t eight = _mm_cvtsi128_si64(_mm512_cvtepi64_epi8(codes));
            uint8_t* at = to + d * plane + j / 4 * QUAD + 4 * walk;
            std::memcpy(at, &eight, 4);
            if (j + 4 < count) std::memcpy(at + QUAD, reinterpret_cast<const uint8_t*>(&eight) + 4, 4);
        }
    }
#else
    for (int j = 0; j < padded(count, 4); j++)
        for (int d = 0; d < digits; d++) to[d * plane + j / 4 * QUAD + 4 * walk + j % 4] = j < count ? uint8_t(from[j] >> (8 * d)) : 0;
#endif
}

class ByteMatrix {
public:
    static constexpr int MOST = 3;  // digits of a weight

    int blocks = 0, chunks = 0;  // of 16 outputs, of 64 operands
    int digits = 0;
    int64_t reach[MOST] = {};  // of each digit, the largest sum of a row's magnitudes

    ByteMatrix() = default;

    // at(output, operand) gives the weight.
    template <typename At>
    ByteMatrix(int outputs, int operands, At at) : blocks((outputs + SIDE - 1) / SIDE), chunks((operands + 63) / 64), digits(1) {
        for (int i = 0; i < outputs; i++)
            for (int j = 0; j < operands; j++) digits = std::max(digits, length(at(i, j)));
        digits = std::max(digits, 2);
        tiles = Array<int8_t>(size_t(blocks) * chunks * digits * TILE_BYTES);
        for (int i = 0; i < outputs; i++) {
            int64_t sum[MOST] = {};
            for (int j = 0; j < operands; j++) {
                int64_t rest = at(i, j);
                for (int d = 0; d < digits; d++) {
                    const int8_t digit = int8_t(rest);
                    rest = (rest - digit) / 256;
                    tile_of(i / SIDE, j / 64, d)[64 * (i % SIDE) + j % 64] = digit;
                    sum[d] += std::abs(int64_t(digit));
                }
            }
            for (int d = 0; d < MOST; d++) reach[d] = std::max(reach[d], sum[d]);
        }
    }

    // The sums of 16 outputs, [scale][output][walk]: those of weight's digit w and operand's digit x at scale w + x.
    template <int W, int X>
    void block(int b, const uint8_t* operands, size_t plane, int32_t* sums) const {
        constexpr int SCALES = W + X - 1, WEIGHT = SCALES, OPERAND = SCALES + 1;
        constexpr bool KEPT = OPERAND + X <= 8;  // there are tiles for all digits of the operands
        each<SCALES>([](auto s) INLINE { tile::clear<s>(); });
        for (int c = 0; c < chunks; c++) {
            const uint8_t* from = operands + size_t(c) * TILE_BYTES;
            if constexpr (KEPT) each<X>([&](auto x) INLINE { tile::load<OPERAND + x>(from + x * plane); });
            each<W>([&](auto w) INLINE {
                tile::load<WEIGHT>(tile_of(b, c, w));
                each<X>([&](auto x) INLINE {
                    if constexpr (!KEPT) tile::load<OPERAND>(from + x * plane);
                    tile::product<w + x, WEIGHT, KEPT ? OPERAND + x : OPERAND, true, x == X - 1>();
                });
            });
        }
        each<SCALES>([&](auto s) INLINE { tile::store<s>(sums + s * SIDE * WALKS); });
    }

private:
    Array<int8_t> tiles;  // [block][chunk][digit][16][64]

    int8_t* tile_of(int b, int c, int d) { return tiles + ((size_t(b) * chunks + c) * digits + d) * TILE_BYTES; }
    const int8_t* tile_of(int b, int c, int d) const { return tiles + ((size_t(b) * chunks + c) * digits + d) * TILE_BYTES; }

    // Digits with a sign each, of a weight.
    static int length(int64_t weight) {
        int digits = 0;
        for (; weight; digits++) weight = (weight - int8_t(weight)) / 256;
        return digits;
    }
};
