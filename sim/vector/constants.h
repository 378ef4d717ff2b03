// Parameters as walks read them whose sums are held in one lane each, of 64 bits or of 32.
#pragma once

#include <algorithm>

#include "codes.h"
#include "memory.h"

// What is done to each oscillator by itself, in lanes of one width.
template <typename Code>
struct Constants {
    int pad = 0, sum_left = 0, force_left = 0, align_left = 0, value_left = 0, segment_bits = 0;
    int64_t segments = 0;
    Code lowest = 0, operand_highest = 0, table_highest = 0, segment_zero = 0;
    Rounding<Code> to_operand, to_kick, to_table, in_segment, to_conjugate;
    Rounding<int64_t> to_drift;
    Array<Code> stiffness, gain, bias, inverse_mass, table, conjugate;
    Array<double> share;  // of a momentum, half a drift: in lanes of 32 bits
    Array<Code> present;  // all bits of each oscillator, none in the padding, whose momentum must not move

    Constants() = default;
    Constants(const Rules& r, const Memory& s, int wide)
        : pad(int(r.state_pad) - 64 + 8 * int(sizeof(Code))), align_left(int(r.align_left)), value_left(int(r.value_left)),
          segment_bits(int(r.segment_bits)), segments(s.segments), lowest(Code(r.state_lowest)), operand_highest(Code(r.operand_highest)), table_highest(Code(r.table_highest)),
          segment_zero(Code(r.segment_zero)), to_operand(r.operand_shift), in_segment(r.offset_bits), to_conjugate(r.offset_bits - r.segment_bits), to_drift(r.drift_shift),
          stiffness(wide), gain(wide), bias(wide), inverse_mass(wide), table(std::max<int64_t>(s.segments, HELD)), conjugate(s.segments),
          share(wide), present(wide) {
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
            share[i] = std::ldexp(double(s.inverse_mass[i]), -int(r.drift_shift));
            present[i] = -1;
        }
        for (int i = 0; i < s.segments; i++) {  // value and rise in one word, which one gather brings
            const int64_t value = s.table[3 * i], rise = s.table[3 * i + 1];
            table[i] = Code((value & ((int64_t(1) << HALF) - 1)) | rise * (int64_t(1) << HALF));
            conjugate[i] = Code(s.table[3 * i + 2]);
        }
    }

    static constexpr int HALF = 4 * sizeof(Code);
    static Vector<Code> value(Vector<Code> row) { return right(left(row, HALF), HALF); }
    static Vector<Code> rise(Vector<Code> row) { return right(row, HALF); }
};
