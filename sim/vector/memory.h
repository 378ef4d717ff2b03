// What the emulator hands over: rules, memory and runs, as sim/job.py and sim/vector/kernel.py have them, in their order.
#pragma once

#include <cstdint>

struct Rules {
    int64_t coupled, activated, state_pad, state_lowest, operand_shift, operand_highest, drift_shift, kick_shift, align_left,
        bias_left, value_left, table_shift, table_highest, offset_bits, segment_zero, segment_bits, multiplier;
};

struct Memory {
    int64_t oscillators, inputs, segments;
    const int64_t *coupling, *input_weight, *stiffness, *gain, *bias, *inverse_mass, *table;
    int64_t *position, *momentum;
    const int64_t *input, *nudge;
    int64_t* trace;
    bool *overflow, *clip;
};

struct Job {
    int64_t context, steps, first, stride, input_base, nudge_from, nudge_base, nudge_stride, nudge_sign, product_sign, shift, trace_base;
};

struct Sums {
    uint64_t *coupling, *inputs_t, *vectors;  // [N][N], [M][N], [OWN][N]
};
