// Up to sixteen walks in step, a lane each: matrices as tiles of bytes, between them what happens to each oscillator.
//
// A block of sixteen outputs is summed while the one before it is being worked on: a matrix unit takes its time, but works beside.
#pragma once

#include "history.h"
#include "lane_steps.h"
#include "own.h"
#include "squares.h"

// WHOLE: sums in one lane, codes of two bytes; else sums in two lanes, codes of three.
template <bool WHOLE>
class Cohort {
public:
    static constexpr int X = WHOLE ? 2 : 3;

    Cohort(const InStep& c, const Memory& memory, const Job* jobs, int count, History& history)
        : c(c), memory(memory), jobs(jobs), count(count), counted(jobs[0].product_sign != 0), history(history), position(size()),
          momentum(size()), code(size()), nudge(size()), nudge_sign(size()), ends(counted ? size() : 0),
          squares(counted ? 2 * size() : 0, WHOLE), position_squares{squares.few, squares.total},
          momentum_squares{squares.few + size(), squares.total + size()} {
        for (int w = 0; w < count; w++)
            for (int i = 0; i < int(memory.oscillators); i++) {
                const int64_t from = jobs[w].context * memory.oscillators + i, unit = int64_t(1) << c.pad;
                position[i * WALKS + w] = int32_t(memory.position[from] * unit);
                momentum[i * WALKS + w] = int32_t(memory.momentum[from] * unit);
            }
    }

    // That many steps of each; `full` is called for what the history then holds.
    template <typename Full>
    void advance(int64_t steps, Full full) {
        if (counted) end_of_momenta(1);
        depart();
        for (done = 0; done < steps;) {
            take_inputs();
            give_trace();
            take_nudges();
            c.row.digits == 2 ? respond<2>() : respond<3>();
            const bool last = ++done == steps;
            if (c.column.digits == 2)
                counted ? arrive<2, true>(last) : arrive<2, false>(last);
            else
                counted ? arrive<3, true>(last) : arrive<3, false>(last);
            if (!counted) continue;
            history.kept++;
            if (done % SquareSums::STEPS == 0 || last) squares.settle();
            if (history.kept == History::STEPS || last) full();
        }
        if (counted) end_of_momenta(-1);
    }

    // States back to the memory, the products of single oscillators to the sums.
    void end(uint64_t* totals) {
        const int n = int(memory.oscillators);
        for (int w = 0; w < count; w++) {
            const Job& job = jobs[w];
            for (int i = 0; i < n; i++) {
                memory.position[job.context * n + i] = position[i * WALKS + w] >> c.pad;
                memory.momentum[job.context * n + i] = momentum[i * WALKS + w] >> c.pad;
            }
            memory.overflow[job.context] |= lost[w] < 0;
            memory.clip[job.context] |= cut[w] != 0;
            for (int i = 0; counted && i < n; i++) {
                // Each momentum but the first and the last counts twice, as the one after a kick and as the one before the next.
                const uint64_t kinetic = 2 * squares.of(c.oscillators + i, w) + uint64_t(ends[i * WALKS + w]);
                totals[STIFFNESS * n + i] += uint64_t(job.product_sign) * squares.of(i, w) << job.shift;
                totals[KINETIC * n + i] += uint64_t(job.product_sign) * kinetic << job.shift;
            }
        }
    }

private:
    const InStep& c;
    const Memory& memory;
    const Job* const jobs;
    const int count;
    const bool counted;
    History& history;
    Array<int32_t> position, momentum, code, nudge, nudge_sign;  // [oscillator][walk]; `code`: the position as an operand
    Array<int64_t> ends;
    SquareSums squares;
    const Squares<WHOLE> position_squares, momentum_squares;
    Sixteen lost{}, cut{};  // the highest bit of it, any bit of it: a code of the walk wrapped, or was clipped
    int64_t done = 0;       // steps
    const int64_t* nudged[WALKS] = {};
    bool pushing = false;
    int64_t unchanged = 0;  // the first step before which nudges stay as they are
    alignas(64) int32_t sums[2][5 * SIDE * WALKS];

