"""Deliberately broken C++ kernels: one fault each, a change of the source's text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loschmidt.sim.emulator import Emulator
from loschmidt.sim.vector.kernel import VectorKernel
from loschmidt.sim.vector.library import compiled, sources
from loschmidt.spec.shape import Shape

#: What goes wrong: the file, what it says, what it says instead.
FAULTS = {
    "lost_carry": ("lanes.h", "return (code - low_digit(code, bits)) >> bits;", "return code >> bits;"),
    "sum_beyond_32_bits": ("matrix.h", "norm << 15 < limit", "norm << 15 < 64 * limit"),
    "difference_beyond_16_bits": ("outer.h", "> apart_limit) return false;", "> 1 << 30) return false;"),
    "difference_beside_whole_codes": ("outer.h", "LIMIT / (WHOLE * (1 +", "LIMIT / (WHOLE / 2 * (1 +"),
    "bias_beyond_32_bits": ("plan.h", "+ largest(c.bias) + c.to_table.half <= limit", "+ c.to_table.half <= limit"),
    "force_beyond_32_bits": ("plan.h", "const bool pushes = force + c.to_kick.half <= limit;", "const bool pushes = true;"),
    "wide_codes_left_whole": ("outer.h", "bits <= 8 ? tiles<2>", "bits <= 9 ? tiles<2>"),
    "drift_of_its_own_negative": ("single.h", "return moved & (momentum != lowest);", "return moved;"),
    "odd_step_left_out": ("outer.h", "const int pairs = (steps + 1) / 2;", "const int pairs = steps / 2;"),
    "sign_of_the_second": ("steps.cpp", "one.product_sign == -other.product_sign", "one.product_sign != 0"),
    "longer_run_cut": ("steps.cpp", "advance<1>(plan, {&one}, one.job.steps - one.count, outer);", ""),
}

#: The same of walks that go in step. They are tried with tiles by hand, so that they can be on every processor.
FAULTS_IN_STEP = {
    "byte_without_its_sign": ("bytes.h", "true, x == X - 1>();", "true, false>();"),
    "ties_upwards": ("lanes.h", "return value & (mask | ~((rounded & below) == 0));", "return value;"),
    "half_left_out": ("lane_steps.h", "return nearest.cut(inside + nearest.half);", "return nearest.cut(inside);"),
    "clipped_too_early": ("in_lanes.h", " + std::max<int64_t>(to_operand.half - 1, 0);", ";"),
    "brought_back_but_lost": ("cohort.h", "lost_here ^= lost_first;", "lost_here |= lost_first;"),
    "sign_of_the_largest_nudge": ("cohort.h", "take_lanes(pushed_sign + at)", "take_lanes(pushed + at)"),
    "force_in_step_beyond_32_bits": ("in_step.h", "seen <= LIMIT && force <= LIMIT", "seen <= LIMIT"),
    "squares_beyond_32_bits": ("squares.h", "STEPS = 4;", "STEPS = 16;"),
    "last_squares_left_out": ("cohort.h", "SquareSums::STEPS == 0 || last)", "SquareSums::STEPS == 0)"),
    "last_steps_left_out": ("crossed.h", "chunks = (steps + 3) / 4;", "chunks = steps / 4;"),
    "products_beyond_32_bits": ("crossed.h", "(3 * 255 * 255 * WALKS)", "(3 * 255 * WALKS)"),
    "everybody_counts": ("turned.h", "& mask.term[k]", ""),
    "rest_from_the_start": ("cohorts.h", "jobs[w].first += jobs[w].stride * steps, ", ""),
}

#: The same of walks whose sums are held in two lanes, and of what all walks in lanes of 32 bits share.
FAULTS_SPLIT = {
    "half_of_a_kick_left_out": ("split.h", "load(force + i) + half + spring * low", "load(force + i) + spring * low"),
    "rest_left_out": ("split_constants.h", "low += left(high & rest, bits);", ""),
    "high_digit_of_a_spring": ("split.h", " + spring * right(x - low, bits)", ""),
    "brought_back_but_lost_split": ("split.h", ") ^ lost_in_difference(", ") | lost_in_difference("),
    "sign_of_the_largest_nudge_split": ("split.h", "lost_in_sum(momentum, nudge_sign, pushed)", "lost_in_sum(momentum, nudge, pushed)"),
    "drift_of_its_own_negative_split": ("split.h", " & (momentum != INT32_MIN)", ""),
    "two_lanes_too_few_for_a_force": ("split_constants.h", "in_column + push.reach() + to_kick.half <= LIMIT", "true"),
    "kick_beyond_32_bits": ("split_constants.h", "(force >> to_kick.shift) + 1 > LIMIT >> pad", "false"),
    "drift_beyond_a_double": ("split_constants.h", "largest(s.inverse_mass, s.oscillators) >> (53 - 31)", "false"),
    "look_beyond_32_bits": ("split_constants.h", "(seen >> to_table.shift) + 1 > LIMIT", "false"),
    "states_at_the_bottom": (
        "split.h",
        "static int raised(const Fixed& c) { return c.pad; }",
        "static int raised(const Fixed&) { return 0; }",
    ),
    "rounding_of_the_process": ("steps.cpp", "const ToNearest to_nearest;", ""),
}

#: Flags for tiles by hand.
BY_HAND = ("-DTILES", "-O0")


def broken(name: str) -> type[Emulator]:
    """An emulator on a kernel with that fault."""
    in_step = name in FAULTS_IN_STEP
    file, said, instead = {**FAULTS, **FAULTS_IN_STEP, **FAULTS_SPLIT}[name]
    texts = sources()
    if texts[file].count(said) != 1:
        raise ValueError(f"{file} does not say {said!r} exactly once")
    return emulator({**texts, file: texts[file].replace(said, instead)}, BY_HAND if in_step else ("-O0",))


def emulator(texts: Mapping[str, str], flags: Sequence[str]) -> type[Emulator]:
    """An emulator on a kernel of these texts."""
    loaded = compiled("plain", texts, *flags)

    class Compiled(Emulator):
        def __init__(self, shape: Shape) -> None:
            super().__init__(shape, workers=1, kernel="plain")
            self._kernel = VectorKernel("plain", loaded)

    return Compiled
