// Sixteen walks, a lane each: what their codes need of the vector unit beyond plain arithmetic.
#pragma once

#include <cmath>

#include "lanes.h"

typedef int32_t Sixteen __attribute__((vector_size(64)));
typedef int64_t Eight __attribute__((vector_size(64)));

constexpr int WALKS = 16;

inline Sixteen take_lanes(const int32_t* from) {
    Sixteen lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}
inline void put(void* to, Sixteen lanes) { std::memcpy(to, &lanes, sizeof lanes); }
inline Sixteen all(int32_t code) { return code - Sixteen{}; }
inline Eight both(int64_t code) { return code - Eight{}; }

// For `nearest_multiple`: a code is held as the double 2^52 + 2^31 + code, whose lower half of bits it is but for its sign. Times a factor, and
// this added, it ends at 3 2^51 units of 2^s, where doubles are whole units: what is rounded then is the quotient, to the nearest, ties to
// even, and the lower half of bits is the quotient's. Exact before for factors of 24 bits or fewer and s of 31 or less.
inline double nearest_offset(int64_t factor, int s) {
    return double(3 * (int64_t(1) << 51)) * double(int64_t(1) << s) - double((int64_t(1) << 52) + (int64_t(1) << 31)) * double(factor);
}

#if defined(__AVX512VNNI__)

inline Sixteen up(Sixteen value, int shift) { return (Sixteen)_mm512_sllv_epi32((__m512i)value, _mm512_set1_epi32(shift)); }
inline Sixteen down(Sixteen value, int shift) { return (Sixteen)_mm512_srav_epi32((__m512i)value, _mm512_set1_epi32(shift)); }
// As if without a sign.
inline Eight down(Eight value, int shift) { return (Eight)_mm512_srl_epi64((__m512i)value, _mm_cvtsi32_si128(shift)); }

inline Sixteen masked_at_ties(Sixteen value, Sixteen mask, Sixteen rounded, Sixteen below) {
    const __mmask16 tie = _mm512_testn_epi32_mask((__m512i)rounded, (__m512i)below);
    return (Sixteen)_mm512_mask_and_epi32((__m512i)value, tie, (__m512i)value, (__m512i)mask);
}
inline Sixteen within(Sixteen low, Sixteen value, Sixteen high) {
    return (Sixteen)_mm512_min_epi32(_mm512_max_epi32((__m512i)value, (__m512i)low), (__m512i)high);
}

// As those of all lanes.
inline Sixteen lost_in_sum(Sixteen a, Sixteen b, Sixteen c) {
    return (Sixteen)_mm512_ternarylogic_epi32((__m512i)a, (__m512i)b, (__m512i)c, 0x42);
}
inline Sixteen lost_in_difference(Sixteen a, Sixteen b, Sixteen c) {
    return (Sixteen)_mm512_ternarylogic_epi32((__m512i)a, (__m512i)b, (__m512i)c, 0x18);
}
// seen | (a ^ b)
inline Sixteen differing(Sixteen seen, Sixteen a, Sixteen b) {
    return (Sixteen)_mm512_ternarylogic_epi32((__m512i)seen, (__m512i)a, (__m512i)b, 0xf6);
}
// Bits of a where the mask is set, else of b.
inline Sixteen merged(Sixteen mask, Sixteen a, Sixteen b) {
    return (Sixteen)_mm512_ternarylogic_epi32((__m512i)mask, (__m512i)a, (__m512i)b, 0xca);
}

// Codes as double precision has them behind 2^52 + 2^31: of the even lanes, of the odd ones.
inline __m512d even_beside_offset(Sixteen codes) {
    return (__m512d)_mm512_ternarylogic_epi64((__m512i)codes, _mm512_set1_epi64(0xffffffff), _mm512_set1_epi64(0x4330000080000000), 0x6a);
}
inline __m512d odd_beside_offset(Sixteen codes) {
    return (__m512d)_mm512_xor_si512(_mm512_srli_epi64((__m512i)codes, 32), _mm512_set1_epi64(0x4330000080000000));
}

// The nearest of code factor / 2^s, 2^pad times; 0 for the code `none`.
inline Sixteen nearest_multiple(Sixteen codes, double factor, double offset, Sixteen pad, Sixteen none) {
    constexpr int HOW = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    const __m512d by = _mm512_set1_pd(factor), more = _mm512_set1_pd(offset);
    const __m512i even = (__m512i)_mm512_fmadd_round_pd(even_beside_offset(codes), by, more, HOW);
    const __m512i odd = (__m512i)_mm512_fmadd_round_pd(odd_beside_offset(codes), by, more, HOW);
    const __m512i both = _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA);
    return (Sixteen)_mm512_maskz_sllv_epi32(_mm512_cmpneq_epi32_mask((__m512i)codes, (__m512i)none), both, (__m512i)pad);
}

// seen | a | b
inline Sixteen either(Sixteen seen, Sixteen a, Sixteen b) {
    return (Sixteen)_mm512_ternarylogic_epi32((__m512i)seen, (__m512i)a, (__m512i)b, 0xfe);
}

// sum + a.low b.low, both with a sign; nothing but zeros beside b.low.
inline Sixteen add_product(Sixteen sum, Sixteen a, Sixteen b) {
    return (Sixteen)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}

// a b of the even lanes, with a sign, in 64 bits.
inline Eight wide_product(Sixteen a, Sixteen b) { return (Eight)_mm512_mul_epi32((__m512i)a, (__m512i)b); }

inline Sixteen look_up(const int32_t* table, Sixteen index) { return (Sixteen)_mm512_i32gather_epi32((__m512i)index, table, 4); }

#else

inline Sixteen up(Sixteen value, int shift) { return value << shift; }
inline Sixteen down(Sixteen value, int shift) { return value >> shift; }
inline Eight down(Eight value, int shift) {
    typedef uint64_t Bits __attribute__((vector_size(64)));
    return (Eight)((Bits)value >> shift);
}
inline Sixteen within(Sixteen low, Sixteen value, Sixteen high) {
    value = value < low ? low : value;
    return value > high ? high : value;
}
inline Sixteen differing(Sixteen seen, Sixteen a, Sixteen b) { return seen | (a ^ b); }
inline Sixteen merged(Sixteen mask, Sixteen a, Sixteen b) { return (mask & a) | (~mask & b); }
inline Sixteen either(Sixteen seen, Sixteen a, Sixteen b) { return seen | a | b; }
inline Sixteen nearest_multiple(Sixteen codes, double factor, double offset, Sixteen pad, Sixteen none) {
    Sixteen found;
    for (int l = 0; l < WALKS; l++) {
        const double quotient = std::fma(double((int64_t(1) << 52) + (int64_t(1) << 31)) + codes[l], factor, offset);
        std::memcpy(&found[l], &quotient, 4);
    }
    return (found << pad) & (codes != none);
}
inline Sixteen add_product(Sixteen sum, Sixteen a, Sixteen b) { return sum + ((a << 16) >> 16) * ((b << 16) >> 16); }
inline Eight wide_product(Sixteen a, Sixteen b) { return (((Eight)a << 32) >> 32) * (((Eight)b << 32) >> 32); }
inline Sixteen look_up(const int32_t* table, Sixteen index) {
    Sixteen found{};
    for (int l = 0; l < WALKS; l++) found[l] = table[index[l]];
    return found;
}

#endif
