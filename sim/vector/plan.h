// Parameters in the order and the lanes in which steps read them, and whether lanes of 32 bits hold all that steps make of them.
#pragma once

#include <algorithm>

#include "codes.h"
#include "in_step.h"
#include "matrix.h"
#include "memory.h"

// What is done to each oscillator by itself, in lanes of one width.
template <typename Code>
struct Constants {
    int pad = 0, sum_left = 0, force_left = 0, align_left = 0, value_left = 0;
    Code lowest = 0, operand_highest = 0, table_highest = 0, segment_zero = 0;
    Rounding<Code> to_operand, to_kick, to_table, in_segment;
    Rounding<int64_t> to_drift;
    Array<Code> stiffness, gain, bias, inverse_mass, table, integral;
    Array<Code> present;  // all bits of each oscillator, none in the padding, whose momentum must not move

    Constants() = default;
    Constants(const Rules& r, const Memory& s, int wide)
        : pad(int(r.state_pad) - 64 + 8 * int(sizeof(Code))), align_left(int(r.align_left)), value_left(int(r.value_left)),
          lowest(Code(r.state_lowest)), operand_highest(Code(r.operand_highest)), table_highest(Code(r.table_highest)),
          segment_zero(Code(r.segment_zero)), to_operand(r.operand_shift), in_segment(r.offset_bits), to_drift(r.drift_shift),
          stiffness(wide), gain(wide), bias(wide), inverse_mass(wide), table(s.segments), integral(s.segments), present(wide) {
        // A shift to the left before a rounding shifts less to the right; biases have that many zeros at their ends, too.
        const int64_t kick = r.activated ? 0 : std::min(r.align_left, r.kick_shift);
        const int64_t look = std::min({r.align_left, r.table_shift, r.bias_left});
        to_kick = Rounding<Code>(r.kick_shift - kick), force_left = int(r.align_left - kick);
        to_table = Rounding<Code>(r.table_shift - look), sum_left = int(r.align_left - look);
        const bool springs = r.coupled && !r.activated;
        for (int i = 0; i < int(s.oscillators); i++) {
            stiffness[i] = springs ? 0 : Code(s.stiffness[i]);
            gain[i] = r.activated && !r.coupled ? Code(s.gain[i]) : 0;
            bias[i] = r.activated ? Code(s.bias[i] * (int64_t(1) << (r.bias_left - look))) : 0;
            inverse_mass[i] = Code(s.inverse_mass[i]);
            present[i] = -1;
        }
        for (int i = 0; i < s.segments; i++) {  // value and rise in one word, which one gather brings
            const int64_t value = s.table[3 * i], rise = s.table[3 * i + 1];
            table[i] = Code((value & ((int64_t(1) << HALF) - 1)) | rise * (int64_t(1) << HALF));
            integral[i] = Code(s.table[3 * i + 2]);
        }
    }

    static constexpr int HALF = 4 * sizeof(Code);
    static Vector<Code> value(Vector<Code> row) { return right(left(row, HALF), HALF); }
    static Vector<Code> rise(Vector<Code> row) { return right(row, HALF); }
};

// Half a drift; none for the momentum that is its own negative.
template <typename Code>
class Drift {
public:
    explicit Drift(const Constants<Code>& c)
        : round(c.to_drift), short_codes(c.pad >= 32), lowest(c.lowest), inverse_mass(c.inverse_mass) {}
    Vector<Code> operator()(Vector<Code> momentum, int i) const {
        return momentum == lowest ? Vector<Code>{} : moved(momentum, i);
    }

private:
    const Rounding<int64_t> round;
    const bool short_codes;  // a momentum in 64 bits fits 32
    const Code lowest, *inverse_mass;
    Lanes moved(Lanes momentum, int i) const { return of_products(load(inverse_mass + i), momentum, round); }
    Wide moved(Wide momentum, int i) const {
        const Wide mass = load(inverse_mass + i);
        return round(short_codes ? times(mass, momentum) : mass * momentum);
    }
};

// Everything that stays the same while parameters do.
struct Plan {
    Rules rules;
    Memory memory;
    int n, m, wide, driven, digit_bits;  // N, M; N padded; N padded and M paired
    Matrix row, column;
    bool narrow;  // lanes of 32 bits hold all
    Constants<int64_t> long_codes;
    Constants<int32_t> short_codes;
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
#if defined(TILES)
        if (dense()) in_step = InStep(r, s, row.norm, column.norm);
#endif
    }

    bool dense() const { return rules.coupled && rules.activated; }

    template <typename Code>
    const Constants<Code>& constants() const {
        if constexpr (sizeof(Code) == 8)
            return long_codes;
        else
            return short_codes;
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
        int64_t reach = 0, area = 0;
        for (int i = 0; i < memory.segments; i++) {
            const int64_t value = memory.table[3 * i], rise = memory.table[3 * i + 1];
            reach = std::max({reach, std::abs(value), std::abs(rise), std::abs(value + rise)});
            area = std::max(area, std::abs(memory.table[3 * i + 2]));
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
        const bool reads = reach < code && (2 * reach << c.in_segment.shift) + c.in_segment.half <= limit && area + 2 * reach + 1 <= limit;
        return moves && pushes && (!rules.activated || (looks && reads));
    }
};
