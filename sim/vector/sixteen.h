// Sixteen walks, a lane each: what their codes need of the vector unit beyond plain arithmetic.
#pragma once

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

#if defined(__AVX512VNNI__)

inline Sixteen up(Sixteen value, int shift) { return (Sixteen)_mm512_sllv_epi32((__m512i)value, _mm512_set1_epi32(shift)); }
inline Sixteen down(Sixteen value, int shift) { return (Sixteen)_mm512_srav_epi32((__m512i)value, _mm512_set1_epi32(shift)); }
inline Eight up(Eight value, int shift) { return (Eight)_mm512_sllv_epi64((__m512i)value, _mm512_set1_epi64(shift)); }
// Cut downwards, but for the bits that come in at the top.
inline Eight down(Eight value, int shift) { return (Eight)_mm512_srlv_epi64((__m512i)value, _mm512_set1_epi64(shift)); }

// value & mask in lanes where none of `below` is set in what was rounded, else value.
inline Sixteen masked_at_ties(Sixteen value, Sixteen mask, Sixteen rounded, Sixteen below) {
    const __mmask16 tie = _mm512_testn_epi32_mask((__m512i)rounded, (__m512i)below);
    return (Sixteen)_mm512_mask_and_epi32((__m512i)value, tie, (__m512i)value, (__m512i)mask);
}
inline Eight masked_at_ties(Eight value, Eight mask, Eight rounded, Eight below) {
    const __mmask8 tie = _mm512_testn_epi64_mask((__m512i)rounded, (__m512i)below);
    return (Eight)_mm512_mask_and_epi64((__m512i)value, tie, (__m512i)value, (__m512i)mask);
}

// 0 in lanes where code is `none`, else value & mask.
inline Sixteen masked_unless(Sixteen value, Sixteen mask, Sixteen code, Sixteen none) {
    const __mmask16 some = _mm512_cmpneq_epi32_mask((__m512i)code, (__m512i)none);
    return (Sixteen)_mm512_maskz_and_epi32(some, (__m512i)value, (__m512i)mask);
}

inline Sixteen within(Sixteen low, Sixteen value, Sixteen high) {
    return (Sixteen)_mm512_min_epi32(_mm512_max_epi32((__m512i)value, (__m512i)low), (__m512i)high);
}

// (a ^ c) & (b ^ c): its highest bit says that c, the wrapped sum of a and b, has lost something.
inline Sixteen lost_in_sum(Sixteen a, Sixteen b, Sixteen c) {
    return (Sixteen)_mm512_ternarylogic_epi32((__m512i)a, (__m512i)b, (__m512i)c, 0x42);
}
// The same for c = a - b: (a ^ b) & (a ^ c).
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

// Even lanes as in `low`, odd ones as in `high`.
inline Sixteen alternating(Eight low, Eight high) { return (Sixteen)_mm512_mask_blend_epi32(0xaaaa, (__m512i)low, (__m512i)high); }

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
inline Eight up(Eight value, int shift) { return value << shift; }
inline Eight down(Eight value, int shift) {
    typedef uint64_t Bits __attribute__((vector_size(64)));
    return (Eight)((Bits)value >> shift);
}
inline Sixteen masked_at_ties(Sixteen value, Sixteen mask, Sixteen rounded, Sixteen below) {
    return value & (mask | ~((rounded & below) == 0));
}
inline Eight masked_at_ties(Eight value, Eight mask, Eight rounded, Eight below) { return value & (mask | ~((rounded & below) == 0)); }
inline Sixteen masked_unless(Sixteen value, Sixteen mask, Sixteen code, Sixteen none) { return value & mask & (code != none); }
inline Sixteen within(Sixteen low, Sixteen value, Sixteen high) {
    value = value < low ? low : value;
    return value > high ? high : value;
}
inline Sixteen lost_in_sum(Sixteen a, Sixteen b, Sixteen c) { return (a ^ c) & (b ^ c); }
inline Sixteen lost_in_difference(Sixteen a, Sixteen b, Sixteen c) { return (a ^ b) & (a ^ c); }
inline Sixteen differing(Sixteen seen, Sixteen a, Sixteen b) { return seen | (a ^ b); }
inline Sixteen merged(Sixteen mask, Sixteen a, Sixteen b) { return (mask & a) | (~mask & b); }
inline Sixteen alternating(Eight low, Eight high) { return merged((Sixteen)both(0xffffffff), (Sixteen)low, (Sixteen)high); }
inline Sixteen add_product(Sixteen sum, Sixteen a, Sixteen b) { return sum + ((a << 16) >> 16) * ((b << 16) >> 16); }
inline Eight wide_product(Sixteen a, Sixteen b) { return (((Eight)a << 32) >> 32) * (((Eight)b << 32) >> 32); }
inline Sixteen look_up(const int32_t* table, Sixteen index) {
    Sixteen found{};
    for (int l = 0; l < WALKS; l++) found[l] = table[index[l]];
    return found;
}

#endif
