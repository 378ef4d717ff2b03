// The emulator's time steps as native code. Two runs are taken side by side: they share each load of a weight, and where one's
// products are subtracted from the other's, as in the two echoes of a gradient, only the difference is ever multiplied.
//
// Sums are exact (sim.memory.largest_sum stays below 2^62); products are summed modulo 2^64, of which the accumulator is a part.

#include "matrix.h"
#include "outer.h"

namespace {

// As in sim/job.py, in its order.
struct Rules {
    int64_t coupled, activated, state_pad, state_lowest, operand_shift, operand_highest, drift_shift, kick_shift, align_left,
        bias_left, value_left, table_shift, table_highest, offset_bits, segment_zero, multiplier;
};

struct Job {
    int64_t context, steps, first, stride, input_base, nudge_from, nudge_base, nudge_stride, nudge_sign, product_sign, shift, trace_base;
};

// Arrays of the memory as sim/vector/kernel.py hands them over.
struct Memory {
    int64_t oscillators, inputs, segments;
    const int64_t *coupling, *input_weight, *stiffness, *gain, *bias, *inverse_mass, *table;
    int64_t *position, *momentum;
    const int64_t *input, *nudge;
    int64_t* trace;
    bool *overflow, *clip;
};

struct Sums {
    uint64_t *coupling, *inputs_t, *vectors;  // [N][N], [M][N], [5][N]
};

// value / 2^shift to the nearest, ties to even: add just under half, or half if the result's last bit would be odd, and cut.
struct Rounding {
    int shift;
    int64_t half, unit;
    explicit Rounding(int64_t shift) : shift(int(shift)), half((int64_t(1) << shift) >> 1), unit(shift ? 1 : 0) {}
    Wide operator()(Wide value) const { return right(value + half - (unit & ~right(value, shift)), shift); }
};

// The code congruent to value modulo 2^(64 - pad); bits that this changes are added to lost.
inline Wide wrapped(Wide value, int pad, Wide& lost) {
    const Wide code = right(value << pad, pad);
    lost |= value ^ code;
    return code;
}

// The nearest of -limit to limit; bits that this changes are added to lost.
inline Wide clipped(Wide value, int64_t limit, Wide& lost) {
    const Wide code = between(Wide{} - limit, value, Wide{} + limit);
    lost |= value ^ code;
    return code;
}

// Everything that stays the same while parameters do.
struct Plan {
    Rules rules;
    Memory memory;
    int n, m, wide, driven, digit_bits;  // N, M; N padded; N padded and M paired
    Rounding to_operand, to_drift, to_kick, to_table, in_segment;
    Matrix row, column;
    Array<int64_t> stiffness, gain, bias, inverse_mass, table, integral;

    Plan(const Rules& r, const Memory& s)
        : rules(r), memory(s), n(int(s.oscillators)), m(int(s.inputs)), wide(padded(n, PAD)), driven(wide + padded(m, PAIRED)),
          digit_bits(int(r.multiplier + 1) / 2), to_operand(r.operand_shift), to_drift(r.drift_shift), to_kick(r.kick_shift),
          to_table(r.table_shift), in_segment(r.offset_bits), stiffness(wide), gain(wide), bias(wide), inverse_mass(wide),
          table(s.segments), integral(s.segments) {
        const bool springs = r.coupled && !r.activated;
        const int64_t sign = r.activated ? 1 : -1;
        const int before = r.coupled ? wide : 0;  // operands ahead of the inputs
        row = Matrix(wide, before + driven - wide, int(r.multiplier), digit_bits, [&](int i, int j) -> int32_t {
            if (i >= n) return 0;
            if (j < before) return j < n ? int32_t(s.coupling[size_t(i) * n + j]) : 0;
            return j - before < m ? int32_t(sign * s.input_weight[size_t(i) * m + j - before]) : 0;
        });
        if (r.coupled && r.activated)
            column = Matrix(wide, wide, int(r.multiplier), digit_bits,
                            [&](int i, int j) -> int32_t { return i < n && j < n ? int32_t(s.coupling[size_t(j) * n + i]) : 0; });
        for (int i = 0; i < n; i++) {
            stiffness[i] = springs ? 0 : s.stiffness[i];
            gain[i] = r.activated && !r.coupled ? s.gain[i] : 0;
            bias[i] = r.activated ? s.bias[i] * (int64_t(1) << r.bias_left) : 0;
            inverse_mass[i] = s.inverse_mass[i];
        }
        for (int i = 0; i < s.segments; i++) {  // value and rise in one word, which one gather brings
            table[i] = int64_t(uint64_t(s.table[3 * i + 1]) << 32 | uint32_t(s.table[3 * i]));
            integral[i] = s.table[3 * i + 2];
        }
    }
};

// Half a drift; none for the momentum that is its own negative.
struct Drift {
    const Rounding round;
    const bool narrow;  // a momentum fits 32 bits
    const int64_t lowest, *inverse_mass;
    explicit Drift(const Plan& plan)
        : round(plan.to_drift), narrow(plan.rules.state_pad >= 32), lowest(plan.rules.state_lowest), inverse_mass(plan.inverse_mass) {}
    Wide operator()(Wide momentum, int i) const {
        const Wide mass = load(inverse_mass + i), moved = round(narrow ? times(mass, momentum) : mass * momentum);
        return momentum == lowest ? Wide{} : moved;
    }
};

enum Vector { STIFFNESS, GAIN, BIAS, POTENTIAL, KINETIC, VECTORS };

// A run under way.
class Walk {
public:
    const Job job;
    const Plan& plan;
    Block block;
    Digits operands, values;
    Array<int64_t> force;
    int64_t count = 0;  // steps taken
    int kept = 0;       // rows of `block` filled

