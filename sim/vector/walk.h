// One run under way, elementwise, in lanes of 64 bits or of 32: what happens to each oscillator between the products of matrices.
#pragma once

#include "own.h"
#include "plan.h"

template <typename Code>
class Walk {
    using V = Vector<Code>;
    static constexpr int STEP = sizeof(V) / sizeof(Code);

public:
    const Job job;
    const Plan& plan;
    const Constants<Code>& constants;
    Block block;
    Digits operands, values;
    Array<Code> force;
    int64_t count = 0;  // steps taken
    int kept = 0;       // rows of `block` filled

    Walk(const Plan& p, const Job& job, int rows)
        : job(job), plan(p), constants(p.constants<Code>()), block(rows, p.wide, padded(p.driven, PAD)), operands(p.driven), values(p.wide),
          force(p.wide), position(p.wide), momentum(p.wide), half(p.wide), nudge(p.wide), moving(size_t(rows) * p.wide),
          own(p.wide, int(p.rules.multiplier)) {
        take(position.data, p.memory.position + job.context * p.n, p.n, 1);
        take(momentum.data, p.memory.momentum + job.context * p.n, p.n, 1);
        const Drift<Code> drift(constants);
        for (int i = 0; i < p.wide; i += STEP) store(half + i, drift(load(momentum + i), i));
        // Each momentum but the first and the last counts twice, as the one after a kick and as the one before the next.
        if (job.product_sign) kinetic_end(1);
    }

    // To the midpoint: position and input as operands.
    void depart() {
        const Plan& p = plan;
        const int64_t k = job.first + job.stride * count;
        int32_t* x = operand_row();
        const int pad = constants.pad, wide = p.wide;
        const Rounding<Code> to_operand = constants.to_operand;
        const Code highest = constants.operand_highest, *moved = half;
        Code* phi = position;
        take(x + wide, p.memory.input + (job.input_base + k) * p.m, p.m, 1);  // in time for what is loaded with it
        V gone = lost, beyond = cut;
        for (int i = 0; i < wide; i += STEP) {
            const V here = wrapped(load(phi + i) + load(moved + i), pad, gone);
            store(phi + i, here);
            narrow(x + i, clipped(to_operand(here), highest, beyond));
        }
        lost = gone, cut = beyond;
        if (job.trace_base >= 0) give(p.memory.trace + (job.trace_base + k) * p.n, position.data, p.n);
        const int from = p.rules.coupled ? 0 : wide;
        operands.cut(x + from, p.driven - from, p.row.vector_digits, p.digit_bits);
    }

    // From the row's sums to the force, or as far as the column's operands.
    void respond() {
        const Plan& p = plan;
        const Constants<Code>& c = constants;
        const int32_t* x = operand_row();
        const int wide = p.wide;
        const Code *stiffness = c.stiffness, *gain = c.gain, *bias = c.bias, *table = c.table, *area = c.integral, *present = c.present;
        Code* f = force;
        if (!p.rules.activated) {
            const int shift = c.force_left;
            for (int i = 0; i < wide; i += STEP) store(f + i, left(load(f + i) + times(load(stiffness + i), fetch<V>(x + i)), shift));
            if (job.product_sign) std::copy_n(x, wide, value_row());
            return;
        }
        int32_t* y = value_row();
        const int bits = c.in_segment.shift, sum_left = c.sum_left, align = c.align_left, value = c.value_left;
        const bool diagonal = !p.rules.coupled, integrated = diagonal && job.product_sign;
        const Code mask = (Code(1) << bits) - 1, zero = c.segment_zero, highest = c.table_highest;
        const Rounding<Code> to_table = c.to_table, in_segment = c.in_segment;
        int64_t* potential = own[POTENTIAL];
        V ignored{};
        for (int i = 0; i < wide; i += STEP) {
            V sum = load(f + i);
            if (diagonal) sum += times(load(gain + i), fetch<V>(x + i));
            const V code = clipped(to_table(left(sum, sum_left) + load(bias + i)), highest, ignored);
            const V segment = right(code, bits) + zero, offset = code & mask;
            const V row = gather(table, segment), knot = c.value(row);
            const V y_here = knot + in_segment(times(c.rise(row), offset));
            narrow(y + i, y_here);
            if (diagonal) store(f + i, left(y_here & load(present + i), value) + left(times(load(stiffness + i), fetch<V>(x + i)), align));
            if (integrated) {
                const V within = in_segment(times(knot, offset) + times(y_here, offset));
                add(potential + i, gather(area, segment) + within);
            }
        }
        if (!diagonal) values.cut(y, wide, p.column.vector_digits, p.digit_bits);
    }

