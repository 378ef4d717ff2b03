// What the processor's vector unit does for the emulator: 32-bit lanes, and the sum of two products of 16-bit codes in each.
#pragma once

#include <cfenv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>

#if defined(__AVX2__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

#if defined(__AVX512VNNI__)
constexpr int LANES = 16;
#elif defined(__AVX2__)
constexpr int LANES = 8;
#else
constexpr int LANES = 4;
#endif

typedef int32_t Lanes __attribute__((vector_size(4 * LANES)));

// Lengths are padded to these, whatever the vector unit: oscillators, and operands of a sum of products.
constexpr int PAD = 16, PAIRED = 8;

inline int padded(int length, int to) { return (length + to - 1) / to * to; }

// sum + a.low b.low + a.high b.high in each lane, modulo 2^32: nothing saturates.
inline Lanes dot(Lanes sum, Lanes a, Lanes b) {
#if defined(__AVX512VNNI__)
    return (Lanes)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return sum + (Lanes)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return sum + (Lanes)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    return sum + ((a << 16) >> 16) * ((b << 16) >> 16) + (a >> 16) * (b >> 16);
#endif
}

// f(0), ..., f(N - 1) with constants: arrays of lanes that are indexed by nothing else stay in registers.
#define INLINE __attribute__((always_inline))
template <int N, typename F>
INLINE inline void each(F f) {
    if constexpr (N > 0) {
        each<N - 1>(f);
        f(std::integral_constant<int, N - 1>{});
    }
}

// Half as many codes of 64 bits, and as many of 32 bits beside them.
constexpr int WIDE = LANES / 2;
typedef int64_t Wide __attribute__((vector_size(8 * WIDE)));
typedef uint64_t Unsigned __attribute__((vector_size(8 * WIDE)));
typedef int32_t Half __attribute__((vector_size(4 * WIDE)));

// As many codes as a vector holds.
template <typename Code>
using Vector = std::conditional_t<sizeof(Code) == 8, Wide, Lanes>;

inline Wide load(const int64_t* from) {
    Wide wide;
    std::memcpy(&wide, from, sizeof wide);
    return wide;
}

inline Lanes load(const int32_t* from) {
    Lanes lanes;
    std::memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

inline void store(int32_t* to, Lanes lanes) { std::memcpy(to, &lanes, sizeof lanes); }

// The next two, and those below that have a line of their own for AVX-512, are so written as compilers make a detour of the plain text.
inline Wide widen(const int32_t* from) {
#if defined(__AVX512VNNI__)
    return (Wide)_mm512_cvtepi32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
#else
    Half half;
    std::memcpy(&half, from, sizeof half);
    return __builtin_convertvector(half, Wide);
#endif
}

inline void store(int64_t* to, Wide wide) { std::memcpy(to, &wide, sizeof wide); }

inline void narrow(int32_t* to, Wide wide) {
#if defined(__AVX512VNNI__)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi64_epi32((__m512i)wide));
#else
    const Half half = __builtin_convertvector(wide, Half);
    std::memcpy(to, &half, sizeof half);
#endif
}

// Codes of either width to and from rows of 32 bits and of 64.
template <typename V>
inline V fetch(const int32_t* from) {
    if constexpr (std::is_same_v<V, Lanes>)
        return load(from);
    else
        return widen(from);
}
inline void narrow(int32_t* to, Lanes lanes) { store(to, lanes); }
inline void narrow(int64_t* to, Wide wide) { store(to, wide); }
inline Wide widen(const int64_t* from) { return load(from); }

// sum + lanes 2^shift, for the first and the second half of the lanes.
inline void widen_add(Wide (&sum)[2], Lanes lanes, int shift) {
#if defined(__AVX512VNNI__)
    const __m512i all = (__m512i)lanes;
    sum[0] += (Wide)_mm512_cvtepi32_epi64(_mm512_castsi512_si256(all)) << shift;
    sum[1] += (Wide)_mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(all, 1)) << shift;
#else
    alignas(64) int32_t lane[LANES];
    std::memcpy(lane, &lanes, sizeof lanes);
    sum[0] += widen(lane) << shift;
    sum[1] += widen(lane + WIDE) << shift;
#endif
}

// value 2^shift, and value / 2^shift cut downwards. AVX-512 shifts each lane by a count of its own in half the time of one for all.
inline Wide left(Wide value, int shift) {
#if defined(__AVX512VNNI__)
    return (Wide)_mm512_sllv_epi64((__m512i)value, _mm512_set1_epi64(shift));
#else
    return value << shift;
#endif
}

