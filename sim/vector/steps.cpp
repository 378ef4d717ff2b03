// The emulator's time steps as native code. Runs go in step, sixteen at a time, if they can (cohorts.h). The others are taken two by two, side
// by side: they share each load of a weight, and where one's products are subtracted from the other's, as in the two echoes of a gradient, only
// the difference is ever multiplied.
//
// Sums are exact (sim.memory.largest_sum stays below 2^62); products are summed modulo 2^64, of which the accumulator is a part.

#include "cohorts.h"
#include "walk.h"

namespace {

// What C walks have kept, into the sum.
template <int C, typename Kind>
void flush(Walk<Kind>* const (&walk)[C], Outer& outer) {
    const int steps = walk[0]->kept;
    const Job &one = walk[0]->job, &other = walk[C - 1]->job;
    const bool opposite = C == 2 && walk[1]->kept == steps && one.shift == other.shift && one.product_sign == -other.product_sign;
    const bool done =
        opposite && steps && outer.add_difference(walk[0]->block, walk[C - 1]->block, steps, one.product_sign, int(one.shift));
    for (Walk<Kind>* each : walk) {
        if (!done && each->kept) outer.add(each->block, each->kept, each->job.product_sign, int(each->job.shift));
        each->flush();
    }
}

// C walks side by side, `steps` of each.
template <int C, typename Kind>
void advance(const Plan& plan, Walk<Kind>* const (&walk)[C], int64_t steps, Outer& outer) {
    const Digits *operands[C], *values[C];
    typename Kind::Code* force[C];
    for (int c = 0; c < C; c++) operands[c] = &walk[c]->operands, values[c] = &walk[c]->values, force[c] = walk[c]->force;
    for (int64_t step = 0; step < steps; step++) {
        for (Walk<Kind>* each : walk) each->depart();
        plan.row.template times<C, Kind::PLANES>(operands, force);
        for (Walk<Kind>* each : walk) each->respond();
        if (plan.dense()) plan.column.template times<C, Kind::PLANES>(values, force);
        for (Walk<Kind>* each : walk) each->arrive();
        if (walk[0]->kept == outer.block || walk[C - 1]->kept == outer.block) flush<C>(walk, outer);
    }
    flush<C>(walk, outer);
}

template <typename Kind>
void all(const Plan& plan, const Job* jobs, int64_t count, const Sums& sums) {
    const int n = plan.n, m = plan.m, from = plan.rules.coupled ? 0 : plan.wide;
    bool accumulating = false;
    for (int64_t j = 0; j < count; j++) accumulating |= jobs[j].product_sign != 0;
    Outer outer(accumulating ? plan.wide : 0, padded(plan.driven, PAD) - from, from, plan.digit_bits);
    const auto rows = [&](const Job& job) { return job.product_sign ? outer.block : 1; };
    for (int64_t j = 0; j < count; j += 2) {
        Walk<Kind> one(plan, jobs[j], rows(jobs[j]));
        if (j + 1 == count) {
            advance<1>(plan, {&one}, one.job.steps, outer);
        } else {
            Walk<Kind> other(plan, jobs[j + 1], rows(jobs[j + 1]));
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
    const ToNearest to_nearest;
    try {
        const std::vector<Job> left = Cohorts::take(plan->in_step, plan->memory, jobs, count, *sums);
        const auto take = plan->narrow ? all<Single<int32_t>> : plan->split_codes.possible ? all<Split> : all<Single<int64_t>>;
        take(*plan, left.data(), int64_t(left.size()), *sums);
        return 0;
    } catch (const std::bad_alloc&) {
        return 1;
    }
}
}
