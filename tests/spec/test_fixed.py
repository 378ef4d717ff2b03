"""`spec.fixed`: formats, and the three rules against exact rational arithmetic."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loschmidt.spec.errors import LoschmidtError, SpecError
from loschmidt.spec.fixed import Format, round_half_even, saturate, wrap

from .strategies import any_format

WIDE = st.integers(-(1 << 80), 1 << 80)


@given(WIDE, st.integers(0, 70))
def test_rounding_is_to_the_nearest_ties_to_even(value: int, shift: int) -> None:
    assert round_half_even(value, shift) == round(Fraction(value, 1 << shift))


@given(st.integers(-(1 << 40), 1 << 40), st.integers(1, 40))
def test_ties_go_to_even(value: int, shift: int) -> None:
    result = round_half_even((2 * value + 1) << (shift - 1), shift)
    assert result % 2 == 0
    assert abs(Fraction(result) - Fraction(2 * value + 1, 2)) == Fraction(1, 2)


@given(WIDE, st.integers(0, 70))
def test_rounding_is_odd(value: int, shift: int) -> None:
    assert round_half_even(-value, shift) == -round_half_even(value, shift)


def test_floor_and_round_half_up_are_not_odd() -> None:
    """The two rules that hardware would do for nothing fail what the drift needs: the property above can fail."""
    assert any(-value >> 2 != -(value >> 2) for value in range(8))
    assert any(-value + 2 >> 2 != -(value + 2 >> 2) for value in range(8))


@given(WIDE, st.integers(2, 64))
def test_wrap_is_congruent_and_in_range(value: int, width: int) -> None:
    result = wrap(value, width)
    assert (result - value) % (1 << width) == 0
    assert Format(width, 0).holds(result)


@given(WIDE, WIDE, st.integers(2, 64))
def test_wrapped_addition_can_be_undone(state: int, kick: int, width: int) -> None:
    before = wrap(state, width)
    assert wrap(wrap(before + kick, width) - kick, width) == before


@given(st.integers(2, 64))
def test_most_negative_code_is_its_own_negative(width: int) -> None:
    lowest = Format(width, 0).lowest
    assert wrap(-lowest, width) == lowest


@given(WIDE, st.integers(2, 64))
def test_saturation_is_the_nearest_symmetric_code(value: int, width: int) -> None:
    highest = Format(width, 0).highest
    result = saturate(value, width)
    assert result == sorted((-highest, value, highest))[1]
    assert saturate(-value, width) == -result


@given(any_format())
def test_format_is_read_as_it_is_written(form: Format) -> None:
    assert Format.parse(str(form)) == form


def test_format_names_its_bits() -> None:
    form = Format.parse("Q8.24")
    assert (form.width, form.fraction, str(form)) == (32, 24, "Q8.24")
    assert (form.lowest, form.highest, form.lsb) == (-(1 << 31), (1 << 31) - 1, 2.0**-24)


@given(any_format(), st.data())
def test_codes_are_reals_and_back(form: Format, data: st.DataObject) -> None:
    limit = min(form.highest, 1 << 53)
    code = data.draw(st.integers(max(form.lowest, -limit), limit))
    assert form.quantise(form.real(code)) == code
    assert Fraction(form.real(code)) == Fraction(code, 1 << form.fraction)


@given(any_format(), st.floats(allow_nan=False, allow_infinity=False))
def test_quantise_is_nearest_or_refuses(form: Format, real: float) -> None:
    code = round(Fraction(real) * (1 << form.fraction))
    if form.holds(code):
        assert form.quantise(real) == code
    else:
        with pytest.raises(SpecError, match=r"^\S+ does not fit Q\d+\.\d+, which holds \S+ to \S+$"):
            form.quantise(real)


@pytest.mark.parametrize("real", [math.nan, math.inf, -math.inf])
def test_quantise_refuses_what_is_not_finite(real: float) -> None:
    with pytest.raises(SpecError, match=rf"^{re.escape(str(real))} is not a finite number and has no Q8\.24 code$"):
        Format(32, 24).quantise(real)


@pytest.mark.parametrize(
    ("width", "fraction", "message"),
    [
        (1, 0, "format width must be 2 to 64 bits, not 1"),
        (65, 0, "format width must be 2 to 64 bits, not 65"),
        (8, -1, "format fraction must be 0 to 8 bits, not -1"),
        (8, 9, "format fraction must be 0 to 8 bits, not 9"),
    ],
)
def test_impossible_format(width: int, fraction: int, message: str) -> None:
    with pytest.raises(SpecError, match=f"^{re.escape(message)}$"):
        Format(width, fraction)


@pytest.mark.parametrize("text", ["", "8.24", "Q8", "Q8.", "Q-1.9", "q8.24", "Q8.24 ", "UQ8.24"])
def test_unreadable_format(text: str) -> None:
    with pytest.raises(SpecError, match=rf"^format must look like Q8\.24, not {re.escape(repr(text))}$"):
        Format.parse(text)


def test_errors_are_one_family() -> None:
    assert issubclass(SpecError, LoschmidtError)
    assert issubclass(SpecError, ValueError)
