"""How hard to nudge, and whether to believe what came back.

A trusted gradient is not always right: the detector sees only the two echoes. How many trusted
gradients of random systems are wrong, by Hamiltonian, time step and word length, is measured by
`loschmidt lab trust`; the tables are in docs/gradients.md.

A gradient by echo is a central difference of width eps. Too small an eps drowns in the rounding of operands; too large a one bends
the trajectory. What matters is the deviation it causes, so one probe measures that and eps is rescaled once, by a power of two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.errors import SpecError
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import Formats
from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian

from .device import Ints

Floats = NDArray[np.float64]

#: A gradient is trusted while asymmetry and deviation stay below these. What they miss, what they
#: distrust in vain, and what other limits would do is printed by `loschmidt lab trust`.
ASYMMETRY_LIMIT = 2.0**-4
DEVIATION_LIMIT = 2.0**-3


@dataclass(frozen=True)
class NudgePolicy:
    """The rule for eps = 2**k of one sample.

    Members
    -------
    start : the probe's eps is at most ``2**start / ||G||_1``, G = dL/d(midpoints)
    target : the deviation aimed at is ``2**target``; None: by the multiplier's width, see `aim`
    fixed : k for every sample, and no probe; None: probe
    pairs : 1, or 2: echoes at eps and 2 eps, extrapolated to cancel the error of order eps^2
    """

    start: int = -3
    target: int | None = None
    fixed: int | None = None
    pairs: int = 1

    def __post_init__(self) -> None:
        if self.pairs not in (1, 2):
            raise SpecError(f"pairs of echoes must be 1 or 2, not {self.pairs}")

    @property
    def headroom(self) -> int:
        """Left shift of the pair at eps: 3 where the five-point stencil ``(8 d(eps) - d(2 eps)) / 12 eps`` is wanted."""
        return 3 if self.pairs == 2 else 0

    @property
    def weight(self) -> int:
        """Sum of the magnitudes of the stencil's coefficients."""
        return 9 if self.pairs == 2 else 1

    @property
    def scale(self) -> float:
        """The stencil's denominator, for eps = 1."""
        return 1 / 12 if self.pairs == 2 else 1 / 2

    def aim(self, formats: Formats, hamiltonian: Hamiltonian) -> int:
        """log2 of the deviation aimed at.

        With an activation, -5 for 18 x 18 multipliers, -4 up to 16 bits and -6 from 24 bits on: there, rounding and curvature cost
        about the same. A linear force has no curvature, and its products are quadratic, so that central differences of any width are
        exact: -4, as far as the detector lets it.
        """
        if self.target is not None:
            return self.target
        if not DEFINITIONS[hamiltonian].activated or formats.multiplier <= 16:
            return -4
        return -6 if formats.multiplier >= 24 else -5

    def first(self, norm: float) -> int:
        """k of the probe, for ``||G||_1 = norm > 0``."""
        return self.start + math.floor(-math.log2(norm))

    def second(self, k: int, caused: float, formats: Formats, hamiltonian: Hamiltonian) -> int:
        """k after a probe at k has caused a deviation > 0."""
        return k + round(self.aim(formats, hamiltonian) - math.log2(caused))


def largest_exponent(peak: float, state: Format) -> int:
    """The largest k for which a nudge of ``2**k * peak`` fits the state format with a factor of two to spare."""
    return math.floor(math.log2(state.highest * state.lsb / peak)) - 1


def nudge_codes(gradient: Floats, k: int | Ints, state: Format) -> Ints:
    """n = -eps G in state codes, (T, N), nearest; G = dL/d(midpoint position), eps = 2**k, one for all or (T, 1)."""
    codes: Ints = np.rint(np.ldexp(-gradient, k + state.fraction)).astype(np.int64)
    return codes


class SampleReport(NamedTuple):
    """What became of one sample's gradient.

    Members
    -------
    eps : nudge strength; 0 where the loss gradient is zero and there is nothing to do
    dev : `deviation` of the two echoes where the start should be, in units of the state
    asym : ||echo(+) + echo(-) - 2 start|| / ||echo(+) - echo(-)||: what is even in eps, and so not gradient
    overflow, clip : the state wrapped, or was clipped where it entered a product, on the way there or back
    """

    eps: float
    dev: float
    asym: float
    overflow: bool
    clip: bool

    @property
    def trusted(self) -> bool:
        """Whether nothing overflowed or clipped, and the echo answered the nudge linearly.

        This is evidence, not proof: `host.trusted.meaning` says how often such a gradient was wrong.
        """
        return not (self.overflow or self.clip) and self.asym < ASYMMETRY_LIMIT and self.dev < DEVIATION_LIMIT


def deviation(plus: Floats, minus: Floats) -> Floats:
    """RMS of d = (echo(+) - echo(-)) / 2 over positions and momenta, (B, 2N), every one weighted by its own square: (B,).

    ``sqrt(sum d^4 / sum d^2)``, in units of the state. Where all oscillators deviate alike this is the plain RMS; where few of many do
    (uncoupled ones, of which the loss sees some) it is theirs, and they are the ones that curvature would spoil.
    """
    squares = ((plus - minus) / 2) ** 2
    total = squares.sum(axis=1)
    found: Floats = np.sqrt((squares**2).sum(axis=1) / np.where(total > 0, total, 1))
    return found


def asymmetry(plus: Floats, minus: Floats, start: Floats) -> Floats:
    """Even part of the echoes' answer relative to its odd part, of (B, 2N): (B,); infinite where there is no odd part."""
    odd, even = (np.sqrt((part**2).sum(axis=1)) for part in (plus - minus, plus + minus - 2 * start))
    return np.where(odd > 0, even / np.where(odd > 0, odd, 1), np.inf)
