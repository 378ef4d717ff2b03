// Tiles of bytes and their products: the matrix unit's (AMX), or for a processor that has none, the same by hand.
#pragma once

#include <cstdint>
#include <cstring>

// A tile: 16 rows of 64 bytes, or of 16 sums. `tile::product` of A, rows of operands, and B, whose row r holds operands 4 r to 4 r + 3
// of 16 columns side by side, adds 16 x 16 sums of 64 products.
constexpr int SIDE = 16, TILE_BYTES = 1024;

namespace tile {

#if defined(__AMX_INT8__)

// The tiles of this thread, for as long as this lives. The processor lends them; the kernel's permission is asked for in library.py.
class Unit {
public:
    Unit() {
        struct alignas(64) {
            uint8_t palette = 1, start = 0, reserved[14] = {};
            uint16_t bytes[16] = {};
            uint8_t rows[16] = {};
        } shapes;
        for (int t = 0; t < 8; t++) shapes.bytes[t] = 64, shapes.rows[t] = SIDE;
        asm volatile("ldtilecfg %0" ::"m"(shapes));
    }
    ~Unit() { asm volatile("tilerelease"); }
    Unit(const Unit&) = delete;
    Unit& operator=(const Unit&) = delete;
};

template <int T>
inline void clear() {
    asm volatile("tilezero %%tmm%c0" ::"i"(T));
}
template <int T>
inline void load(const void* from) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(int64_t(64)), "i"(T) : "memory");
}
template <int T>
inline void store(void* to) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(int64_t(64)), "i"(T) : "memory");
}
// Tile C += A B; bytes of A and of B with a sign or without.
template <int C, int A, int B, bool A_SIGNED, bool B_SIGNED>
inline void product() {
    if constexpr (A_SIGNED && B_SIGNED)
        asm volatile("tdpbssd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B));
    else if constexpr (A_SIGNED)
        asm volatile("tdpbsud %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B));
    else if constexpr (B_SIGNED)
        asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B));
    else
        asm volatile("tdpbuud %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B));
}

#else

struct Unit {
    Unit() {}  // as it is where there are tiles to be lent: not trivial, so that nobody calls it unused
};

inline thread_local uint8_t held[8][TILE_BYTES];

template <int T>
inline void clear() {
    std::memset(held[T], 0, TILE_BYTES);
}
template <int T>
inline void load(const void* from) {
    std::memcpy(held[T], from, TILE_BYTES);
}
template <int T>
inline void store(void* to) {
    std::memcpy(to, held[T], TILE_BYTES);
}
template <int C, int A, int B, bool A_SIGNED, bool B_SIGNED>
inline void product() {
    const auto byte = [](uint8_t code, bool with_sign) { return with_sign ? int32_t(int8_t(code)) : int32_t(code); };
    for (int i = 0; i < SIDE; i++)
        for (int j = 0; j < SIDE; j++) {
            int32_t sum;
            std::memcpy(&sum, held[C] + 64 * i + 4 * j, 4);
            for (int k = 0; k < 64; k++)
                sum += byte(held[A][64 * i + k], A_SIGNED) * byte(held[B][64 * (k / 4) + 4 * j + k % 4], B_SIGNED);
            std::memcpy(held[C] + 64 * i + 4 * j, &sum, 4);
        }
}

#endif

}  // namespace tile
