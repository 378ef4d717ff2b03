// Parameters of dense systems of wider codes in lanes of 32 bits: each sum in two of them, low + high 2^bits, as a matrix gives it for operands
// of two digits; and whether the lanes hold what they make of them.
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
