"""What the host works out from states: held to the golden model, at the ends of every range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from loschmidt.host.device import Ints
from loschmidt.host.integers import midpoint_before, nearest, saturated, wrapped
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec.fixed import Format, round_half_even, saturate, wrap
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Run
from loschmidt.spec.shape import Shape

N, CONTEXTS = 8, 6


def differences(formats: Formats, s: int, found: Callable[[Ints, Ints, Ints, Formats, int], Ints] = midpoint_before) -> int:
    """Midpoints of one step that ``found`` gives otherwise than the golden device traced them; states are anything, often an end of
    their range."""
    rng = np.random.default_rng(s)
    device = GoldenDevice(Shape(N, 1, contexts=CONTEXTS, input_depth=1, trace_depth=CONTEXTS, formats=formats))
    device.configure(Hamiltonian.LINEAR, s)
    mu = rng.integers(1, formats.weight.highest, N, endpoint=True)
    device.write(Parameter.INVERSE_MASS, mu)
    low, high = formats.state.lowest, formats.state.highest
    for region in State:
        ends = rng.choice([low, low + 1, high, 0, -1], (CONTEXTS, N))
        device.write(region, np.where(rng.random((CONTEXTS, N)) < 0.5, ends, rng.integers(low, high, (CONTEXTS, N), endpoint=True)))
    device.run([Run(context, 1, trace=True, trace_base=context) for context in range(CONTEXTS)])
    phi, pi = (device.read(region, 0, CONTEXTS) for region in (State.POSITION, State.MOMENTUM))
    assert (pi == low).any(), "the momentum that is its own negative must be among them"
    return int(np.count_nonzero(found(phi, pi, mu, formats, s) != device.read(Buffer.TRACE, 0, CONTEXTS)))


@pytest.mark.parametrize("width", PRESETS)
@pytest.mark.parametrize("s", [0, 1, 5, 9])
def test_last_midpoint_is_half_a_drift_back(width: str, s: int) -> None:
    assert differences(PRESETS[width], s) == 0


@pytest.mark.parametrize("shift", range(6))
def test_rounding_is_that_of_the_contract(shift: int) -> None:
    """Every remainder, on both sides of zero; most of all the halves."""
    values = np.arange(-4 << shift, (4 << shift) + 1)
    assert nearest(values, shift).tolist() == [round_half_even(value, shift) for value in values.tolist()]


@pytest.mark.parametrize("width", [2, 3, 5])
def test_saturation_and_wrapping_are_those_of_the_contract(width: int) -> None:
    values = np.arange(-3 << width, 3 << width)
    assert saturated(values, width).tolist() == [saturate(value, width) for value in values.tolist()]
    assert wrapped(values, Format(width, 0)).tolist() == [wrap(value, width) for value in values.tolist()]


@pytest.mark.parametrize("s", [0, 1, 5])
def test_drifts_of_half_a_unit_go_to_the_even_one(s: int) -> None:
    """mu pi = odd multiples of half the divisor: in the golden model's midpoints, too."""
    formats = PRESETS["18"]
    device = GoldenDevice(Shape(N, 1, contexts=2, input_depth=1, trace_depth=2, formats=formats))
    device.configure(Hamiltonian.LINEAR, s)
    mu = np.full(N, 1 << (formats.weight.fraction - 1))
    device.write(Parameter.INVERSE_MASS, mu)
    momenta = np.array([[1, 3, 5, 7, -1, -3, -5, -7], [2, 6, -2, -6, 9, 11, 13, 15]]) << (s + 1)
    assert {int(value) % (1 << formats.drift_shift(s)) for value in (mu * momenta)[0]} == {1 << (formats.drift_shift(s) - 1)}
    device.write(State.MOMENTUM, momenta)
    device.run([Run(context, 1, trace=True, trace_base=context) for context in range(2)])
    phi, pi = (device.read(region, 0, 2) for region in (State.POSITION, State.MOMENTUM))
    assert np.array_equal(midpoint_before(phi, pi, mu, formats, s), device.read(Buffer.TRACE, 0, 2))


def _floor(position: Ints, momentum: Ints, mu: Ints, formats: Formats, s: int) -> Ints:
    drift = np.where(momentum == formats.state.lowest, 0, mu * momentum >> formats.drift_shift(s))
    return wrapped(position - drift, formats.state)


def _drifts_always(position: Ints, momentum: Ints, mu: Ints, formats: Formats, s: int) -> Ints:
    return wrapped(position - nearest(mu * momentum, formats.drift_shift(s)), formats.state)


def _never_wraps(position: Ints, momentum: Ints, mu: Ints, formats: Formats, s: int) -> Ints:
    drift = nearest(mu * momentum, formats.drift_shift(s))
    found: Ints = position - np.where(momentum == formats.state.lowest, 0, drift)
    return found


@pytest.mark.parametrize("broken", [_floor, _drifts_always, _never_wraps])
def test_broken_midpoints_are_caught(broken: Callable[[Ints, Ints, Ints, Formats, int], Ints]) -> None:
    assert differences(PRESETS["18"], 1, broken)
