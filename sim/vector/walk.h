// One run under way: what happens to each oscillator between the products of matrices, by the steps of its kind (single.h, split.h).
#pragma once

#include "own.h"
#include "plan.h"
#include "single.h"
#include "split.h"

template <typename Kind>
class Walk {
    using Code = typename Kind::Code;
    using V = typename Kind::V;
    using Fixed = typename Kind::Fixed;
    static constexpr int STEP = sizeof(V) / sizeof(Code);
    static constexpr bool SINGLE = Kind::PLANES == 1;  // else the system is dense

public:
    const Job job;
    const Plan& plan;
    const Fixed& constants;
    Block block;
    Digits operands, values;
    Array<Code> force;  // [plane][oscillator]
    int64_t count = 0;  // steps taken
    int kept = 0;       // rows of `block` filled

    Walk(const Plan& p, const Job& job, int rows)
        : job(job), plan(p), constants(p.constants<Fixed>()), block(rows, p.wide, padded(p.driven, PAD)), operands(p.driven), values(p.wide),
          force(size_t(Kind::PLANES) * p.wide), raised(Kind::raised(constants)), position(p.wide), momentum(p.wide), half(p.wide),
          nudge(p.wide), nudge_sign(SINGLE ? 0 : p.wide), moving(size_t(rows) * p.wide), own(p.wide, int(p.rules.multiplier)) {
        take(position.data, p.memory.position + job.context * p.n, p.n, 1, raised);
        take(momentum.data, p.memory.momentum + job.context * p.n, p.n, 1, raised);
        const typename Kind::Drift drift(constants);
        for (int i = 0; i < p.wide; i += STEP) store(half + i, drift(load(momentum + i), i));
        // Each momentum but the first and the last counts twice, as the one after a kick and as the one before the next.
        if (job.product_sign) kinetic_end(1);
    }

    // To the midpoint: position and input as operands.
    void depart() {
        const Plan& p = plan;
        const int64_t k = job.first + job.stride * count;
        int32_t* x = operand_row();
        const int wide = p.wide;
        const typename Kind::Operand operand(constants);
        const typename Kind::Wrap wrap(constants);
        const Code* moved = half;
        Code* phi = position;
        take(x + wide, p.memory.input + (job.input_base + k) * p.m, p.m, 1);  // in time for what is loaded with it
        V gone = lost, beyond = cut;
        for (int i = 0; i < wide; i += STEP) {
            const V here = wrap.sum(load(phi + i), load(moved + i), gone);
            store(phi + i, here);
            narrow(x + i, operand(here, beyond));
        }
        lost = gone, cut = beyond;
        if (job.trace_base >= 0) give(p.memory.trace + (job.trace_base + k) * p.n, position.data, p.n, raised);
        const int from = p.rules.coupled ? 0 : wide;
        operands.cut(x + from, p.driven - from, p.row.vector_digits, p.digit_bits);
    }

    // From the row's sums to the force, or as far as the column's operands.
    void respond() {
        if constexpr (SINGLE) {
            if (!plan.rules.activated) return pull();
            if (!plan.rules.coupled) return job.product_sign ? respond_alone<true>() : respond_alone<false>();
        }
        if constexpr (HELD && std::is_same_v<Code, int32_t>)
            if (Kind::held(constants)) return respond_by<Held>();
        respond_by<Lying<Code>>();
    }

    // Kick, drift, and what the oscillators' own products need.
    void arrive() {
        take_nudge();
        if (job.product_sign)
            nudged ? kick<true, true>() : kick<true, false>();
        else
            nudged ? kick<false, true>() : kick<false, false>();
        if (job.product_sign) kept++;
        count++;
    }

    // What was kept, into the sums of the oscillators' own products; the block may then be filled anew.
    void flush() {
        if (!kept) return;
        const int32_t *x = block.right, *y = block.left;
        own.squares(STIFFNESS, x, block.right_width, kept, 1);
        own.squares(KINETIC, moving, plan.wide, kept, 2);
        if (plan.rules.activated) own.codes(BIAS, y, block.left_width, kept);
        kept = 0;
    }

    // The state back to the memory, the products of single oscillators to the sums.
    void end(uint64_t* totals) {
        const Plan& p = plan;
        give(p.memory.position + job.context * p.n, position.data, p.n, raised);
        give(p.memory.momentum + job.context * p.n, momentum.data, p.n, raised);
        if (job.product_sign) {
            kinetic_end(-1);
            for (int v = 0; v < OWN; v++)
                for (int i = 0; i < p.n; i++) totals[v * p.n + i] += uint64_t(job.product_sign * own[Own(v)][i]) << job.shift;
        }
        p.memory.overflow[job.context] |= Kind::wrapped_in(lost);
        p.memory.clip[job.context] |= any(cut);
    }

private:
    const int raised;
    Array<Code> position, momentum, half, nudge, nudge_sign;
    Array<int32_t> moving;  // momenta as operands, rows beside those of `block`
    OwnSums own;
    V lost{}, cut{};  // what a wrap, or a clip, changed
    const int64_t* nudged = nullptr;  // where the nudge was taken from, if there is one

