// Parameters as sixteen walks in step read them, and whether lanes of 32 bits hold the sums that they make of them.
#pragma once

#include "bytes.h"
#include "in_lanes.h"

struct InStep : InLanes {
    bool whole = false;  // a sum fits 32 bits; else it is held as low + high 2^HALF
    int operand_bytes = 2, oscillators = 0, quads = 0;  // N in whole quads; quads of positions, inputs, and one of 1 0 0 0
    ByteMatrix row, column;
    Array<int32_t> bias_low, bias_high, stiffness;
    Array<double> inverse_mass, drift_offset;

    static constexpr int HALF = 16;

    InStep() = default;

    // The largest sums of magnitudes of a matrix's row are those of the row pass and of the column pass.
    InStep(const Rules& r, const Memory& s, int64_t row_norm, int64_t column_norm) {
        const int n = int(s.oscillators), m = int(s.inputs);
        whole = r.multiplier <= 16, operand_bytes = whole ? 2 : 3;
        if (!take(r, s, whole)) return;
        oscillators = padded(n, 4), quads = oscillators / 4 + padded(m, 4) / 4 + 1;
        if (to_table.shift > HALF || to_kick.shift - pad > HALF) return;
        row = ByteMatrix(n, 4 * quads, [&](int i, int j) -> int64_t {
            if (j < oscillators) return j < n ? s.coupling[size_t(i) * n + j] : 0;
            return j - oscillators < m ? s.input_weight[size_t(i) * m + j - oscillators] : 0;
        });
        column = ByteMatrix(n, oscillators, [&](int i, int j) -> int64_t { return j < n ? s.coupling[size_t(j) * n + i] : 0; });
        possible = sums(r, s, row_norm, column_norm);
        if (possible) fill(r, s);
    }

private:
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
        fill_table(s);
    }
};
