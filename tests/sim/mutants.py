"""Deliberately broken golden models and emulators: one fault each, made by overriding one thing, and the check that must see it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden import Golden, nearest
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.job import Job, Rules
from loschmidt.sim.memory import Ints, Memory
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter, Product
from loschmidt.spec.region import Region, State
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape


class FloorDrift(Golden):
    """The drift is cut, not rounded: not odd."""

    def _drift(self, pi: Ints) -> Ints:
        half: Ints = self.parameter[Parameter.INVERSE_MASS] * pi >> self.formats.drift_shift(self.s)
        return np.where(pi == self.formats.state.lowest, 0, half)


class HalfUpDrift(Golden):
    """Ties go up: odd everywhere but at a tie."""

    def _drift(self, pi: Ints) -> Ints:
        shift = self.formats.drift_shift(self.s)
        half: Ints = (self.parameter[Parameter.INVERSE_MASS] * pi + (1 << (shift - 1))) >> shift
        return np.where(pi == self.formats.state.lowest, 0, half)


class NoRuleForLowest(Golden):
    """The momentum that is its own negative drifts like any other."""

    def _drift(self, pi: Ints) -> Ints:
        return nearest(self.parameter[Parameter.INVERSE_MASS] * pi, self.formats.drift_shift(self.s))


class SaturatingState(Golden):
    """The state stops at its ends."""

    def _state(self, value: Ints) -> Ints:
        result = np.clip(value, self.formats.state.lowest, self.formats.state.highest)
        self.overflow |= bool(np.any(result != value))
        return result


class KickAtStart(Golden):
    """The force is taken where the step starts, not at the midpoint."""

    def _force(self, x: Ints, u: Ints) -> tuple[Ints, Ints]:
        return super()._force(self._operand(self.phi), u)


class ForwardInputs(Golden):
    """A descending run reads its inputs in ascending order."""

    def run(self, run: Run, inputs: Ints, nudges: Ints, trace: Ints | None = None) -> None:
        super().run(run, inputs[::-1] if run.direction is Direction.DESCENDING else inputs, nudges, trace)


class FlipForgetsLowest(Golden):
    """The flip saturates: the lowest momentum becomes the highest."""

    def flip(self) -> None:
        self.pi = np.where(self.pi == self.formats.state.lowest, self.formats.state.highest, -self.pi)


class RowForColumn(Golden):
    """W y where the force needs W^T y."""

    def _force(self, x: Ints, u: Ints) -> tuple[Ints, Ints]:
        force, z = super()._force(x, u)
        if self.hamiltonian is Hamiltonian.DENSE:
            w, y = self.parameter[Parameter.COUPLING], self._activation(z)[0]
            force = force - w.T @ y + w @ y
        return force, z


class NeighbouringSegment(Golden):
    """The activation table is read one row too high."""

    def _activation(self, z: Ints) -> tuple[Ints, Ints]:
        return super()._activation(z + (1 << (self.formats.table_shift + self.formats.multiplier - 1)))


class KineticAfterOnly(Golden):
    """The kinetic product leaves out the momentum before the kick."""

    def _accumulate(self, sign: int, shift: int, x: Ints, u: Ints, z: Ints, before: Ints) -> None:
        super()._accumulate(sign, shift, x, u, z, self.pi)


class WideAccumulator(Golden):
    """An accumulator keeps bits above its width."""

    def _modulo(self, total: Ints, term: Ints, shift: int) -> Ints:
        return total + (term << shift)


class SilentClip(Golden):
    """The clip flag is never set."""

    def _operand(self, value: Ints) -> Ints:
        before, result = self.clip, super()._operand(value)
        self.clip = before
        return result


class SilentOverflow(Golden):
    """The overflow flag is never set."""

    def _state(self, value: Ints) -> Ints:
        before, result = self.overflow, super()._state(value)
        self.overflow = before
        return result


def golden(model: type[Golden]) -> type[GoldenDevice]:
    """The golden device around a broken model."""
    return type(model.__name__, (GoldenDevice,), {"model": model})


class NudgeSign(Emulator):
    """`negate` is ignored."""

    @staticmethod
    def _job(run: Run) -> Job:
        return Emulator._job(run._replace(negate=False))


class ShiftIgnored(Emulator):
    """Products are not brought to one scale."""

    @staticmethod
    def _job(run: Run) -> Job:
        return Emulator._job(run._replace(shift=0))


class SubtractAdds(Emulator):
    """Products of the second echo are added like those of the first."""

    @staticmethod
    def _job(run: Run) -> Job:
        return Emulator._job(run._replace(accumulate=Accumulate(min(run.accumulate, 1))))


class ImpulseAtStart(Emulator):
    """An impulse nudges the lowest step index, too."""

    @staticmethod
    def _job(run: Run) -> Job:
        return Emulator._job(run)._replace(nudge_from=0 if run.nudge is not Nudge.NONE else run.steps)


class HeldStream(Emulator):
    """A streamed nudge stays at its first entry."""

    @staticmethod
    def _job(run: Run) -> Job:
        return Emulator._job(run)._replace(nudge_stride=0)


class TraceFromZero(Emulator):
    """The trace ignores where it should start."""

    @staticmethod
    def _job(run: Run) -> Job:
        return Emulator._job(run._replace(trace_base=0))


class ContextLeak(Emulator):
    """Every run starts where context 0 stands."""

    def _execute(self, runs: Sequence[Run]) -> None:
        for run in runs:
            for region in State:
                self._region[region][run.context] = self._region[region][0]
        super()._execute(runs)


class StaleAccumulator(Emulator):
    """What a call has summed is added again by the next."""

    def _merge(self, crew: int) -> None:
        kept = [sums._replace(**{name: part.copy() for name, part in sums._asdict().items()}) for sums in self._sums]
        super()._merge(crew)
        self._sums = kept


class LostWorker(Emulator):
    """Only the first worker's products arrive."""

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape, workers=2)

    def _merge(self, crew: int) -> None:
        super()._merge(1)