    Walk(const Plan& p, const Job& job, int rows)
        : job(job), plan(p), block(rows, p.wide, padded(p.driven, PAD)), operands(p.driven), values(p.wide), force(p.wide),
          position(p.wide), momentum(p.wide), half(p.wide), nudge(p.wide), vectors(VECTORS * p.wide) {
        std::copy_n(p.memory.position + job.context * p.n, p.n, position.data);
        std::copy_n(p.memory.momentum + job.context * p.n, p.n, momentum.data);
        const Drift drift(p);
        for (int i = 0; i < p.wide; i += WIDE) store(half + i, drift(load(momentum + i), i));
        // Each momentum but the first and the last counts twice, as the one after a kick and as the one before the next.
        if (job.product_sign) kinetic(1);
    }

    // To the midpoint: position and input as operands.
    void depart() {
        const Plan& p = plan;
        const int64_t k = job.first + job.stride * count;
        int32_t* x = operand_row();
        const int pad = int(p.rules.state_pad), wide = p.wide;
        const Rounding to_operand = p.to_operand;
        const int64_t highest = p.rules.operand_highest, *moved = half;
        int64_t* phi = position;
        Wide gone = lost, beyond = cut;
        for (int i = 0; i < wide; i += WIDE) {
            const Wide here = wrapped(load(phi + i) + load(moved + i), pad, gone);
            store(phi + i, here);
            narrow(x + i, clipped(to_operand(here), highest, beyond));
        }
        lost = gone, cut = beyond;
        if (job.trace_base >= 0) std::copy_n(position.data, p.n, p.memory.trace + (job.trace_base + k) * p.n);
        const int64_t* u = p.memory.input + (job.input_base + k) * p.m;
        for (int i = 0; i < p.m; i++) x[p.wide + i] = int32_t(u[i]);
        const int from = p.rules.coupled ? 0 : p.wide;
        operands.cut(x + from, p.driven - from, p.row.vector_digits, p.digit_bits);
    }

