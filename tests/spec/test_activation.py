"""`spec.activation`: the table is odd, continuous, near tanh, and its conjugate is exact, against rational arithmetic."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loschmidt.spec import activation
from loschmidt.spec.activation import Row, knot_limit, rows_from_knots
from loschmidt.spec.errors import SpecError
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS, Formats

from .strategies import any_formats


@st.composite
def knots_and_formats(draw: st.DrawFn) -> tuple[list[int], Formats]:
    """Any knots, extremes among them, for tables of up to 32 segments."""
    formats = draw(any_formats(segment_bits=5))
    limit = knot_limit(formats)
    knot = st.one_of(st.integers(-limit, limit), st.sampled_from([-limit, 0, limit]))
    return draw(st.lists(knot, min_size=formats.segments + 1, max_size=formats.segments + 1)), formats


def area(knots: list[int], formats: Formats, segment: int) -> Fraction:
    """Integral from 0 to the start of ``segment`` of the function through the knots, as a real number."""
    width = Fraction(2 << formats.table_range, formats.segments)
    lsb = Fraction(1, 1 << formats.activation.fraction)
    half = formats.segments // 2
    between = range(half, segment) if segment >= half else range(segment, half)
    total = sum((Fraction(knots[i] + knots[i + 1], 2) * lsb * width for i in between), Fraction())
    return total if segment >= half else -total


@given(knots_and_formats())
def test_rows_are_continuous_and_pass_through_the_knots(case: tuple[list[int], Formats]) -> None:
    knots, formats = case
    rows = rows_from_knots(knots, formats)
    assert [row.value for row in rows] == knots[:-1]
    assert [row.value + row.rise for row in rows] == knots[1:]


@given(knots_and_formats())
def test_conjugate_is_exact(case: tuple[list[int], Formats]) -> None:
    """c = y z - q at every knot, q the area under the function."""
    knots, formats = case
    unit, lsb = Fraction(1, 1 << formats.conjugate.fraction), Fraction(1, 1 << formats.activation.fraction)
    for segment, row in enumerate(rows_from_knots(knots, formats)):
        z = (segment - formats.segments // 2) * Fraction(2 << formats.table_range, formats.segments)
        assert row.conjugate * unit == row.value * lsb * z - area(knots, formats, segment)


@given(knots_and_formats(), st.fractions(0, 1))
def test_conjugate_within_a_segment(case: tuple[list[int], Formats], t: Fraction) -> None:
    """c_i + rise t (2 j + t) is y z - q in the table's unit of lsb x half a segment; at t = 1 it is the next row's."""
    knots, formats = case
    rows = rows_from_knots(knots, formats)
    for i, (row, after) in enumerate(pairwise(rows)):
        j = i - formats.segments // 2
        y, grown = row.value + row.rise * t, 2 * (row.value * t + row.rise * t**2 / 2)
        assert row.conjugate + row.rise * t * (2 * j + t) == row.conjugate + 2 * y * (j + t) - 2 * row.value * j - grown
        assert row.conjugate + row.rise * (2 * j + 1) == after.conjugate


@given(knots_and_formats())
def test_rows_fit_their_banks(case: tuple[list[int], Formats]) -> None:
    knots, formats = case
    for row in rows_from_knots(knots, formats):
        assert formats.activation.holds(row.value)
        assert formats.activation.holds(row.rise)
        assert formats.conjugate.holds(row.conjugate)


@given(knots_and_formats())
def test_sum_of_two_knots_fits_the_multiplier(case: tuple[list[int], Formats]) -> None:
    knots, formats = case
    operand = Format(formats.multiplier, 0)
    assert all(operand.holds(a + b) and operand.holds(a - b) for a, b in pairwise(knots))


@pytest.mark.parametrize("name", PRESETS)
def test_tanh_is_odd_and_its_conjugate_even(name: str) -> None:
    rows = activation.table(PRESETS[name])
    half = len(rows) // 2
    assert rows[half] == Row(0, rows[half].rise, 0)
    for i in range(1, half):
        assert rows[half - i].value == -rows[half + i].value
        assert rows[half - i].conjugate == rows[half + i].conjugate
        assert rows[half - i].rise == rows[half + i - 1].rise


@pytest.mark.parametrize("name", PRESETS)
def test_table_is_tanh_at_the_knots_and_its_conjugate_within_a_bound(name: str) -> None:
    """Knots are rounded, or clipped just below 1, so each is within an lsb. The trapezoid rule adds at most |z| h^2 / 12 times the
    largest second derivative of tanh, which is below 0.77."""
    formats = PRESETS[name]
    width = 2.0 ** (formats.table_range + 1) / formats.segments
    for i, row in enumerate(activation.table(formats)):
        z = (i - formats.segments // 2) * width
        assert abs(formats.activation.real(row.value) - math.tanh(z)) <= formats.activation.lsb
        bound = abs(z) * (0.77 * width**2 / 12 + 2 * formats.activation.lsb)
        assert abs(formats.conjugate.real(row.conjugate) - (z * math.tanh(z) - math.log(math.cosh(z)))) <= bound


def test_values_beyond_the_knot_limit_are_clipped() -> None:
    formats = Formats()
    rows = activation.table(formats, lambda z: 10.0 * z)
    assert rows[0].value == -knot_limit(formats)
    assert rows[-1].value + rows[-1].rise == knot_limit(formats)


@pytest.mark.parametrize("count", [0, 512, 514])
def test_wrong_number_of_knots(count: int) -> None:
    with pytest.raises(SpecError, match=rf"^an activation table of 512 segments has 513 knots, not {count}$"):
        rows_from_knots([0] * count, Formats())


@pytest.mark.parametrize("knot", [1 << 16, -(1 << 16)])
def test_knot_out_of_range(knot: int) -> None:
    knots = [0] * 513
    knots[9] = knot
    with pytest.raises(SpecError, match=rf"^activation knot 9 must be within \+-65535, not {re.escape(str(knot))}$"):
        rows_from_knots(knots, Formats())
