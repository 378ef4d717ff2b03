// Parameters as sixteen walks in step read them, and whether lanes of 32 bits hold all that they make of them.
#pragma once

#include "bytes.h"
#include "memory.h"

// value / 2^shift to the nearest, ties to even: half is added, what is below is cut, and where nothing was, so is the last bit that stays.
struct Halfway {
    int shift = 0;
    int64_t half = 0, below = 0, even = -1;
    Halfway() = default;
    explicit Halfway(int64_t shift)
        : shift(int(shift)), half((int64_t(1) << shift) >> 1), below((int64_t(1) << shift) - 1), even(shift ? -2 : -1) {}
};

// Of a dense system. States are held 2^pad times their codes, so that wrapping is what lanes do by themselves.
struct InStep {
    bool possible = false;
    bool whole = false;  // a sum fits 32 bits; else it is held as low + high 2^HALF
    int operand_bytes = 2, oscillators = 0, quads = 0;  // N in whole quads; quads of positions, inputs, and one of 1 0 0 0
    int pad = 0, align = 0, segment_bits = 0, rise_bits = 16;
    int64_t segment_zero = 0;
    int32_t operand_reach = 0, operand_highest = 0, table_highest = 0;
    Halfway to_operand, to_table, to_kick, in_segment;
    ByteMatrix row, column;
    Array<int32_t> bias_low, bias_high, stiffness, table;
    Array<double> inverse_mass, drift_offset;

    static constexpr int HALF = 16;

    InStep() = default;

    // The largest sums of magnitudes of a matrix's row are those of the row pass and of the column pass.
    InStep(const Rules& r, const Memory& s, int64_t row_norm, int64_t column_norm) {
        const int n = int(s.oscillators), m = int(s.inputs);
        if (r.state_pad < 32 || r.multiplier > 24) return;
        oscillators = padded(n, 4), quads = oscillators / 4 + padded(m, 4) / 4 + 1;
        pad = int(r.state_pad) - 32, align = int(r.align_left);
        whole = r.multiplier <= 16, operand_bytes = whole ? 2 : 3;
        segment_bits = int(r.offset_bits), segment_zero = r.segment_zero;
        look = std::min({r.align_left, r.table_shift, r.bias_left});
        if (look != r.align_left || r.kick_shift < pad || r.drift_shift + pad > 31 || r.operand_shift + pad > 30) return;
        to_operand = Halfway(r.operand_shift + pad), to_table = Halfway(r.table_shift - look);
        to_kick = Halfway(r.kick_shift), in_segment = Halfway(r.offset_bits);
        if (to_table.shift > HALF || to_kick.shift - pad > HALF) return;
        row = ByteMatrix(n, 4 * quads, [&](int i, int j) -> int64_t {
            if (j < oscillators) return j < n ? s.coupling[size_t(i) * n + j] : 0;
            return j - oscillators < m ? s.input_weight[size_t(i) * m + j - oscillators] : 0;
        });
        column = ByteMatrix(n, oscillators, [&](int i, int j) -> int64_t { return j < n ? s.coupling[size_t(j) * n + i] : 0; });
        possible = moves(r, s) && reads(r, s) && sums(r, s, row_norm, column_norm);
        if (possible) fill(r, s);
    }

private:
    static constexpr int64_t LIMIT = (int64_t(1) << 31) - 1;
    int64_t look = 0, knot = 0;  // bits that neither sum nor bias has; the largest value of the activation

    static int64_t largest(const int64_t* codes, int64_t count) {
        int64_t found = 0;
        for (int64_t i = 0; i < count; i++) found = std::max(found, std::abs(codes[i]));
        return found;
    }

