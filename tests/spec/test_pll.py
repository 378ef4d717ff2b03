"""Clocks that a PLL can make."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loschmidt.spec.errors import SpecError
from loschmidt.spec.part import MHZ, PARTS
from loschmidt.spec.pll import TOLERANCE, Limits, Setting, megahertz, solve
from loschmidt.spec.pll import settings as every_setting

ECP5, ICE40, GW1N, XILINX7 = (PARTS[name].pll for name in ("LFE5U-85F", "iCE40UP5K", "GW1NR-9C", "xc7a100ti"))


@pytest.mark.parametrize(
    ("source", "wanted", "limits", "divisors", "oscillator"),
    [
        (25, 150, ECP5, (1, 6, 5), 750),  # as ecppll does it
        (48, 132, ECP5, (4, 11, 6), 792),
        (12, 24, ICE40, (1, 64, 32), 768),  # as icepll does it: DIVF 63, DIVQ 5
        (27, 54, GW1N, (1, 2, 16), 864),
        (100, 150, XILINX7, (1, 12, 8), 1200),
    ],
)
def test_known_settings(source: int, wanted: int, limits: Limits, divisors: tuple[int, int, int], oscillator: int) -> None:
    found = solve(source * MHZ, wanted * MHZ, limits)
    assert (found.divisor, found.factor, found.output) == divisors
    assert [found.made, found.oscillator] == [wanted * MHZ, oscillator * MHZ]


@given(st.sampled_from([ECP5, ICE40, GW1N, XILINX7]), st.integers(10 * MHZ, 120 * MHZ), st.integers(5 * MHZ, 300 * MHZ))
def test_what_is_found_is_allowed_and_close(limits: Limits, source: int, wanted: int) -> None:
    try:
        found = solve(source, wanted, limits)
    except SpecError:
        return
    assert found.divisor in limits.divisors
    assert found.factor in limits.factors
    assert found.output in limits.outputs
    ranges = ((found.reference, limits.reference), (found.oscillator, limits.oscillator), (found.made, limits.made))
    assert all(low <= value <= high for value, (low, high) in ranges)
    assert found.reference == Fraction(source, found.divisor)
    assert found.made == Fraction(source * found.factor, found.divisor * (1 if limits.behind else found.output))
    assert abs(found.made - wanted) <= TOLERANCE * wanted


@settings(max_examples=20)
@given(st.sampled_from([True, False]), st.integers(10 * MHZ, 300 * MHZ))
def test_nothing_closer_is_left_out(behind: bool, wanted: int) -> None:
    small = replace(ECP5, divisors=range(1, 5), factors=range(2, 33), outputs=range(1, 9), behind=behind)
    every = (Setting(25 * MHZ, d, f, o, behind) for d in small.divisors for f in small.factors for o in small.outputs)
    pairs = ((small.reference, "reference"), (small.oscillator, "oscillator"), (small.made, "made"))
    allowed = [found for found in every if all(low <= getattr(found, name) <= high for (low, high), name in pairs)]
    best = min(abs(found.made - wanted) for found in allowed)
    assert min(abs(found.made - wanted) for found in every_setting(25 * MHZ, wanted, small)) == best


def test_clock_that_cannot_be_made() -> None:
    with pytest.raises(SpecError, match=r"^the PLL makes no 15 MHz of 12 MHz; the closest is 16\.125 MHz$"):
        solve(12 * MHZ, 15 * MHZ, ICE40)
    with pytest.raises(SpecError, match=r"^the PLL makes nothing of an input of 1 MHz$"):
        solve(1 * MHZ, 20 * MHZ, ICE40)


def test_a_feedback_taken_elsewhere_would_be_noticed() -> None:
    right = solve(25 * MHZ, 150 * MHZ, ECP5)
    wrong = Setting(right.input, right.divisor, right.factor, right.output, behind=False)
    assert wrong.made != right.made


def test_megahertz() -> None:
    assert [megahertz(25_000_000), megahertz(Fraction(100_000_000, 3))] == ["25", "33.3333"]
