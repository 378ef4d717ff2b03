// Dense systems of wider codes in lanes of 32 bits: each sum in two of them, low + high 2^bits, as a matrix gives it for operands of two digits.
#pragma once

#include "codes.h"
#include "in_lanes.h"
#include "matrix.h"

// To the nearest of 2^shift, ties to even, a sum whose low lane has half of that in it already.
struct Halves {
    int bits = 0, shift = 0, over = 0, lift = 0;
    int32_t rest = 0, below = 0, even = 0;
    Halves() = default;
    Halves(const Halfway& h, int bits)
        : bits(bits), shift(h.shift), over(std::max(h.shift - bits, 0)), lift(bits + over - h.shift), rest(int32_t((int64_t(1) << over) - 1)),
          below(int32_t(h.below)), even(int32_t(h.even)) {}
    INLINE Lanes operator()(Lanes low, Lanes high) const {
        low += left(high & rest, bits);
        return masked_at_ties(left(right(high, over), lift) + right(low, shift), Lanes{} + even, low, Lanes{} + below);
    }
    // What the low lane may hold beside the sum's own.
    int64_t reach() const { return int64_t(1) << (bits + over); }
};

struct SplitConstants : InLanes {
    int bits = 0;  // of a digit
    int32_t kick_half = 0;
    Halves see, push;
    Array<int32_t> bias_low, bias_high, stiffness;
    Array<double> share;  // of a momentum, half a drift

    SplitConstants() = default;
    SplitConstants(const Rules& r, const Memory& s, int wide, const Matrix& row, const Matrix& column, int digit_bits) : bits(digit_bits) {
        const bool parted = row.digits == 1 && row.vector_digits == 2 && column.digits == 1 && column.vector_digits == 2;
        if (!parted || !take(r, s, false) || to_table.shift > 30 || to_kick.shift > 30) return;
        see = Halves(to_table, bits), push = Halves(to_kick, bits), kick_half = int32_t(to_kick.half);
        possible = sums(r, s, row.norm, column.norm);
        if (possible) fill(r, s, wide);
    }

private:
    bool sums(const Rules& r, const Memory& s, int64_t row_norm, int64_t column_norm) const {
        const int64_t code = int64_t(1) << (r.multiplier - 1), digit = (int64_t(1) << (bits - 1)) + 1;
        const int64_t bias = largest(s.bias, s.oscillators) << (r.bias_left - look), spring = largest(s.stiffness, s.oscillators) << align;
        const int64_t seen = code * row_norm + bias + to_table.half, force = knot * column_norm + code * spring + to_kick.half;
        if ((seen >> to_table.shift) + 1 > LIMIT || (force >> to_kick.shift) + 1 > LIMIT >> pad) return false;
        if (largest(s.inverse_mass, s.oscillators) >> (53 - 31)) return false;  // half a drift's product is a double's
        const int64_t in_row = row_norm * digit, in_column = (column_norm + spring) * digit;
        return in_row + see.reach() + (int64_t(1) << bits) + to_table.half <= LIMIT && in_row + (bias >> bits) + 1 <= LIMIT &&
               in_column + push.reach() + to_kick.half <= LIMIT;
    }

    void fill(const Rules& r, const Memory& s, int wide) {
        for (Array<int32_t>* each : {&bias_low, &bias_high, &stiffness}) *each = Array<int32_t>(wide);
        share = Array<double>(wide);
        for (int i = 0; i < wide; i++) bias_low[i] = int32_t(to_table.half);
        for (int i = 0; i < int(s.oscillators); i++) {
            const int64_t bias = s.bias[i] * (int64_t(1) << (r.bias_left - look));
            bias_low[i] += int32_t(bias & ((int64_t(1) << bits) - 1)), bias_high[i] = int32_t(bias >> bits);
            stiffness[i] = int32_t(s.stiffness[i] * (int64_t(1) << align));
            share[i] = std::ldexp(double(s.inverse_mass[i]), -int(r.drift_shift) - pad);
        }
        fill_table(s);
    }
};

// As `Single`, for those.
struct Split {
    using Code = int32_t;
    using V = Lanes;
    using Fixed = SplitConstants;
    static constexpr int PLANES = 2;

    static int raised(const Fixed& c) { return c.pad; }
    static bool wrapped_in(V lost) { return any(lost < 0); }

    class Operand {
    public:
        explicit Operand(const Fixed& c) : round(c.to_operand.shift), reach(c.operand_reach) {}
        INLINE V operator()(V state, V& cut) const { return round(clipped(state, reach, cut)); }

    private:
        const Rounding<Code> round;
        const Code reach;
    };

    class Drift {
    public:
        explicit Drift(const Fixed& c) : pad(c.pad), share(c.share) {}
        INLINE V operator()(V momentum, int i) const { return left(nearest_products(momentum, share + i), pad) & (momentum != INT32_MIN); }

    private:
        const int pad;
        const double* const share;
    };

    class Look {
    public:
        Look(const Fixed& c, bool) : round(c.see), highest(c.table_highest), low(c.bias_low), high(c.bias_high) {}
        INLINE V operator()(const Code* sums, int wide, int i, V) const {
            V ignored{};
            return clipped(round(load(sums + i) + load(low + i), load(sums + wide + i) + load(high + i)), highest, ignored);
        }

    private:
        const Halves round;
        const Code highest, *const low, *const high;
    };

    static bool held(const Fixed&) { return false; }

    template <typename Table>
    class Read {
    public:
        explicit Read(const Fixed& c)
            : round(c.in_segment.shift), bits(c.segment_bits), rise_bits(c.rise_bits), mask(Code(c.in_segment.below)),
              table(c.table + c.segment_zero) {}
        INLINE V operator()(V code) const {
            const V row = table(right(code, bits)), rise = right(left(row, 32 - rise_bits), 32 - rise_bits);
            return right(row, rise_bits) + round(rise * (code & mask));
        }

    private:
        const Rounding<Code> round;
        const int bits, rise_bits;
        const Code mask;
        const Table table;
    };

    class Push {
    public:
        Push(const Fixed& c, bool) : round(c.push), bits(c.bits), pad(c.pad), half(c.kick_half), stiffness(c.stiffness) {}
        INLINE V operator()(const Code* force, int wide, int i, V x) const {
            const V spring = load(stiffness + i), low = low_digit(x, bits);
            return left(round(load(force + i) + half + spring * low, load(force + wide + i) + spring * right(x - low, bits)), pad);
        }

    private:
        const Halves round;
        const int bits, pad;
        const Code half, *const stiffness;
    };

    // The highest bit of what is lost says so.
    class Wrap {
    public:
        explicit Wrap(const Fixed&) {}
        INLINE V sum(V a, V b, V& lost) const {
            const V c = a + b;
            lost |= lost_in_sum(a, b, c);
            return c;
        }
        // A nudge may be 2^31, which its lane does not hold but as -2^31: its sign is beside it.
        INLINE V kick(V momentum, V push, V nudge, V nudge_sign, V& lost) const {
            const V pushed = momentum + nudge, kicked = pushed - push;
            lost |= lost_in_sum(momentum, nudge_sign, pushed) ^ lost_in_difference(pushed, push, kicked);  // the one may bring back the other
            return kicked;
        }
    };
};