    // From the row's sums to the force, or as far as the column's operands.
    void respond() {
        const Plan& p = plan;
        const int32_t* x = operand_row();
        const int align = int(p.rules.align_left);
        if (!p.rules.activated) {
            for (int i = 0; i < p.wide; i += WIDE)
                store(force + i, (load(force + i) + times(load(p.stiffness + i), widen(x + i))) << align);
            if (job.product_sign) std::copy_n(x, p.wide, value_row());
            return;
        }
        int32_t* y = value_row();
        const int bits = int(p.rules.offset_bits), value = int(p.rules.value_left), wide = p.wide;
        const bool diagonal = !p.rules.coupled, integrated = diagonal && job.product_sign;
        const int64_t mask = (int64_t(1) << bits) - 1, zero = p.rules.segment_zero, highest = p.rules.table_highest;
        const int64_t *bias = p.bias, *gain = p.gain, *stiffness = p.stiffness, *table = p.table, *area = p.integral;
        const Rounding to_table = p.to_table, in_segment = p.in_segment;
        int64_t *f = force, *potential = vectors + POTENTIAL * wide;
        Wide ignored{};
        for (int i = 0; i < wide; i += WIDE) {
            Wide sum = load(f + i);
            if (diagonal) sum += times(load(gain + i), widen(x + i));
            const Wide code = clipped(to_table((sum << align) + load(bias + i)), highest, ignored);
            const Wide segment = right(code, bits) + zero, offset = code & mask;
            const Wide row = gather(table, segment), knot = right(row << 32, 32);
            const Wide y_here = knot + in_segment(times(right(row, 32), offset));
            narrow(y + i, y_here);
            if (diagonal) store(f + i, (y_here << value) + (times(load(stiffness + i), widen(x + i)) << align));
            if (integrated) store(potential + i, load(potential + i) + gather(area, segment) + in_segment(times(knot + y_here, offset)));
        }
        if (!diagonal) values.cut(y, p.wide, p.column.vector_digits, p.digit_bits);
    }

    // Kick, drift, and what the oscillators' own products need.
    void arrive() {
        const Plan& p = plan;
        const int64_t k = job.first + job.stride * count;
        if (k >= job.nudge_from) {
            const int64_t* from = p.memory.nudge + (job.nudge_base + job.nudge_stride * k) * p.n;
            for (int i = 0; i < p.n; i++) nudge[i] = job.nudge_sign * from[i];
        } else if (nudged) {
            std::fill_n(nudge.data, p.n, 0);
        }
        nudged = k >= job.nudge_from;
        const int pad = int(p.rules.state_pad), align = int(p.rules.align_left), wide = p.wide;
        const bool dense = p.rules.coupled && p.rules.activated;
        const int32_t* x = operand_row();
        const int64_t *f = force, *stiffness = p.stiffness, *pushed = nudge;
        int64_t *phi = position, *pi = momentum;
        const Rounding to_kick = p.to_kick;
        const Drift drift(p);
        Wide gone = lost;
        for (int i = 0; i < wide; i += WIDE) {
            Wide sum = load(f + i);
            if (dense) sum += times(load(stiffness + i), widen(x + i)) << align;
            const Wide kicked = wrapped(load(pi + i) - to_kick(sum) + load(pushed + i), pad, gone);
            const Wide moved = drift(kicked, i);
            store(pi + i, kicked);
            store(half + i, moved);
            store(phi + i, wrapped(load(phi + i) + moved, pad, gone));
        }
        lost = gone;
        if (job.product_sign) {
            kinetic(2);
            accumulate();
            kept++;
        }
        count++;
    }

    // The state back to the memory, the products of single oscillators to the sums.
    void end(uint64_t* totals) {
        const Plan& p = plan;
        std::copy_n(position.data, p.n, p.memory.position + job.context * p.n);
        std::copy_n(momentum.data, p.n, p.memory.momentum + job.context * p.n);
        p.memory.overflow[job.context] |= any(lost);
        p.memory.clip[job.context] |= any(cut);
        if (!job.product_sign) return;
        kinetic(-1);
        for (int v = 0; v < VECTORS; v++)
            for (int i = 0; i < p.n; i++) totals[v * p.n + i] += uint64_t(job.product_sign * vectors[v * p.wide + i]) << job.shift;
    }

private:
    Array<int64_t> position, momentum, half, nudge, vectors;
    Wide lost{}, cut{};  // bits that a wrap, or a clip, changed
    bool nudged = false;

    int32_t* value_row() { return block.left + size_t(kept) * block.left_width; }
    int32_t* operand_row() { return block.right + size_t(kept) * block.right_width; }

    void kinetic(int64_t weight) {
        const int wide = plan.wide;
        const Rounding to_operand = plan.to_operand;
        const int64_t highest = plan.rules.operand_highest, *pi = momentum;
        int64_t* sum = vectors + KINETIC * wide;
        Wide beyond = cut;
        for (int i = 0; i < wide; i += WIDE) {
            const Wide p = clipped(to_operand(load(pi + i)), highest, beyond);
            store(sum + i, load(sum + i) + weight * times(p, p));
        }
        cut = beyond;
    }

