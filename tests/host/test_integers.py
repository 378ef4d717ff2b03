"""What the host works out from states: held to the golden model, at the ends of every range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from loschmidt.host.device import Ints
from loschmidt.host.integers import midpoint_before, nearest, wrapped
from loschmidt.sim.golden_device import GoldenDevice
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