inline Lanes left(Lanes value, int shift) {
#if defined(__AVX512VNNI__)
    return (Lanes)_mm512_sllv_epi32((__m512i)value, _mm512_set1_epi32(shift));
#else
    return value << shift;
#endif
}

inline Wide right(Wide value, int shift) {
#if defined(__AVX512VNNI__)
    return (Wide)_mm512_srav_epi64((__m512i)value, _mm512_set1_epi64(shift));
#else
    // There is no such instruction: shift what is made unsigned by an offset.
    const uint64_t sign = uint64_t(1) << 63;
    return Wide(((Unsigned(value) ^ sign) >> shift) - (sign >> shift));
#endif
}

inline Lanes right(Lanes value, int shift) {
#if defined(__AVX512VNNI__)
    return (Lanes)_mm512_srav_epi32((__m512i)value, _mm512_set1_epi32(shift));
#else
    return value >> shift;
#endif
}

// sign value, for a sign of 1 or -1.
inline Wide signed_by(Wide value, int64_t sign) {
    const int64_t flip = sign >> 1;  // no bits, or all
    return (value ^ flip) - flip;
}

inline Wide between(Wide low, Wide value, Wide high) {
#if defined(__AVX512VNNI__)
    return (Wide)_mm512_min_epi64(_mm512_max_epi64((__m512i)value, (__m512i)low), (__m512i)high);
#else
    value = value < low ? low : value;
    return value > high ? high : value;
#endif
}

inline Lanes between(Lanes low, Lanes value, Lanes high) {
#if defined(__AVX512VNNI__)
    return (Lanes)_mm512_min_epi32(_mm512_max_epi32((__m512i)value, (__m512i)low), (__m512i)high);
#else
    value = value < low ? low : value;
    return value > high ? high : value;
#endif
}