    void accumulate() {
        const int wide = plan.wide;
        const bool diagonal = !plan.rules.coupled;
        const int32_t *x = operand_row(), *y = value_row();
        int64_t *stiffness = vectors + STIFFNESS * wide, *gain = vectors + GAIN * wide, *bias = vectors + BIAS * wide;
        for (int i = 0; i < wide; i += WIDE) {
            const Wide x_here = widen(x + i), y_here = widen(y + i);
            store(stiffness + i, load(stiffness + i) + times(x_here, x_here));
            store(bias + i, load(bias + i) + y_here);
            if (diagonal) store(gain + i, load(gain + i) + times(x_here, y_here));
        }
    }
};

// What C walks have kept, into the sum.
template <int C>
void flush(Walk* const (&walk)[C], Outer& outer) {
    const int steps = walk[0]->kept;
    const Job &one = walk[0]->job, &other = walk[C - 1]->job;
    const bool opposite = C == 2 && walk[1]->kept == steps && one.shift == other.shift && one.product_sign == -other.product_sign;
    const bool done = opposite && steps && outer.add_difference(walk[0]->block, walk[C - 1]->block, steps, one.product_sign, int(one.shift));
    for (Walk* each : walk) {
        if (!done && each->kept) outer.add(each->block, each->kept, each->job.product_sign, int(each->job.shift));
        each->kept = 0;
    }
}

// C walks side by side, `steps` of each.
template <int C>
void advance(const Plan& plan, Walk* const (&walk)[C], int64_t steps, Outer& outer) {
    const Digits *operands[C], *values[C];
    int64_t* force[C];
    for (int c = 0; c < C; c++) operands[c] = &walk[c]->operands, values[c] = &walk[c]->values, force[c] = walk[c]->force;
    for (int64_t step = 0; step < steps; step++) {
        for (Walk* each : walk) each->depart();
        plan.row.times<C>(operands, force);
        for (Walk* each : walk) each->respond();
        if (plan.rules.coupled && plan.rules.activated) plan.column.times<C>(values, force);
        for (Walk* each : walk) each->arrive();
        if (walk[0]->kept == outer.block || walk[C - 1]->kept == outer.block) flush(walk, outer);
    }
    flush(walk, outer);
}

void all(const Plan& plan, const Job* jobs, int64_t count, const Sums& sums) {
    const int n = plan.n, m = plan.m, from = plan.rules.coupled ? 0 : plan.wide;
    bool accumulating = false;
    for (int64_t j = 0; j < count; j++) accumulating |= jobs[j].product_sign != 0;
    Outer outer(accumulating ? plan.wide : 0, padded(plan.driven, PAD) - from, from, plan.digit_bits);
    const auto rows = [&](const Job& job) { return job.product_sign ? outer.block : 1; };
    for (int64_t j = 0; j < count; j += 2) {
        Walk one(plan, jobs[j], rows(jobs[j]));
        if (j + 1 == count) {
            advance<1>(plan, {&one}, one.job.steps, outer);
        } else {
            Walk other(plan, jobs[j + 1], rows(jobs[j + 1]));
            advance<2>(plan, {&one, &other}, std::min(one.job.steps, other.job.steps), outer);
            advance<1>(plan, {&one}, one.job.steps - one.count, outer);
            advance<1>(plan, {&other}, other.job.steps - other.count, outer);
            other.end(sums.vectors);
        }
        one.end(sums.vectors);
    }
    if (!accumulating) return;
    for (int i = 0; i < n; i++) {
        const int64_t* total = outer.total + size_t(i) * outer.columns;
        if (plan.rules.coupled)
            for (int j = 0; j < n; j++) sums.coupling[size_t(i) * n + j] += total[j];
        for (int j = 0; j < m; j++) sums.inputs_t[size_t(j) * n + i] += total[plan.wide - from + j];
    }
}

}  // namespace

extern "C" {

Plan* plan_create(const Rules* rules, const Memory* memory) {
    try {
        return new Plan(*rules, *memory);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void plan_destroy(Plan* plan) { delete plan; }

// 0, or 1 if there was no memory.
int plan_advance(const Plan* plan, const Job* jobs, int64_t count, const Sums* sums) {
    try {
        all(*plan, jobs, count, *sums);
        return 0;
    } catch (const std::bad_alloc&) {
        return 1;
    }
}
}
