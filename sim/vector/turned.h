// Bytes of sixteen walks, [quad of oscillators][walk][4], turned into tiles whose products are summed over walks and four steps.
//
// Of the 64 terms of such a sum, term 16 l + 4 t + w is that of walk 4 l + w in step t.
#pragma once

#include "bytes.h"

// Which walks count: all bits of each, in the order of terms.
struct Mask {
    uint8_t term[64] = {};
    void add(int walk) {
        for (int t = 0; t < 4; t++) term[walk / 4 * 16 + t * 4 + walk % 4] = 0xff;
    }
};

#if defined(__AVX512VNNI__)

namespace turned {

// Of four walks' bytes of four oscillators, each oscillator's side by side.
inline __m512i by_oscillator(const uint8_t* quad) {
    const __m512i order = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return _mm512_shuffle_epi8(_mm512_loadu_si512(quad), order);
}

}  // namespace turned

// Rows of terms: 16 oscillators, from four quads in each of `steps` steps, which are `stride` bytes apart.
inline void turn_left(uint8_t* tile, const uint8_t* quads, size_t stride, int steps, const Mask& mask) {
    const __m512i kept = _mm512_loadu_si512(mask.term);
    for (int q = 0; q < 4; q++, quads += QUAD, tile += 4 * 64) {
        __m512i step[4];
        for (int t = 0; t < 4; t++) step[t] = t < steps ? turned::by_oscillator(quads + t * stride) : _mm512_setzero_si512();
        const __m512i a = _mm512_unpacklo_epi32(step[0], step[1]), b = _mm512_unpacklo_epi32(step[2], step[3]);
        const __m512i c = _mm512_unpackhi_epi32(step[0], step[1]), d = _mm512_unpackhi_epi32(step[2], step[3]);
        const __m512i row[4] = {_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b), _mm512_unpacklo_epi64(c, d),
                                _mm512_unpackhi_epi64(c, d)};
        for (int i = 0; i < 4; i++) _mm512_storeu_si512(tile + 64 * i, _mm512_and_si512(row[i], kept));
    }
}

// Columns of terms, four of them in each row; rows of a step that there is not keep what they held.
inline void turn_right(uint8_t* tile, const uint8_t* quads, size_t stride, int steps) {
    for (int t = 0; t < steps; t++, quads += stride) {
        __m512i quad[4];
        for (int q = 0; q < 4; q++) quad[q] = turned::by_oscillator(quads + q * QUAD);
        const __m512i a = _mm512_shuffle_i32x4(quad[0], quad[1], 0x44), b = _mm512_shuffle_i32x4(quad[2], quad[3], 0x44);
        const __m512i c = _mm512_shuffle_i32x4(quad[0], quad[1], 0xee), d = _mm512_shuffle_i32x4(quad[2], quad[3], 0xee);
        const __m512i row[4] = {_mm512_shuffle_i32x4(a, b, 0x88), _mm512_shuffle_i32x4(a, b, 0xdd), _mm512_shuffle_i32x4(c, d, 0x88),
                                _mm512_shuffle_i32x4(c, d, 0xdd)};
        for (int l = 0; l < 4; l++) _mm512_storeu_si512(tile + 64 * (4 * l + t), row[l]);
    }
}

#else

inline void turn_left(uint8_t* tile, const uint8_t* quads, size_t stride, int steps, const Mask& mask) {
    for (int i = 0; i < SIDE; i++)
        for (int k = 0; k < 64; k++) {
            const int walk = k / 16 * 4 + k % 4, t = k / 4 % 4;
            tile[64 * i + k] = t < steps ? quads[t * stride + i / 4 * QUAD + 4 * walk + i % 4] & mask.term[k] : 0;
        }
}

inline void turn_right(uint8_t* tile, const uint8_t* quads, size_t stride, int steps) {
    for (int t = 0; t < steps; t++)
        for (int j = 0; j < SIDE; j++)
            for (int walk = 0; walk < WALKS; walk++)
                tile[64 * (walk / 4 * 4 + t) + 4 * j + walk % 4] = quads[t * stride + j / 4 * QUAD + 4 * walk + j % 4];
}

#endif
