// The bytes of operands and of the activation's values in the last few steps of sixteen walks: what their products are made of.
#pragma once

#include "in_step.h"

class History {
public:
    static constexpr int STEPS = 8;

    const size_t operand_plane, value_plane;  // bytes of one digit of all
    int kept = 0;                             // steps

    explicit History(const InStep& c)
        : operand_plane(size_t(c.row.chunks) * TILE_BYTES), value_plane(size_t(c.column.chunks) * TILE_BYTES), digits(c.operand_bytes),
          operands((STEPS + 1) * digits * operand_plane), values(STEPS * digits * value_plane) {}

    uint8_t* operand(int step) { return operands + step * digits * operand_plane; }
    uint8_t* value(int step) { return values + step * digits * value_plane; }

    // Begin anew with the operands of the step after those that were kept.
    void restart() {
        if (kept) std::copy_n(operand(kept), digits * operand_plane, operand(0));
        kept = 0;
    }

    // An operand that is 1 in every step and walk.
    void one(int quad) {
        for (int step = 0; step <= STEPS; step++) put(operand(step) + quad * QUAD, all(1));
    }

private:
    const int digits;
    Array<uint8_t> operands, values;  // [step][digit][quad][walk][4]
};
