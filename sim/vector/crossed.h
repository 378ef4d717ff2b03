// Sums over steps and walks of value x operand, exactly: products of bytes in 32 bits, then in 64 bits modulo 2^64.
#pragma once

#include <vector>

#include "history.h"
#include "turned.h"

class Crossed {
public:
    // Walks whose products count alike.
    struct Share {
        int64_t sign, shift;
        Mask mask;
    };

    explicit Crossed(const InStep& c)
        : digits(c.operand_bytes), rows((c.oscillators + SIDE - 1) / SIDE), columns((c.quads + 3) / 4),
          left(size_t(CHUNKS) * digits * rows * TILE_BYTES), right(size_t(CHUNKS) * digits * columns * TILE_BYTES),
          total(size_t(rows) * columns * SIDE * SIDE) {}

    // Those of what the history holds.
    void add(History& history, const std::vector<Share>& shares) {
        const int steps = history.kept, chunks = (steps + 3) / 4;
        const size_t stride = digits * history.operand_plane;
        for (int k = 0; k < chunks; k++)
            for (int d = 0; d < digits; d++)
                for (int j = 0; j < columns; j++)
                    turn_right(right + right_tile(k, d, j), history.operand(4 * k) + d * history.operand_plane + j * 4 * QUAD, stride,
                               std::min(4, steps - 4 * k));
        for (const Share& share : shares) {
            Few& sums = few_of(share);
            if (sums.steps + 4 * chunks > MOST) settle(sums);
            sums.steps += 4 * chunks;
            turn_values(history, share.mask);
            digits == 2 ? multiply<2>(chunks, sums.codes) : multiply<3>(chunks, sums.codes);
        }
    }

    // All sums to the total, before it is read: [row][column].
    void settle() {
        for (Few& each : few) settle(each);
    }
    int64_t of(int row, int column) const { return total[size_t(row) * width() + column]; }

private:
    static constexpr int CHUNKS = History::STEPS / 4;
    // Steps of sixteen walks whose products stay below 2^31: three of unsigned bytes at most are on one scale.
    static constexpr int MOST = ((int64_t(1) << 31) - 1) / (3 * 255 * 255 * WALKS);

    const int digits, rows, columns;  // tiles
    Array<uint8_t> left, right;       // [four steps][digit][row or column]
    Array<int64_t> total;

    // Sums of a few steps, whose products count alike.
    struct Few {
        int64_t sign, shift, steps;
        Array<int32_t> codes;  // [row][column][scale][16][16]
    };
    std::vector<Few> few;

    int scales() const { return 2 * digits - 1; }
    size_t width() const { return size_t(columns) * SIDE; }
    size_t left_tile(int k, int d, int i) const { return (size_t(k * digits + d) * rows + i) * TILE_BYTES; }
    size_t right_tile(int k, int d, int j) const { return (size_t(k * digits + d) * columns + j) * TILE_BYTES; }

    size_t length() const { return size_t(rows) * columns * scales() * SIDE * SIDE; }

    Few& few_of(const Share& share) {
        for (Few& each : few)
            if (each.sign == share.sign && each.shift == share.shift) return each;
        few.push_back({share.sign, share.shift, 0, Array<int32_t>(length())});
        return few.back();
    }

    void settle(Few& sums) {
        const int32_t* from = sums.codes;
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                for (int s = 0; s < scales(); s++)
                    for (int r = 0; r < SIDE; r++, from += SIDE) {
                        int64_t* to = total + size_t(i * SIDE + r) * width() + j * SIDE;
                        for (int q = 0; q < SIDE; q++) to[q] += sums.sign * from[q] * (int64_t(1) << (sums.shift + 8 * s));
                    }
        std::fill_n(sums.codes.data, length(), 0);
        sums.steps = 0;
    }

    void turn_values(History& history, const Mask& mask) {
        const int steps = history.kept;
        for (int k = 0; 4 * k < steps; k++)
            for (int d = 0; d < digits; d++)
                for (int i = 0; i < rows; i++)
                    turn_left(left + left_tile(k, d, i), history.value(4 * k) + d * history.value_plane + i * 4 * QUAD,
                              digits * history.value_plane, std::min(4, steps - 4 * k), mask);
    }

    template <int X>
    void multiply(int chunks, int32_t* sums) {
        constexpr int SCALES = 2 * X - 1, LEFT = SCALES, RIGHT = SCALES + 1;
        constexpr bool KEPT = RIGHT + X <= 8;  // there are tiles for all digits of the operands
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++, sums += SCALES * SIDE * SIDE) {
                each<SCALES>([&](auto s) INLINE { tile::load<s>(sums + s * SIDE * SIDE); });
                for (int k = 0; k < chunks; k++) {
                    if constexpr (KEPT) each<X>([&](auto x) INLINE { tile::load<RIGHT + x>(right + right_tile(k, x, j)); });
                    each<X>([&](auto y) INLINE {
                        tile::load<LEFT>(left + left_tile(k, y, i));
                        each<X>([&](auto x) INLINE {
                            if constexpr (!KEPT) tile::load<RIGHT>(right + right_tile(k, x, j));
                            tile::product<y + x, LEFT, KEPT ? RIGHT + x : RIGHT, y == X - 1, x == X - 1>();
                        });
                    });
                }
                each<SCALES>([&](auto s) INLINE { tile::store<s>(sums + s * SIDE * SIDE); });
            }
    }
};
