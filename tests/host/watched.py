"""A device that remembers what it was told, and can be made to raise flags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from loschmidt.host.device import Ints
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.region import Region
from loschmidt.spec.run import Accumulate, Run, Status
from loschmidt.spec.shape import Shape


def raising(kind: str, *contexts: int) -> Status:
    """A status with one kind of flag, ``overflow`` or ``clip``, of these contexts."""
    flags = frozenset(contexts)
    return Status(overflow=flags) if kind == "overflow" else Status(clip=flags)


class Watched(Emulator):
    """An emulator with a log.

    Members
    -------
    calls : the runs of each call of `run`
    writes : what was written, in order: region, values, entry
    cleared : how often the accumulators were
    raised : number of a call of `status`, from 0, and the flags that its answer has besides its own
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__(shape)
        self.calls: list[list[Run]] = []
        self.writes: list[tuple[Region, Ints, int]] = []
        self.cleared = self.asked = 0
        self.raised: Mapping[int, Status] = {}

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        self.writes.append((region, values.copy(), entry))
        super().write(region, values, entry)

    def run(self, runs: Sequence[Run]) -> None:
        self.calls.append(list(runs))
        super().run(runs)

    def clear(self) -> None:
        self.cleared += 1
        super().clear()

    def status(self) -> Status:
        status, more = super().status(), self.raised.get(self.asked, Status())
        self.asked += 1
        return replace(status, overflow=status.overflow | more.overflow, clip=status.clip | more.clip)

    @property
    def accumulating(self) -> list[list[Run]]:
        """The runs of each call that add to the accumulators, or subtract from them; calls without any are left out."""
        found = [[run for run in runs if run.accumulate is not Accumulate.OFF] for runs in self.calls]
        return [runs for runs in found if runs]