class StaleParameter(Emulator):
    """Parameters written after the first run are not used."""

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        store = self._store
        super().write(region, values, entry)
        self._store = store


class HalfClear(Emulator):
    """A clear leaves the kinetic products."""

    def clear(self) -> None:
        kinetic = self._region[Product.KINETIC].copy()
        super().clear()
        self._region[Product.KINETIC][...] = kinetic


class NoRuleInEmulator(Emulator):
    """The emulator has no rule for the momentum that is its own negative."""

    def _rules(self) -> Rules:
        return super()._rules()._replace(state_lowest=1 << 62)


class UnevenClip(Emulator):
    """The operand keeps its most negative code."""

    def _rules(self) -> Rules:
        rules = super()._rules()
        return rules._replace(operand_highest=rules.operand_highest + 1)


#: The broken device, and the name of the check that catches it.
MUTANTS: dict[str, tuple[type[Memory], str]] = {
    "floor_drift": (golden(FloorDrift), "reversal"),
    "half_up_drift": (golden(HalfUpDrift), "reversal"),
    "no_rule_for_lowest": (golden(NoRuleForLowest), "reversal"),
    "saturating_state": (golden(SaturatingState), "reversal"),
    "kick_at_start": (golden(KickAtStart), "reversal"),
    "forward_inputs": (golden(ForwardInputs), "reversal"),
    "flip_forgets_lowest": (golden(FlipForgetsLowest), "reversal"),
    "row_for_column": (golden(RowForColumn), "agreement"),
    "neighbouring_segment": (golden(NeighbouringSegment), "agreement"),
    "kinetic_after_only": (golden(KineticAfterOnly), "agreement"),
    "wide_accumulator": (golden(WideAccumulator), "agreement"),
    "silent_clip": (golden(SilentClip), "agreement"),
    "silent_overflow": (golden(SilentOverflow), "agreement"),
    "nudge_sign": (NudgeSign, "agreement"),
    "shift_ignored": (ShiftIgnored, "agreement"),
    "subtract_adds": (SubtractAdds, "agreement"),
    "impulse_at_start": (ImpulseAtStart, "agreement"),
    "held_stream": (HeldStream, "agreement"),
    "trace_from_zero": (TraceFromZero, "agreement"),
    "context_leak": (ContextLeak, "agreement"),
    "stale_accumulator": (StaleAccumulator, "agreement"),
    "lost_worker": (LostWorker, "agreement"),
    "stale_parameter": (StaleParameter, "agreement"),
    "half_clear": (HalfClear, "agreement"),
    "no_rule_in_emulator": (NoRuleInEmulator, "reversal"),
    "uneven_clip": (UnevenClip, "agreement"),
}