    // A state is clipped before it is rounded to an operand, where half a unit more makes no difference; half a drift is a state's code.
    bool moves(const Rules& r, const Memory& s) {
        const int64_t reach = (r.operand_highest << to_operand.shift) + std::max<int64_t>(to_operand.half - 1, 0);
        operand_reach = int32_t(reach), operand_highest = int32_t(r.operand_highest);
        const int64_t mass = largest(s.inverse_mass, s.oscillators);
        return reach + to_operand.half <= LIMIT && (mass << 31 >> r.drift_shift) + 1 <= LIMIT;
    }

    // A value and its rise to the next share a word.
    bool reads(const Rules& r, const Memory& s) {
        int64_t rise = 0;
        for (int64_t i = 0; i < s.segments; i++) {
            const int64_t value = s.table[3 * i], more = s.table[3 * i + 1];
            knot = std::max({knot, std::abs(value), std::abs(value + more)});
            rise = std::max(rise, std::abs(more));
        }
        if (!whole)
            for (rise_bits = 2; rise >> (rise_bits - 1); rise_bits++) continue;
        table_highest = int32_t(r.table_highest);
        return r.table_highest <= LIMIT / 2 && rise >> (rise_bits - 1) == 0 && knot >> (31 - rise_bits) == 0 &&
               (rise << r.offset_bits) + in_segment.half <= LIMIT;
    }

    bool sums(const Rules& r, const Memory& s, int64_t row_norm, int64_t column_norm) const {
        const int64_t code = int64_t(1) << (r.multiplier - 1), spring = (code * largest(s.stiffness, s.oscillators)) << align;
        const int64_t bias = largest(s.bias, s.oscillators) << (r.bias_left - look);
        const int64_t seen = code * row_norm + bias + to_table.half, force = knot * column_norm + spring + to_kick.half;
        if ((force >> to_kick.shift) + 1 > LIMIT >> pad || (seen >> to_table.shift) + 1 > LIMIT) return false;
        if (whole) return row.digits == 2 && column.digits == 2 && seen <= LIMIT && force <= LIMIT;
        // What the lower half of a sum takes in: unsigned bytes times digits of weights.
        const int64_t low = 255 * (row.reach[0] + (row.reach[0] + row.reach[1]) * 256) + (1 << HALF) + to_table.half;
        const int64_t pull = largest(s.stiffness, s.oscillators) << align;
        return low <= LIMIT && 255 * (column.reach[0] + pull) + (1 << HALF) + to_kick.half <= LIMIT && (pull << (r.multiplier - 9)) <= LIMIT / 2 &&
               255 * 2 * (column.reach[0] + column.reach[1]) <= LIMIT / 2;
    }

    void fill(const Rules& r, const Memory& s) {
        inverse_mass = Array<double>(oscillators), drift_offset = Array<double>(oscillators);
        for (Array<int32_t>* each : {&bias_low, &bias_high, &stiffness}) *each = Array<int32_t>(oscillators);
        for (int i = 0; i < int(s.oscillators); i++) {
            const int64_t bias = s.bias[i] * (int64_t(1) << (r.bias_left - look));
            bias_low[i] = int32_t((whole ? bias : bias & ((1 << HALF) - 1)) + to_table.half);
            bias_high[i] = int32_t(bias >> HALF);
            stiffness[i] = int32_t(whole ? s.stiffness[i] & 0xffff : s.stiffness[i] * (int64_t(1) << align));
            inverse_mass[i] = double(s.inverse_mass[i]);
        }
        for (int i = int(s.oscillators); i < oscillators; i++) bias_low[i] = int32_t(to_table.half);
        for (int i = 0; i < oscillators; i++) drift_offset[i] = nearest_offset(int64_t(inverse_mass[i]), int(r.drift_shift) + pad);
        table = Array<int32_t>(s.segments);
        for (int64_t i = 0; i < s.segments; i++) {
            const int64_t value = s.table[3 * i], rise = s.table[3 * i + 1];
            table[i] = int32_t(value * (int64_t(1) << rise_bits) | (rise & ((int64_t(1) << rise_bits) - 1)));
        }
    }
};
