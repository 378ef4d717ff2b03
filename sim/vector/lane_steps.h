// What happens to one oscillator of sixteen walks between the products of matrices. Constants are vectors here, to stay in registers.
#pragma once

#include "in_step.h"

// The nearest, ties to even, of what half was added to: in units of 2^pad.
struct Nearest {
    int32_t shift;
    Sixteen half, below, even;
    explicit Nearest(const Halfway& h, int pad = 0)
        : shift(h.shift - pad), half(all(int32_t(h.half))), below(all(int32_t(h.below))), even(all(int32_t(h.even * (int64_t(1) << pad)))) {}
    INLINE Sixteen cut(Sixteen with_half) const { return masked_at_ties(down(with_half, shift), even, with_half, below); }
};

// A state as an operand.
class ToOperand {
public:
    explicit ToOperand(const InStep& c) : nearest(c.to_operand), reach(all(c.operand_reach)), least(all(-c.operand_reach)) {}
    INLINE Sixteen operator()(Sixteen state, Sixteen& cut) const {
        const Sixteen inside = within(least, state, reach);
        cut = differing(cut, state, inside);
        return nearest.cut(inside + nearest.half);
    }

private:
    const Nearest nearest;
    const Sixteen reach, least;
};

// Half a drift of a momentum; none of the one that is its own negative.
class HalfDrift {
public:
    explicit HalfDrift(const InStep& c) : pad(all(c.pad)), lowest(all(INT32_MIN)), mass(c.inverse_mass), offset(c.drift_offset) {}
    INLINE Sixteen operator()(Sixteen pi, size_t i) const { return nearest_multiple(pi, mass[i], offset[i], pad, lowest); }

private:
    const Sixteen pad, lowest;
    const double *const mass, *const offset;
};

INLINE inline Sixteen scaled(const int32_t* sums, int scale) { return take_lanes(sums + scale * SIDE * WALKS); }

// The activation's value, from the row's sums, of which a weight gave W digits.
template <bool WHOLE, int W>
class ToValue {
public:
    explicit ToValue(const InStep& c)
        : look(c.to_table), inner(c.in_segment), highest(all(c.table_highest)), lowest(all(-c.table_highest)),
          within_segment(all(int32_t(c.in_segment.below))), segment_bits(c.segment_bits), rise_bits(c.rise_bits),
          table(c.table + c.segment_zero) {}
    INLINE Sixteen operator()(const int32_t* sums, Sixteen bias_low, Sixteen bias_high) const {
        Sixteen low = take_lanes(sums) + (scaled(sums, 1) << 8) + bias_low, z;
        if constexpr (WHOLE) {
            low += scaled(sums, 2) << 16;
            z = look.cut(low);
        } else {
            Sixteen high = scaled(sums, 2) + (scaled(sums, 3) << 8) + bias_high;
            if constexpr (W == 3) high += scaled(sums, 4) << 16;
            z = masked_at_ties(up(high, InStep::HALF - look.shift) + down(low, look.shift), look.even, low, look.below);
        }
        z = within(lowest, z, highest);
        const Sixteen row = look_up(table, down(z, segment_bits)), offset = z & within_segment;
        if constexpr (WHOLE) return (row >> 16) + inner.cut(add_product(inner.half, row, offset));
        const Sixteen rise = down(up(row, 32 - rise_bits), 32 - rise_bits);
        return down(row, rise_bits) + inner.cut(rise * offset + inner.half);
    }

private:
    const Nearest look, inner;
    const Sixteen highest, lowest, within_segment;
    const int segment_bits, rise_bits;
    const int32_t* const table;
};

// What a kick takes from a momentum, from the column's sums and the position's own spring.
template <bool WHOLE, int W>
class ToPush {
public:
    explicit ToPush(const InStep& c) : nearest(c.to_kick, c.pad), unit(all(-1 << c.pad)), align(c.align) {}
    INLINE Sixteen operator()(const int32_t* sums, Sixteen x, Sixteen stiffness) const {
        Sixteen low = take_lanes(sums) + nearest.half, way;
        if constexpr (WHOLE) {
            low += (scaled(sums, 1) << 8) + (scaled(sums, 2) << 16) + up(add_product(Sixteen{}, x, stiffness), align);
            way = down(low, nearest.shift);
        } else {
            const Sixteen middle = scaled(sums, 1) + stiffness * (x >> 8);
            low += stiffness * (x & 0xff) + ((middle & 0xff) << 8);
            Sixteen high = scaled(sums, 2) + (middle >> 8) + (scaled(sums, 3) << 8);
            if constexpr (W == 3) high += scaled(sums, 4) << 16;
            way = up(high, InStep::HALF - nearest.shift) + down(low, nearest.shift);
        }
        return masked_at_ties(way & unit, nearest.even, low, nearest.below);
    }

private:
    const Nearest nearest;
    const Sixteen unit;
    const int align;
};
