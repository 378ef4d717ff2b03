"""Devices with one deliberate fault each: what `verify` and the tests of echoes must catch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from loschmidt.host.device import Ints
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden import Golden
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec.hamiltonian import Product
from loschmidt.spec.region import Buffer, Region, State
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run, Status


class _Altered(Emulator):
    """Does other runs than it was told."""

    def alter(self, run: Run) -> Run:
        return run

    def run(self, runs: Sequence[Run]) -> None:
        super().run([self.alter(run) for run in runs])


class NudgeSign(_Altered):
    def alter(self, run: Run) -> Run:
        return run._replace(negate=not run.negate)


class OneSided(_Altered):
    """The echo that should be nudged the other way is not nudged at all."""

    def alter(self, run: Run) -> Run:
        return run._replace(nudge=Nudge.NONE) if run.negate else run


class NeverSubtracts(_Altered):
    def alter(self, run: Run) -> Run:
        return run._replace(accumulate=Accumulate.ADD) if run.accumulate is Accumulate.SUBTRACT else run


class ShiftIgnored(_Altered):
    def alter(self, run: Run) -> Run:
        return run._replace(shift=0)


class ImpulseIsHeld(_Altered):
    def alter(self, run: Run) -> Run:
        return run._replace(nudge=Nudge.HOLD) if run.nudge is Nudge.IMPULSE else run


class InputsAlwaysAscend(_Altered):
    def alter(self, run: Run) -> Run:
        return run._replace(direction=Direction.ASCENDING)


class NudgesBackwards(Emulator):
    """Streamed nudges in the wrong order of time."""

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        super().write(region, values[::-1] if region is Buffer.NUDGE else values, entry)


class FlipForgotten(Emulator):
    def flip(self, context: int) -> None:
        """Nothing."""


class MostNegativeFlipsToHighest(Emulator):
    """Flips as a saturating negation would."""

    def flip(self, context: int) -> None:
        state = self.shape.formats.state
        momentum = self.read(State.MOMENTUM, context)
        self.write(State.MOMENTUM, np.where(momentum == state.lowest, state.highest, -momentum), context)


class StaleAccumulators(Emulator):
    def clear(self) -> None:
        """Nothing."""


class _Misread(Emulator):
    """Gives one product times a factor."""

    product = Product.KINETIC
    factor = 2

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        values = super().read(region, entry, count)
        return values * self.factor if region is self.product else values


class KineticTwice(_Misread):
    pass


class ConjugateMissing(_Misread):
    product = Product.GAIN
    factor = 0


class CouplingSign(_Misread):
    product = Product.COUPLING
    factor = -1


class StatesSaturate(GoldenDevice):
    class Model(Golden):
        def _state(self, value: Ints) -> Ints:
            return np.clip(value, self.formats.state.lowest, self.formats.state.highest)

    model = Model


class OneBitOff(Emulator):
    """A single wrong bit in one midpoint of each trace that is read."""

    misread: Region = Buffer.TRACE

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        values = super().read(region, entry, count)
        if region is self.misread:
            values[-1, 0] ^= 1
        return values


class OnePositionOff(OneBitOff):
    """The same in one position of the states that are read."""

    misread = State.POSITION


class OneMomentumOff(OneBitOff):
    """The same in one momentum of the states that are read."""

    misread = State.MOMENTUM


class StandsStill(Emulator):
    """Returns from every run where it began it."""

    def run(self, runs: Sequence[Run]) -> None:
        """Nothing."""


class OverflowTooMany(Emulator):
    """Says that a state wrapped which did not."""

    def status(self) -> Status:
        status = super().status()
        return replace(status, overflow=status.overflow ^ {0})


class ClipTooMany(Emulator):
    """Says that a state was clipped which was not."""

    def status(self) -> Status:
        status = super().status()
        return replace(status, clip=status.clip ^ {0})


Broken = type[Emulator] | type[GoldenDevice]

#: Fault -> the check of `verify` that catches it, and what of.
CAUGHT: dict[Broken, tuple[str, str]] = {
    NudgeSign: ("gradient", "every: stiffness"),
    OneSided: ("gradient", "mean: position0"),
    NeverSubtracts: ("gradient", "last: stiffness"),
    ImpulseIsHeld: ("gradient", "last: momentum0"),
    InputsAlwaysAscend: ("reversal", "ordinary state"),
    NudgesBackwards: ("gradient", "every: momentum0"),
    FlipForgotten: ("reversal", "random state"),
    MostNegativeFlipsToHighest: ("reversal", "most negative momenta"),
    StaleAccumulators: ("gradient", "mean: stiffness"),
    KineticTwice: ("gradient", "last: inverse_mass"),
    ConjugateMissing: ("gradient", "last: gain"),
    CouplingSign: ("gradient", "last: coupling"),
    StatesSaturate: ("reversal", "random state"),
    StandsStill: ("reversal", "most negative momenta"),
    OnePositionOff: ("reversal", "ordinary state"),
    OneMomentumOff: ("reversal", "ordinary state"),
}