    int32_t* value_row() { return block.left + size_t(kept) * block.left_width; }
    int32_t* operand_row() { return block.right + size_t(kept) * block.right_width; }

    // The column's operands of a dense system, by a table of that kind.
    template <typename Table>
    void respond_by() {
        const typename Kind::Look look(constants, false);
        const typename Kind::template Read<Table> read(constants);
        const int wide = plan.wide;
        const int32_t* x = operand_row();
        int32_t* y = value_row();
        const Code* sums = force;
        for (int i = 0; i < wide; i += STEP) narrow(y + i, read(look(sums, wide, i, fetch<V>(x + i))));
        values.cut(y, wide, plan.column.vector_digits, plan.digit_bits);
    }

    // The force of a system without an activation.
    void pull() {
        const int32_t* x = operand_row();
        const int wide = plan.wide, shift = constants.force_left;
        const Code* stiffness = constants.stiffness;
        Code* f = force;
        for (int i = 0; i < wide; i += STEP) store(f + i, left(load(f + i) + times(load(stiffness + i), fetch<V>(x + i)), shift));
        if (job.product_sign) std::copy_n(x, wide, value_row());
    }

    // The force of one that is not coupled.
    template <bool COUNTED>
    void respond_alone() {
        const typename Kind::Look look(constants, true);
        const typename Kind::template Read<Lying<Code>> read(constants);
        const int wide = plan.wide, align = constants.align_left, value = constants.value_left;
        const int32_t* x = operand_row();
        const Code *stiffness = constants.stiffness, *present = constants.present;
        int32_t* y = value_row();
        Code* f = force;
        int64_t* gain = own[GAIN];
        for (int i = 0; i < wide; i += STEP) {
            const V here = fetch<V>(x + i), code = look(f, wide, i, here), y_here = read(code);
            narrow(y + i, y_here);
            store(f + i, left(y_here & load(present + i), value) + left(times(load(stiffness + i), here), align));
            if constexpr (COUNTED) add(gain + i, read.conjugate(code, y_here));
        }
    }

    template <bool COUNTED, bool PUSHED>
    void kick() {
        const int wide = plan.wide;
        const typename Kind::Push push(constants, plan.dense());
        const typename Kind::Drift drift(constants);
        const typename Kind::Operand operand(constants);
        const typename Kind::Wrap wrap(constants);
        const int32_t* x = operand_row();
        int32_t* moved_by = moving + size_t(kept) * wide;
        const Code *f = force, *pushed = nudge, *sign = nudge_sign;
        Code *phi = position, *pi = momentum, *way = half;
        V gone = lost, beyond = cut;
        for (int i = 0; i < wide; i += STEP) {
            V more{}, more_sign{};
            if constexpr (PUSHED) more = load(pushed + i);
            if constexpr (PUSHED && !SINGLE) more_sign = load(sign + i);
            const V kicked = wrap.kick(load(pi + i), push(f, wide, i, fetch<V>(x + i)), more, more_sign, gone), moved = drift(kicked, i);
            store(pi + i, kicked);
            store(way + i, moved);
            store(phi + i, wrap.sum(load(phi + i), moved, gone));
            if constexpr (COUNTED) narrow(moved_by + i, operand(kicked, beyond));
        }
        lost = gone, cut = beyond;
    }

    void take_nudge() {
        const Plan& p = plan;
        const int64_t k = job.first + job.stride * count;
        const int64_t* from = k < job.nudge_from ? nullptr : p.memory.nudge + (job.nudge_base + job.nudge_stride * k) * p.n;
        if (from && from != nudged) {
            take(nudge.data, from, p.n, job.nudge_sign, raised);
            if constexpr (!SINGLE)
                for (int i = 0; i < p.n; i++) nudge_sign[i] = (job.nudge_sign * from[i]) < 0 ? -1 : 0;
        }
        nudged = from;
    }

    void kinetic_end(int64_t factor) {
        const typename Kind::Operand operand(constants);
        V beyond = cut;
        for (int i = 0; i < plan.wide; i += STEP) narrow(moving + i, operand(load(momentum + i), beyond));
        cut = beyond;
        own.squares(KINETIC, moving, plan.wide, 1, factor);
    }

    static void add(int64_t* sum, Wide codes) { store(sum, load(sum) + codes); }
    static void add(int64_t* sum, Lanes codes) {
        Wide total[2] = {load(sum), load(sum + WIDE)};
        widen_add(total, codes, 0);
        store(sum, total[0]), store(sum + WIDE, total[1]);
    }
};