    size_t size() const { return size_t(c.oscillators) * WALKS; }
    static Sixteen lanes(const Array<int32_t>& of, int i) { return take_lanes(of + i * WALKS); }
    int64_t step_of(const Job& job) const { return job.first + job.stride * done; }

    // To the first midpoint.
    void depart() {
        const HalfDrift drift(c);
        const ToOperand operand(c);
        uint8_t* bytes = history.operand(history.kept);
        Sixteen gone = lost, beyond = cut;
        for (int i = 0; i < c.oscillators; i += 4, bytes += QUAD) {
            Sixteen x[4];
            each<4>([&](auto q) INLINE {
                const Sixteen here = lanes(position, i + q), way = drift(lanes(momentum, i + q), i + q);
                const Sixteen there = here + way;
                gone |= lost_in_sum(here, way, there);
                x[q] = operand(there, beyond);
                put(position + (i + q) * WALKS, there);
                put(code + (i + q) * WALKS, x[q]);
            });
            cut_quad<X>(bytes, history.operand_plane, x[0], x[1], x[2], x[3]);
        }
        lost = gone, cut = beyond;
    }

    template <int W>
    void respond() {
        const ToValue<WHOLE, W> value(c);
        const uint8_t* operands = history.operand(history.kept);
        uint8_t* bytes = history.value(history.kept);
        const int32_t *bias_low = c.bias_low, *bias_high = c.bias_high;
        const size_t count = c.oscillators;
        c.row.block<W, X>(0, operands, history.operand_plane, sums[0]);
        for (int b = 0; b < c.row.blocks; b++) {
            if (b + 1 < c.row.blocks) c.row.block<W, X>(b + 1, operands, history.operand_plane, sums[(b + 1) % 2]);
            const size_t first = size_t(b) * SIDE, last = std::min(first + SIDE, count);
            const int32_t* from = sums[b % 2];
            for (size_t i = first; i < last; i += 4, bytes += QUAD, from += 4 * WALKS) {
                Sixteen y[4];
                each<4>([&](auto q) INLINE { y[q] = value(from + q * WALKS, all(bias_low[i + q]), all(bias_high[i + q])); });
                cut_quad<X>(bytes, history.value_plane, y[0], y[1], y[2], y[3]);
            }
        }
    }

    template <int W, bool COUNTED>
    void arrive(bool last) {
        if (pushing)
            last ? kick<W, COUNTED, true, true>() : kick<W, COUNTED, true, false>();
        else
            last ? kick<W, COUNTED, false, true>() : kick<W, COUNTED, false, false>();
    }