    // Kick, drift, and what the oscillators' own products need.
    void arrive() {
        const Plan& p = plan;
        const Constants<Code>& c = constants;
        take_nudge();
        const int pad = c.pad, align = c.align_left, wide = p.wide;
        const bool dense = p.dense();
        const int32_t* x = operand_row();
        const Code *f = force, *stiffness = c.stiffness, *pushed = nudge;
        Code *phi = position, *pi = momentum, *way = half;
        const Rounding<Code> to_kick = c.to_kick;
        const Drift<Code> drift(c);
        V gone = lost;
        for (int i = 0; i < wide; i += STEP) {
            V sum = load(f + i);
            if (dense) sum += left(times(load(stiffness + i), fetch<V>(x + i)), align);
            const V kicked = wrapped(load(pi + i) - to_kick(sum) + load(pushed + i), pad, gone);
            const V moved = drift(kicked, i);
            store(pi + i, kicked);
            store(way + i, moved);
            store(phi + i, wrapped(load(phi + i) + moved, pad, gone));
        }
        lost = gone;
        if (job.product_sign) {
            cut_momenta(moving + size_t(kept) * wide);
            kept++;
        }
        count++;
    }

    // What was kept, into the sums of the oscillators' own products; the block may then be filled anew.
    void flush() {
        if (!kept) return;
        const int32_t *x = block.right, *y = block.left;
        own.squares(STIFFNESS, x, block.right_width, kept, 1);
        own.squares(KINETIC, moving, plan.wide, kept, 2);
        if (plan.rules.activated) own.codes(BIAS, y, block.left_width, kept);
        if (!plan.rules.coupled) own.products(GAIN, x, block.right_width, y, block.left_width, kept, 1);
        kept = 0;
    }

    // The state back to the memory, the products of single oscillators to the sums.
    void end(uint64_t* totals) {
        const Plan& p = plan;
        give(p.memory.position + job.context * p.n, position.data, p.n);
        give(p.memory.momentum + job.context * p.n, momentum.data, p.n);
        if (job.product_sign) {
            kinetic_end(-1);
            for (int v = 0; v < OWN; v++)
                for (int i = 0; i < p.n; i++) totals[v * p.n + i] += uint64_t(job.product_sign * own[Own(v)][i]) << job.shift;
        }
        p.memory.overflow[job.context] |= any(lost);
        p.memory.clip[job.context] |= any(cut);
    }

private:
    Array<Code> position, momentum, half, nudge;
    Array<int32_t> moving;  // momenta as operands, rows beside those of `block`
    OwnSums own;
    V lost{}, cut{};  // bits that a wrap, or a clip, changed
    const int64_t* nudged = nullptr;  // where the nudge was taken from, if there is one

    int32_t* value_row() { return block.left + size_t(kept) * block.left_width; }
    int32_t* operand_row() { return block.right + size_t(kept) * block.right_width; }

    void take_nudge() {
        const Plan& p = plan;
        const int64_t k = job.first + job.stride * count;
        const int64_t* from = k < job.nudge_from ? nullptr : p.memory.nudge + (job.nudge_base + job.nudge_stride * k) * p.n;
        if (from == nudged) return;
        if (from)
            take(nudge.data, from, p.n, job.nudge_sign);
        else
            std::fill_n(nudge.data, p.n, 0);
        nudged = from;
    }

    void cut_momenta(int32_t* to) {
        const int wide = plan.wide;
        const Rounding<Code> to_operand = constants.to_operand;
        const Code highest = constants.operand_highest, *pi = momentum;
        V beyond = cut;
        for (int i = 0; i < wide; i += STEP) narrow(to + i, clipped(to_operand(load(pi + i)), highest, beyond));
        cut = beyond;
    }

    void kinetic_end(int64_t factor) {
        cut_momenta(moving);
        own.squares(KINETIC, moving, plan.wide, 1, factor);
    }

    static void add(int64_t* sum, Wide codes) { store(sum, load(sum) + codes); }
    static void add(int64_t* sum, Lanes codes) {
        Wide total[2] = {load(sum), load(sum + WIDE)};
        widen_add(total, codes, 0);
        store(sum, total[0]), store(sum + WIDE, total[1]);
    }
};
