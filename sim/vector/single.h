// What happens to one oscillator between the products of matrices, with each sum in one lane of 64 bits or of 32.
#pragma once

#include "constants.h"

template <typename Number>
struct Single {
    using Code = Number;
    using V = Vector<Code>;
    using Fixed = Constants<Code>;
    static constexpr int PLANES = 1;  // lanes of a sum

    static int raised(const Fixed&) { return 0; }  // states are held 2^raised times their codes
    static bool wrapped_in(V lost) { return any(lost); }

    // A state as an operand.
    class Operand {
    public:
        explicit Operand(const Fixed& c) : round(c.to_operand), highest(c.operand_highest) {}
        INLINE V operator()(V state, V& cut) const { return clipped(round(state), highest, cut); }

    private:
        const Rounding<Code> round;
        const Code highest;
    };

    // Half a drift of a momentum; none of the one that is its own negative.
    class Drift {
    public:
        explicit Drift(const Fixed& c)
            : round(c.to_drift), short_codes(c.pad >= 32), lowest(c.lowest), inverse_mass(c.inverse_mass), share(c.share) {}
        INLINE V operator()(V momentum, int i) const {
            V moved;
            if constexpr (sizeof(Code) == 4) {
                moved = nearest_products(momentum, share + i);
            } else {
                const V mass = load(inverse_mass + i);
                moved = round(short_codes ? times(mass, momentum) : mass * momentum);
            }
            return moved & (momentum != lowest);
        }

    private:
        const Rounding<int64_t> round;
        const bool short_codes;  // a momentum in 64 bits fits 32
        const Code lowest, *const inverse_mass;
        const double* const share;
    };

    // Where in its table the activation is read: from the row's sum, and of a diagonal system the position's own gain.
    class Look {
    public:
        Look(const Fixed& c, bool diagonal)
            : round(c.to_table), diagonal(diagonal), shift(c.sum_left), highest(c.table_highest), gain(c.gain), bias(c.bias) {}
        INLINE V operator()(const Code* sums, int, int i, V x) const {
            V sum = load(sums + i), ignored{};
            if (diagonal) sum += times(load(gain + i), x);
            return clipped(round(left(sum, shift) + load(bias + i)), highest, ignored);
        }

    private:
        const Rounding<Code> round;
        const bool diagonal;
        const int shift;
        const Code highest, *const gain, *const bias;
    };

    static bool held(const Fixed& c) { return c.segments <= HELD; }  // registers have room for the table, in lanes of 32 bits

    // The activation's value there, and its conjugate.
    template <typename Table>
    class Read {
    public:
        explicit Read(const Fixed& c)
            : round(c.in_segment), to_conjugate(c.to_conjugate), bits(c.in_segment.shift), segment_bits(c.segment_bits),
              mask((Code(1) << bits) - 1), zero(c.segment_zero), table(c.table), conjugates(c.conjugate) {}
        INLINE V operator()(V code) const {
            const V row = table(segment(code));
            return Fixed::value(row) + round(times(Fixed::rise(row), code & mask));
        }
        INLINE V conjugate(V code, V value) const {
            const V at = segment(code), place = right(code + code - (code & mask), segment_bits);
            return conjugates(at) + to_conjugate(times(value - Fixed::value(table(at)), place));
        }

    private:
        const Rounding<Code> round, to_conjugate;
        const int bits, segment_bits;
        const Code mask, zero;
        const Table table;
        const Lying<Code> conjugates;
        INLINE V segment(V code) const { return right(code, bits) + zero; }
    };

    // What a kick takes from a momentum, from a force, and of a dense system the position's own spring.
    class Push {
    public:
        Push(const Fixed& c, bool dense) : round(c.to_kick), dense(dense), align(c.align_left), stiffness(c.stiffness) {}
        INLINE V operator()(const Code* force, int, int i, V x) const {
            V sum = load(force + i);
            if (dense) sum += left(times(load(stiffness + i), x), align);
            return round(sum);
        }

    private:
        const Rounding<Code> round;
        const bool dense;
        const int align;
        const Code* const stiffness;
    };

    // Sums of states, and what they lose by wrapping.
    class Wrap {
    public:
        explicit Wrap(const Fixed& c) : pad(c.pad) {}
        INLINE V sum(V a, V b, V& lost) const { return wrapped(a + b, pad, lost); }
        INLINE V kick(V momentum, V push, V nudge, V, V& lost) const { return wrapped(momentum - push + nudge, pad, lost); }

    private:
        const int pad;
    };
};
