// Parameters in the order and the lanes in which steps read them, and whether lanes of 32 bits hold all that steps make of them.
#pragma once

#include "constants.h"
#include "in_step.h"
#include "matrix.h"
#include "split_constants.h"

// Everything that stays the same while parameters do.
struct Plan {
    Rules rules;
    Memory memory;
    int n, m, wide, driven, digit_bits;  // N, M; N padded; N padded and M paired
    Matrix row, column;
    bool narrow;  // lanes of 32 bits hold all
    Constants<int64_t> long_codes;
    Constants<int32_t> short_codes;
    SplitConstants split_codes;  // where lanes of 32 bits hold all if sums take two
    InStep in_step;  // where there are tiles

    Plan(const Rules& r, const Memory& s)
        : rules(r), memory(s), n(int(s.oscillators)), m(int(s.inputs)), wide(padded(n, PAD)), driven(wide + padded(m, PAIRED)),
          digit_bits(int(r.multiplier + 1) / 2), long_codes(r, s, wide) {
        const int64_t sign = r.activated ? 1 : -1;
        const int before = r.coupled ? wide : 0;  // operands ahead of the inputs
        row = Matrix(wide, before + driven - wide, int(r.multiplier), digit_bits, [&](int i, int j) -> int32_t {
            if (i >= n) return 0;
            if (j < before) return j < n ? int32_t(s.coupling[size_t(i) * n + j]) : 0;
            return j - before < m ? int32_t(sign * s.input_weight[size_t(i) * m + j - before]) : 0;
        });
        if (dense())
            column = Matrix(wide, wide, int(r.multiplier), digit_bits,
                            [&](int i, int j) -> int32_t { return i < n && j < n ? int32_t(s.coupling[size_t(j) * n + i]) : 0; });
        narrow = fits();
        if (narrow) short_codes = Constants<int32_t>(r, s, wide);
        if (dense() && !narrow) split_codes = SplitConstants(r, s, wide, row, column, digit_bits);
#if defined(TILES)
        if (dense()) in_step = InStep(r, s, row.norm, column.norm);
#endif
    }

    bool dense() const { return rules.coupled && rules.activated; }

    // Parameters as a kind of walk reads them.
    template <typename Fixed>
    const Fixed& constants() const {
        if constexpr (std::is_same_v<Fixed, SplitConstants>)
            return split_codes;
        else if constexpr (std::is_same_v<Fixed, Constants<int32_t>>)
            return short_codes;
        else
            return long_codes;
    }

private:
    int64_t largest(const int64_t* codes) const {
        int64_t found = 0;
        for (int i = 0; i < n; i++) found = std::max(found, std::abs(codes[i]));
        return found;
    }

    // Whether nothing leaves 32 bits, whatever state and inputs are. Operands, inputs and values are codes of 16 bits.
    bool fits() const {
        if (rules.multiplier > 16 || row.vector_digits == 2 || (dense() && column.vector_digits == 2)) return false;
        const Constants<int64_t>& c = long_codes;
        for (int shift : {c.to_operand.shift, c.to_kick.shift, c.to_table.shift})
            if (shift > 30) return false;
        const int64_t limit = (int64_t(1) << 31) - 1, code = 1 << 15, state = -rules.state_lowest;
        int64_t reach = 0, conjugate = 0;
        for (int i = 0; i < memory.segments; i++) {
            const int64_t value = memory.table[3 * i], rise = memory.table[3 * i + 1];
            reach = std::max({reach, std::abs(value), std::abs(rise), std::abs(value + rise)});
            conjugate = std::max(conjugate, std::abs(memory.table[3 * i + 2]));
        }
        const int64_t sum = code * (row.norm + largest(c.gain)), spring = code * largest(c.stiffness);
        const int64_t force = dense()           ? reach * column.norm + (spring << c.align_left)
                              : rules.activated ? (reach << c.value_left) + (spring << c.align_left)
                                                : (sum + spring) << c.force_left;
        const int64_t kick = ((force + c.to_kick.half) >> c.to_kick.shift) + 1;
        const int64_t drift = ((state * largest(c.inverse_mass) + c.to_drift.half) >> c.to_drift.shift) + 1;
        const bool moves = state + drift <= limit && state + kick + state <= limit && state + c.to_operand.half <= limit;
        const bool pushes = force + c.to_kick.half <= limit;
        const bool looks = (sum << c.sum_left) + largest(c.bias) + c.to_table.half <= limit && c.table_highest <= limit / 2;
        const bool reads = reach < code && (reach << c.in_segment.shift) + c.in_segment.half <= limit &&
                           conjugate + (reach << c.segment_bits) + 1 <= limit;
        return moves && pushes && (!rules.activated || (looks && reads));
    }
};