    // Kick, drift, and if this step is not the last, on to the next midpoint.
    template <int W, bool COUNTED, bool PUSHED, bool LAST>
    void kick() {
        const ToPush<WHOLE, W> push(c);
        const HalfDrift drift(c);
        const ToOperand operand(c);
        const uint8_t* values = history.value(history.kept);
        uint8_t* next = history.operand(history.kept + COUNTED);
        const int32_t *stiffness = c.stiffness, *pushed = nudge, *pushed_sign = nudge_sign;
        int32_t *phi = position, *pi = momentum, *x_code = code;
        const Squares<WHOLE> position_squares = this->position_squares, momentum_squares = this->momentum_squares;
        const size_t count = c.oscillators;
        Sixteen gone = lost, beyond = cut;
        c.column.block<W, X>(0, values, history.value_plane, sums[0]);
        for (int b = 0; b < c.column.blocks; b++) {
            if (b + 1 < c.column.blocks) c.column.block<W, X>(b + 1, values, history.value_plane, sums[(b + 1) % 2]);
            const size_t first = size_t(b) * SIDE, last = std::min(first + SIDE, count);
            const int32_t* from = sums[b % 2];
            for (size_t i = first; i < last; i += 4, next += QUAD, from += 4 * WALKS) {
                Sixteen x[4];
                each<4>([&](auto q) INLINE {
                    const size_t at = i * WALKS + q * WALKS;
                    const Sixteen was = take_lanes(x_code + at), taken = push(from + q * WALKS, was, all(stiffness[i + q]));
                    Sixteen before = take_lanes(pi + at), lost_first{};
                    if constexpr (PUSHED) {
                        // The nudge may be 2^31, which its lane does not hold but as -2^31: its sign is beside it.
                        const Sixteen sum = before + take_lanes(pushed + at);
                        lost_first = lost_in_sum(before, take_lanes(pushed_sign + at), sum);
                        before = sum;
                    }
                    const Sixteen kicked = before - taken;
                    Sixteen lost_here = lost_in_difference(before, taken, kicked);
                    if constexpr (PUSHED) lost_here ^= lost_first;  // what the one loses, the other may bring back
                    put(pi + at, kicked);
                    if constexpr (COUNTED) {
                        position_squares.add(at, was);
                        momentum_squares.add(at, operand(kicked, beyond));
                    }
                    const Sixteen way = drift(kicked, i + q), here = take_lanes(phi + at), arrived = here + way;
                    gone = either(gone, lost_here, lost_in_sum(here, way, arrived));
                    if constexpr (LAST) {
                        put(phi + at, arrived);
                    } else {
                        const Sixteen there = arrived + way;
                        gone |= lost_in_sum(arrived, way, there);
                        put(phi + at, there);
                        x[q] = operand(there, beyond);
                        put(x_code + at, x[q]);
                    }
                });
                if constexpr (!LAST) cut_quad<X>(next, history.operand_plane, x[0], x[1], x[2], x[3]);
            }
        }
        lost = gone, cut = beyond;
    }

    void take_inputs() {
        const int m = int(memory.inputs);
        uint8_t* to = history.operand(history.kept) + size_t(c.oscillators) / 4 * QUAD;
        for (int w = 0; w < count; w++) {
            const int64_t* from = memory.input + (jobs[w].input_base + step_of(jobs[w])) * m;
            cut_inputs(to, history.operand_plane, X, w, from, m);
            __builtin_prefetch(from + 2 * jobs[w].stride * m);
        }
    }

    void give_trace() {
        const int n = int(memory.oscillators);
        for (int w = 0; w < count; w++) {
            if (jobs[w].trace_base < 0) continue;
            int64_t* to = memory.trace + (jobs[w].trace_base + step_of(jobs[w])) * n;
            for (int i = 0; i < n; i++) to[i] = position[i * WALKS + w] >> c.pad;
        }
    }

    void take_nudges() {
        if (done < unchanged) return;
        unchanged = INT64_MAX;
        const int n = int(memory.oscillators);
        bool changed = false;
        for (int w = 0; w < count; w++) {
            const Job& job = jobs[w];
            const int64_t k = step_of(job);
            const int64_t* from = k < job.nudge_from ? nullptr : memory.nudge + (job.nudge_base + job.nudge_stride * k) * n;
            if (from && job.nudge_stride)
                unchanged = done;
            else if ((from != nullptr) == (job.stride < 0))
                unchanged = std::min(unchanged, done + std::abs(job.nudge_from - k) + (job.stride < 0));
            if (from == nudged[w]) continue;
            for (int i = 0; i < n; i++) {
                const int64_t push = from ? job.nudge_sign * from[i] : 0;
                nudge[i * WALKS + w] = int32_t(push * (int64_t(1) << c.pad));
                nudge_sign[i * WALKS + w] = push < 0 ? -1 : 0;
            }
            nudged[w] = from, changed = true;
        }
        if (changed) pushing = std::any_of(nudged, nudged + WALKS, [](const int64_t* from) { return from != nullptr; });
    }

    // The first momentum's square counts once, and so does the last one's.
    void end_of_momenta(int64_t factor) {
        const ToOperand operand(c);
        for (int i = 0; i < c.oscillators; i++) {
            const Sixteen p = operand(lanes(momentum, i), cut);
            for (int w = 0; w < WALKS; w++) ends[i * WALKS + w] += factor * p[w] * p[w];
        }
    }
};
