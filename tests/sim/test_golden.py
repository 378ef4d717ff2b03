"""The golden model: it keeps to the contract's own words, returns from everywhere, and does not overflow in silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loschmidt.sim import golden, kernel
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec import fixed

from . import checks
from .witness import Witness

LARGE = golden.HEADROOM - 1


def test_agrees_with_the_contract() -> None:
    """`Witness` reads the passes of `spec.hamiltonian` and computes in Python's integers."""
    checks.agreement(Witness, 100)


def test_reverses() -> None:
    checks.reversal(GoldenDevice)


@given(st.integers(-LARGE, LARGE), st.integers(0, 60))
@example(-LARGE, 0)
@example(LARGE, 60)
@example(-3, 1)
@example(5, 1)
def test_rounds_to_even(value: int, shift: int) -> None:
    wanted = fixed.round_half_even(value, shift)
    assert golden.nearest(np.array([value]), shift).tolist() == [wanted]
    assert kernel.nearest_even(value, shift) == wanted


@given(st.integers(-64, 64), st.integers(1, 12))
def test_rounds_ties_to_even(half_units: int, shift: int) -> None:
    """Odd multiples of half a unit, which random integers hardly ever are."""
    value = half_units << (shift - 1)
    wanted = fixed.round_half_even(value, shift)
    assert wanted == round(half_units / 2)
    assert golden.nearest(np.array([value]), shift).tolist() == [wanted]
    assert kernel.nearest_even(value, shift) == wanted


@given(st.integers(-(1 << 60), 1 << 60), st.integers(-(1 << 60), 1 << 60), st.integers(2, 64))
def test_wraps(position: int, half: int, width: int) -> None:
    wanted = fixed.wrap(position + half, width)
    if width < 63:
        assert golden.wrapped(np.array([position + half]), width).tolist() == [wanted]
    moved = np.array([position])
    lost = kernel.move(moved, np.array([half]), 64 - width)
    assert moved.tolist() == [wanted]
    assert (lost != 0) == (wanted != position + half)


@given(st.integers(-(1 << 40), 1 << 40), st.integers(0, 30), st.integers(2, 27))
def test_saturates(state: int, shift: int, width: int) -> None:
    rounded = fixed.round_half_even(state, shift)
    wanted = fixed.saturate(rounded, width)
    operand = np.zeros(1, np.int64)
    clipped = kernel.narrow(np.array([state]), shift, (1 << (width - 1)) - 1, operand)
    assert operand.tolist() == [wanted]
    assert (clipped != 0) == (wanted != rounded)


@pytest.mark.parametrize("value", [golden.HEADROOM, -golden.HEADROOM])
def test_is_loud_on_overflow(value: int) -> None:
    assert golden.exact(np.array([value - 1 if value > 0 else value + 1])).shape == (1,)
    with pytest.raises(OverflowError, match=r"^a sum in the golden model left 62 bits: the formats are too wide for it$"):
        golden.exact(np.array([0, value]))
