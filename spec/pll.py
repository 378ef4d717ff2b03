"""Clocks that a PLL can make: which divisors come closest to a wanted frequency within the limits of its data sheet.

reference = input / divisor,  oscillator = reference * factor (* output where the feedback is taken behind the output divider),
made = oscillator / output
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .errors import SpecError

#: A clock counts as made if it is off by no more than this share.
TOLERANCE = Fraction(1, 200)


@dataclass(frozen=True)
class Limits:
    """What one kind of PLL can do. Ranges of frequencies are in Hz, both ends included.

    Members
    -------
    divisors, factors, outputs : what the input is divided by, the reference multiplied by, the oscillator divided by
    reference, oscillator, made : frequencies at the phase detector, of the oscillator, of the output
    behind : the feedback is taken behind the output divider, so that ``factors`` tells the output's frequency, not the oscillator's
    """

    divisors: range
    factors: range
    outputs: Sequence[int]
    reference: tuple[int, int]
    oscillator: tuple[int, int]
    made: tuple[int, int]
    behind: bool


@dataclass(frozen=True)
class Setting:
    """Divisors of one PLL, and what they make of ``input``, exactly, in Hz."""

    input: int
    divisor: int
    factor: int
    output: int
    behind: bool

    @property
    def reference(self) -> Fraction:
        return Fraction(self.input, self.divisor)

    @property
    def oscillator(self) -> Fraction:
        return self.reference * self.factor * (self.output if self.behind else 1)

    @property
    def made(self) -> Fraction:
        return self.oscillator / self.output


def settings(source: int, wanted: int, limits: Limits) -> Iterator[Setting]:
    """For every pair of dividers that the limits allow for an input of ``source`` Hz, the factors that come closest to ``wanted`` Hz."""
    for divisor in limits.divisors:
        if not limits.reference[0] * divisor <= source <= limits.reference[1] * divisor:
            continue
        for output in limits.outputs:
            # What a step of the factor adds to the oscillator, and to what is made, is a share of the source.
            oscillator, made = (output, 1) if limits.behind else (1, output)
            lows = (
                limits.factors[0],
                _up(limits.oscillator[0] * divisor, source * oscillator),
                _up(limits.made[0] * divisor * made, source),
            )
            highs = (limits.factors[-1], limits.oscillator[1] * divisor // (source * oscillator), limits.made[1] * divisor * made // source)
            low, high = max(lows), min(highs)
            below = wanted * divisor * made // source
            for factor in {min(max(low, factor), high) for factor in (below, below + 1)}:
                if low <= factor:
                    yield Setting(source, divisor, factor, output, limits.behind)


def _up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)


def solve(source: int, wanted: int, limits: Limits) -> Setting:
    """The setting that comes closest to ``wanted`` Hz; of several the one with the fastest reference, then the fastest oscillator.

    `SpecError` if none comes within `TOLERANCE`; it says what the closest one makes.
    """
    best = min(
        settings(source, wanted, limits),
        key=lambda found: (abs(found.made - wanted), found.divisor, -found.oscillator),
        default=None,
    )
    if best is None:
        raise SpecError(f"the PLL makes nothing of an input of {megahertz(source)} MHz")
    if abs(best.made - wanted) > TOLERANCE * wanted:
        raise SpecError(f"the PLL makes no {megahertz(wanted)} MHz of {megahertz(source)} MHz; the closest is {megahertz(best.made)} MHz")
    return best


def megahertz(frequency: int | Fraction) -> str:
    """A frequency as people read it."""
    return f"{float(frequency) / 1e6:.6g}"
