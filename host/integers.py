"""The device's arithmetic on arrays of int64 codes, for what the host works out from states and midpoints.

D(pi) = nearest_even(mu pi / 2^shift), and 0 for the momentum that is its own negative        phi_h = phi' - D(pi')
"""

from __future__ import annotations

from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import Formats

from .device import Ints


def nearest(value: Ints, shift: int) -> Ints:
    """value / 2^shift, ties to even: half a unit less than one is enough where the quotient is even, half a unit where it is odd."""
    if shift == 0:
        return value
    rounded: Ints = (value + (1 << (shift - 1)) - 1 + ((value >> shift) & 1)) >> shift
    return rounded


def saturated(value: Ints, width: int) -> Ints:
    """The nearest code of the symmetric range of ``width`` bits."""
    limit = (1 << (width - 1)) - 1
    return value.clip(-limit, limit)


def wrapped(value: Ints, target: Format) -> Ints:
    """The format's code that is congruent to the value modulo 2^width."""
    half = 1 << (target.width - 1)
    code: Ints = ((value + half) & (2 * half - 1)) - half
    return code


def midpoint_before(position: Ints, momentum: Ints, inverse_mass: Ints, formats: Formats, s: int) -> Ints:
    """phi_h of the step that ended in these states: half a drift back. All of one shape, or (N,) and (B, N).

    Parameters
    ----------
    position, momentum : state codes after the step
    inverse_mass : weight codes
    s : of the time step ``delta = 2**-s``
    """
    drift = nearest(inverse_mass * momentum, formats.drift_shift(s))
    drift[momentum == formats.state.lowest] = 0
    return wrapped(position - drift, formats.state)