// a b for factors that fit 32 bits.
inline Wide times(Wide a, Wide b) {
#if defined(__AVX512VNNI__)
    return (Wide)_mm512_mul_epi32((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (Wide)_mm256_mul_epi32((__m256i)a, (__m256i)b);
#else
    return a * b;
#endif
}

// a b for factors that fit 16 bits.
inline Lanes times(Lanes a, Lanes b) { return dot(Lanes{}, a & 0xffff, b); }

// The nearest of each code times a factor, ties to even where `ToNearest` lives; both it and the exact product are a double's.
inline Lanes nearest_products(Lanes codes, const double* factors) {
#if defined(__AVX512VNNI__)
    constexpr int HOW = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    const __m512d first = _mm512_cvtepi32_pd(_mm512_castsi512_si256((__m512i)codes)) * _mm512_loadu_pd(factors);
    const __m512d second = _mm512_cvtepi32_pd(_mm512_extracti64x4_epi64((__m512i)codes, 1)) * _mm512_loadu_pd(factors + WIDE);
    const __m512i lower = _mm512_castsi256_si512(_mm512_cvt_roundpd_epi32(first, HOW));
    return (Lanes)_mm512_inserti64x4(lower, _mm512_cvt_roundpd_epi32(second, HOW), 1);
#elif defined(__AVX2__)
    const __m256d first = _mm256_cvtepi32_pd(_mm256_castsi256_si128((__m256i)codes)) * _mm256_loadu_pd(factors);
    const __m256d second = _mm256_cvtepi32_pd(_mm256_extracti128_si256((__m256i)codes, 1)) * _mm256_loadu_pd(factors + WIDE);
    return (Lanes)_mm256_set_m128i(_mm256_cvtpd_epi32(second), _mm256_cvtpd_epi32(first));
#else
    Lanes found;
    for (int l = 0; l < LANES; l++) found[l] = int32_t(std::lrint(codes[l] * factors[l]));
    return found;
#endif
}

// For as long as it lives, doubles are rounded to the nearest, ties to even, whatever the process has asked for.
class ToNearest {
public:
    ToNearest() : before(std::fegetround()) { std::fesetround(FE_TONEAREST); }
    ~ToNearest() { std::fesetround(before); }
    ToNearest(const ToNearest&) = delete;

private:
    const int before;
};

inline Wide gather(const int64_t* table, Wide index) {
#if defined(__AVX512VNNI__)
    return (Wide)_mm512_i64gather_epi64((__m512i)index, table, 8);
#else
    Wide found{};
    for (int l = 0; l < WIDE; l++) found[l] = table[index[l]];
    return found;
#endif
}

inline Lanes gather(const int32_t* table, Lanes index) {
#if defined(__AVX512VNNI__)
    return (Lanes)_mm512_i32gather_epi32((__m512i)index, table, 4);
#elif defined(__AVX2__)
    return (Lanes)_mm256_i32gather_epi32(table, (__m256i)index, 4);
#else
    Lanes found{};
    for (int l = 0; l < LANES; l++) found[l] = table[index[l]];
    return found;
#endif
}

// A table that is read where it lies, and one of up to `HELD` words that registers hold.
template <typename Code>
class Lying {
public:
    explicit Lying(const Code* table) : table(table) {}
    INLINE Vector<Code> operator()(Vector<Code> index) const { return gather(table, index); }

private:
    const Code* const table;
};

#if defined(__AVX512VNNI__)
constexpr int HELD = 8 * LANES;

class Held {
public:
    explicit Held(const int32_t* table) {
        each<8>([&](auto r) INLINE { rows[r] = (__m512i)load(table + r * LANES); });
    }
    INLINE Lanes operator()(Lanes index) const {
        const __m512i at = (__m512i)index;
        __m512i found[4];
        each<4>([&](auto r) INLINE { found[r] = _mm512_permutex2var_epi32(rows[2 * r], at, rows[2 * r + 1]); });
        const __mmask16 odd = _mm512_test_epi32_mask(at, _mm512_set1_epi32(2 * LANES));
        const __m512i low = _mm512_mask_mov_epi32(found[0], odd, found[1]), high = _mm512_mask_mov_epi32(found[2], odd, found[3]);
        return (Lanes)_mm512_mask_mov_epi32(low, _mm512_test_epi32_mask(at, _mm512_set1_epi32(4 * LANES)), high);
    }

private:
    __m512i rows[8];
};
#else
constexpr int HELD = 0;
typedef Lying<int32_t> Held;
#endif

// (a ^ c) & (b ^ c): its highest bit says that c, the wrapped sum of a and b, has lost something; and the same for c = a - b.
template <typename V>
inline V lost_in_sum(V a, V b, V c) {
    return (a ^ c) & (b ^ c);
}
template <typename V>
inline V lost_in_difference(V a, V b, V c) {
    return (a ^ b) & (a ^ c);
}

// value & mask in lanes where none of `below` is set in what was rounded, else value.
template <typename V>
inline V masked_at_ties(V value, V mask, V rounded, V below) {
    return value & (mask | ~((rounded & below) == 0));
}

template <typename V>
inline bool any(V codes) {
    bool found = false;
    for (size_t l = 0; l < sizeof codes / sizeof codes[0]; l++) found |= codes[l] != 0;
    return found;
}

// The lower 16 bits of each.
inline void store_low(int16_t* to, Lanes lanes) {
#if defined(__AVX512VNNI__)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16((__m512i)lanes));
#elif defined(__AVX2__)
    const __m128i order = _mm_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1);
    const __m128i first = _mm_shuffle_epi8(_mm256_castsi256_si128((__m256i)lanes), order);
    const __m128i second = _mm_shuffle_epi8(_mm256_extracti128_si256((__m256i)lanes, 1), order);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_unpacklo_epi64(first, second));
#else
    for (int l = 0; l < LANES; l++) to[l] = int16_t(lanes[l]);
#endif
}

inline Lanes spread(const int32_t* from) { return *from - Lanes{}; }

// Two 16-bit codes in one lane.
template <typename T>
inline T pair(T low, T high) {
    return (low & 0xffff) | (high << 16);
}

// A code is low + high 2^bits, low from -2^(bits-1) to 2^(bits-1) - 1: of a code of 2 bits bits, both are at most 2^(bits-1) in magnitude.
template <typename T>
inline T low_digit(T code, int bits) {
    return (code << (32 - bits)) >> (32 - bits);
}
template <typename T>
inline T high_digit(T code, int bits) {
    return (code - low_digit(code, bits)) >> bits;
}

// Zeroed memory for one kind of number, aligned for every vector unit.
template <typename T>
struct Array {
    T* data = nullptr;
    Array() = default;
    explicit Array(size_t length) {
        const size_t bytes = (length * sizeof(T) + 63) / 64 * 64 + 64;
        data = static_cast<T*>(std::aligned_alloc(64, bytes));
        if (!data) throw std::bad_alloc();
        std::memset(data, 0, bytes);
    }
    Array(Array&& other) noexcept : data(other.data) { other.data = nullptr; }
    Array& operator=(Array&& other) noexcept {
        std::swap(data, other.data);
        return *this;
    }
    ~Array() { std::free(data); }
    operator T*() { return data; }
    operator const T*() const { return data; }
};
