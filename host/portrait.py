"""One oscillator's way through a sample and back: the free run, its return without a nudge, and its return with one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Direction, Nudge, Run

from .device import Device, Ints
from .nudge import nudge_codes

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Portrait:
    """Phase-space points in the order of time 0..T, (T + 1, 2) position and momentum, in units of the state.

    Members
    -------
    oscillator : which
    free, back, echo : the free run; the un-nudged return; the nudged return. The momenta of both returns are flipped back
    exact : whether *every* oscillator's return is the free run to the last bit
    """

    oscillator: int
    free: Floats
    back: Floats
    echo: Floats
    exact: bool


def draw(
    device: Device, start: Ints, inputs: Ints, gradient: Floats, nudge: Nudge, exponent: int, oscillator: int | None = None
) -> Portrait:
    """Drive a configured and loaded device, one step at a time, from resting momenta.

    Parameters
    ----------
    start : (N,), positions
    inputs : (T, M) operand codes
    gradient : dL/d(midpoint positions) that ``nudge`` spreads over time: (T, N) for STREAM, else (1, N)
    exponent : eps is ``2**exponent``
    oscillator : which one to show; None shows the one that the nudge moves most
    """
    steps = len(inputs)
    device.write(State.POSITION, start[None])
    device.write(State.MOMENTUM, np.zeros((1, device.shape.oscillators), np.int64))
    device.write(Buffer.NUDGE, np.zeros((1, device.shape.oscillators), np.int64))
    free = [_state(device)]
    free += [_advance(device, u, Direction.ASCENDING) for u in inputs]
    device.flip(0)
    turned = _state(device)
    device.copy(1, 0)
    codes = nudge_codes(gradient, exponent, device.shape.formats.state)
    ways = []
    for nudged in (False, True):
        if nudged:
            device.copy(0, 1)
        way = [turned]
        for k in reversed(range(steps)):
            if nudged:
                way.append(_advance(device, inputs[k], Direction.DESCENDING, _at(codes, nudge, k, steps)))
            else:
                way.append(_advance(device, inputs[k], Direction.DESCENDING))
        ways.append(np.stack(way[::-1]) * np.array([[1], [-1]]))
    there, (back, echo) = np.stack(free), ways
    moved = np.abs(echo - there).max(axis=(0, 1))
    shown = int(np.argmax(moved)) if oscillator is None else oscillator
    lsb = device.shape.formats.state.lsb
    real = [np.asarray(way[:, :, shown] * lsb, np.float64) for way in (there, back, echo)]
    return Portrait(shown, real[0], real[1], real[2], bool(np.array_equal(there, back)))


def _at(codes: Ints, nudge: Nudge, k: int, steps: int) -> Ints | None:
    """The nudge of step k, (1, N)."""
    match nudge:
        case Nudge.STREAM:
            return codes[k : k + 1]
        case Nudge.HOLD:
            return codes
        case Nudge.IMPULSE if k == steps - 1:
            return codes
    return None


def _advance(device: Device, u: Ints, direction: Direction, nudge: Ints | None = None) -> Ints:
    device.write(Buffer.INPUT, u[None])
    if nudge is not None:
        device.write(Buffer.NUDGE, nudge)
    device.run([Run(0, 1, direction=direction, nudge=Nudge.NONE if nudge is None else Nudge.HOLD)])
    return _state(device)


def _state(device: Device) -> Ints:
    """(2, N): positions, momenta."""
    return np.stack([device.read(State.POSITION)[0], device.read(State.MOMENTUM)[0]])
