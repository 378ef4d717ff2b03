"""A device whose memories begin at zero, made of one whose memories begin with anything."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.hamiltonian import DEFINITIONS, Hamiltonian, Parameter
from loschmidt.spec.region import Buffer, Region, State, Table, entries, entry_shape, has_entries, writable
from loschmidt.spec.run import Nudge, Run, Status
from loschmidt.spec.shape import Shape

from .device import Device, Ints


class BlankDevice:
    """`Device` on a board that has just been reset: what was not written reads as zero and counts as zero, as on the emulator.

    Parameters
    ----------
    device : the board

    Zeros are written when they are first needed, and only where nothing else has been written before, so that a training run, which
    writes all that it uses, pays nothing for them.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        shape = device.shape
        self._known: dict[Region, NDArray[np.bool_]] = {
            region: np.zeros(entries(region, shape), np.bool_) for region in (*Parameter, *State, *Buffer, *Table)
        }
        self._hamiltonian = device.shape.hamiltonians[0]
        device.configure(self._hamiltonian, 0)
        device.clear()
        device.reset_status()

    @property
    def name(self) -> str:
        return self._device.name

    @property
    def shape(self) -> Shape:
        return self._device.shape

    def configure(self, hamiltonian: Hamiltonian, s: int) -> None:
        self._device.configure(hamiltonian, s)
        self._hamiltonian = hamiltonian

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        self._device.write(region, values, entry)
        first = entry if has_entries(region) else 0
        self._known[region][first : first + (len(values) if has_entries(region) else 1)] = True

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        if region not in self._known:
            return self._device.read(region, entry, count)
        if region is Buffer.TRACE:
            trace = self._device.read(region, entry, count)
            trace[~self._known[region][entry : entry + count]] = 0
            return trace
        self._need(region, *((entry, count) if has_entries(region) else (0, 1)))
        return self._device.read(region, entry, count)

    def run(self, runs: Sequence[Run]) -> None:
        definition = DEFINITIONS[self._hamiltonian]
        for run in runs:
            run.validate(self.shape)
        for region in (*definition.parameters, *((Table.ACTIVATION,) if definition.activated else ())):
            self._need(region, 0, len(self._known[region]))
        for run in runs:
            for state in State:
                self._need(state, run.context, 1)
            self._need(Buffer.INPUT, run.input_base, run.steps)
            if run.nudge is not Nudge.NONE:
                self._need(Buffer.NUDGE, run.nudge_base, run.steps if run.nudge is Nudge.STREAM else 1)
        self._device.run(runs)
        for run in runs:
            if run.trace:
                self._known[Buffer.TRACE][run.trace_base : run.trace_base + run.steps] = True

    def copy(self, destination: int, source: int) -> None:
        self._moved(self._device.copy, source, destination, source)
        for state in State:
            self._known[state][destination] = True

    def flip(self, context: int) -> None:
        self._moved(self._device.flip, context, context)

    def clear(self) -> None:
        self._device.clear()

    def status(self) -> Status:
        return self._device.status()

    def reset_status(self) -> None:
        self._device.reset_status()

    def close(self) -> None:
        self._device.close()

    def _moved(self, action: Callable[..., None], source: int, *arguments: int) -> None:
        """Do something with a context's state, which must be known; a context that there is not, the device refuses."""
        if 0 <= source < self.shape.contexts:
            for state in State:
                self._need(state, source, 1)
        action(*arguments)

    def _need(self, region: Region, first: int, count: int) -> None:
        """Write zeros to those entries that nothing has been written to."""
        unknown = np.flatnonzero(~self._known[region][first : first + count])
        if not unknown.size or not writable(region):
            return
        size = entry_shape(region, self.shape)
        for block in np.split(unknown, np.flatnonzero(np.diff(unknown) > 1) + 1):
            zeros = np.zeros((len(block), *size) if has_entries(region) else size, np.int64)
            self._device.write(region, zeros, first + int(block[0]))
        self._known[region][first : first + count] = True
