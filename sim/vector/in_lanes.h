// Parameters of a dense system as lanes of 32 bits read them, states at the top of theirs, and whether they hold what is made of them.
#pragma once

#include <algorithm>

#include "lanes.h"
#include "memory.h"

// value / 2^shift to the nearest, ties to even: half is added, what is below is cut, and where nothing was, so is the last bit that stays.
struct Halfway {
    int shift = 0;
    int64_t half = 0, below = 0, even = -1;
    Halfway() = default;
    explicit Halfway(int64_t shift)
        : shift(int(shift)), half((int64_t(1) << shift) >> 1), below((int64_t(1) << shift) - 1), even(shift ? -2 : -1) {}
};

// States are held 2^pad times their codes, so that wrapping is what lanes do by themselves. A value and its rise to the next share a word.
struct InLanes {
    bool possible = false;
    int pad = 0, align = 0, segment_bits = 0, rise_bits = 16;
    int64_t segment_zero = 0;
    int32_t operand_reach = 0, operand_highest = 0, table_highest = 0;
    Halfway to_operand, to_table, to_kick, in_segment;
    Array<int32_t> table;

    InLanes() = default;

protected:
    static constexpr int64_t LIMIT = (int64_t(1) << 31) - 1;
    int64_t look = 0, knot = 0;  // bits that neither sum nor bias has; the largest value of the activation

    // Whether all but the sums of matrices can be held; `words`: values are codes of 16 bits.
    bool take(const Rules& r, const Memory& s, bool words) {
        if (r.state_pad < 32 || r.multiplier > 24) return false;
        pad = int(r.state_pad) - 32, align = int(r.align_left);
        segment_bits = int(r.offset_bits), segment_zero = r.segment_zero;
        look = std::min({r.align_left, r.table_shift, r.bias_left});
        if (look != r.align_left || r.kick_shift < pad || r.drift_shift + pad > 31 || r.operand_shift + pad > 30) return false;
        to_operand = Halfway(r.operand_shift + pad), to_table = Halfway(r.table_shift - look);
        to_kick = Halfway(r.kick_shift), in_segment = Halfway(r.offset_bits);
        return moves(r, s) && reads(r, s, words);
    }

    static int64_t largest(const int64_t* codes, int64_t count) {
        int64_t found = 0;
        for (int64_t i = 0; i < count; i++) found = std::max(found, std::abs(codes[i]));
        return found;
    }

    void fill_table(const Memory& s) {
        table = Array<int32_t>(s.segments);
        for (int64_t i = 0; i < s.segments; i++) {
            const int64_t value = s.table[3 * i], rise = s.table[3 * i + 1];
            table[i] = int32_t(value * (int64_t(1) << rise_bits) | (rise & ((int64_t(1) << rise_bits) - 1)));
        }
    }

private:
    // A state is clipped before it is rounded to an operand, where half a unit more makes no difference; half a drift is a state's code.
    bool moves(const Rules& r, const Memory& s) {
        const int64_t reach = (r.operand_highest << to_operand.shift) + std::max<int64_t>(to_operand.half - 1, 0);
        operand_reach = int32_t(reach), operand_highest = int32_t(r.operand_highest);
        const int64_t mass = largest(s.inverse_mass, s.oscillators);
        return reach + to_operand.half <= LIMIT && (mass << 31 >> r.drift_shift) + 1 <= LIMIT;
    }

    bool reads(const Rules& r, const Memory& s, bool words) {
        int64_t rise = 0;
        for (int64_t i = 0; i < s.segments; i++) {
            const int64_t value = s.table[3 * i], more = s.table[3 * i + 1];
            knot = std::max({knot, std::abs(value), std::abs(value + more)});
            rise = std::max(rise, std::abs(more));
        }
        if (!words)
            for (rise_bits = 2; rise >> (rise_bits - 1); rise_bits++) continue;
        table_highest = int32_t(r.table_highest);
        return r.table_highest <= LIMIT / 2 && rise >> (rise_bits - 1) == 0 && knot >> (31 - rise_bits) == 0 &&
               (rise << r.offset_bits) + in_segment.half <= LIMIT;
    }
};
