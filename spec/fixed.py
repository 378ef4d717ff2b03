"""Signed fixed point: what a format is, and the three rules (round, wrap, saturate) that turn wide integers into narrow ones.

The rules are stated here on Python integers, as the contract and as a witness for tests. The golden model, the emulator
and the gateware each implement them on their own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from .errors import SpecError


@dataclass(frozen=True)
class Format:
    """Two's complement of ``width`` bits, ``fraction`` of them after the binary point; written ``Q8.24`` for 32 bits.

    Members
    -------
    width : int, 2 to 64, sign included
    fraction : int, 0 to ``width``
    """

    width: int
    fraction: int

    def __post_init__(self) -> None:
        if not 2 <= self.width <= 64:
            raise SpecError(f"format width must be 2 to 64 bits, not {self.width}")
        if not 0 <= self.fraction <= self.width:
            raise SpecError(f"format fraction must be 0 to {self.width} bits, not {self.fraction}")

    @classmethod
    def parse(cls, text: str) -> Format:
        """Read ``Q<integer bits>.<fraction bits>``, sign counted among the integer bits."""
        match = re.fullmatch(r"Q(\d+)\.(\d+)", text)
        if match is None:
            raise SpecError(f"format must look like Q8.24, not {text!r}")
        return cls(int(match[1]) + int(match[2]), int(match[2]))

    def __str__(self) -> str:
        return f"Q{self.width - self.fraction}.{self.fraction}"

    @property
    def lowest(self) -> int:
        return -(1 << (self.width - 1))

    @property
    def highest(self) -> int:
        return (1 << (self.width - 1)) - 1

    @property
    def lsb(self) -> float:
        """The real value of one unit in the last place."""
        return 2.0**-self.fraction

    def holds(self, value: int) -> bool:
        return self.lowest <= value <= self.highest

    def quantise(self, real: float) -> int:
        """Nearest integer code, ties to even. Raises `SpecError` outside the range or for NaN."""
        if not math.isfinite(real):
            raise SpecError(f"{real} is not a finite number and has no {self} code")
        scaled = real * 2.0**self.fraction  # exact, or infinite
        if math.isinf(scaled) or not self.holds(code := round(scaled)):
            raise SpecError(f"{real:g} does not fit {self}, which holds {self.lowest * self.lsb:g} to {self.highest * self.lsb:g}")
        return code

    def real(self, code: int) -> float:
        return code * self.lsb


def round_half_even(value: int, shift: int) -> int:
    """``value / 2**shift`` to the nearest integer, ties to even; odd: ``f(-v) == -f(v)``, which a drift needs to be undone."""
    if shift == 0:
        return value
    floor, rest = value >> shift, value & ((1 << shift) - 1)
    half = 1 << (shift - 1)
    return floor + (rest > half or (rest == half and floor & 1 == 1))


def wrap(value: int, width: int) -> int:
    """The signed ``width``-bit code congruent to ``value`` modulo ``2**width``: loses nothing, so it can be undone."""
    half = 1 << (width - 1)
    return ((value + half) & ((1 << width) - 1)) - half


def saturate(value: int, width: int) -> int:
    """The nearest of the symmetric codes ``-(2**(width-1) - 1)`` to ``2**(width-1) - 1``; only ever inside a kick."""
    highest = (1 << (width - 1)) - 1
    return max(-highest, min(highest, value))
