"""Deliberately broken C++ kernels: one fault each, a change of the source's text."""

from __future__ import annotations

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
    "odd_step_left_out": ("outer.h", "const int pairs = (steps + 1) / 2;", "const int pairs = steps / 2;"),
    "sign_of_the_second": ("steps.cpp", "one.product_sign == -other.product_sign", "one.product_sign != 0"),
    "longer_run_cut": ("steps.cpp", "advance<1>(plan, {&one}, one.job.steps - one.count, outer);", ""),
}


def broken(name: str) -> type[Emulator]:
    """An emulator on a kernel with that fault."""
    file, said, instead = FAULTS[name]
    texts = sources()
    if texts[file].count(said) != 1:
        raise ValueError(f"{file} does not say {said!r} exactly once")
    loaded = compiled("plain", {**texts, file: texts[file].replace(said, instead)}, "-O0")

    class Broken(Emulator):
        def __init__(self, shape: Shape) -> None:
            super().__init__(shape, workers=1, kernel="plain")
            self._kernel = VectorKernel("plain", loaded)

    return Broken
