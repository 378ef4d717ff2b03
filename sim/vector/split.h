// As single.h, of dense systems of wider codes in lanes of 32 bits, with each sum in two lanes.
#pragma once

#include "split_constants.h"

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
