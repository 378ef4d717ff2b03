"""A device that remembers every integer it gave, so that two of them can be compared."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.region import Region
from loschmidt.spec.run import Run, Status
from loschmidt.spec.shape import Shape

from .device import Device, Ints


class Recorder:
    """Any device, with a log of what was read from it and of its flags.

    Parameters
    ----------
    device : what does the work
    recording : whether to keep the log
    """

    def __init__(self, device: Device, recording: bool) -> None:
        self._device, self._recording = device, recording
        self._log: list[Ints] = []

    def _keep(self, values: Ints) -> None:
        if self._recording:
            self._log.append(values)

    def differences(self, other: Recorder) -> tuple[int, int]:
        """How many integers two devices gave in answer to the same calls, and how many of them differ; both logs start afresh."""
        compared = wrong = 0
        for mine, its in zip(self._log, other._log, strict=True):
            compared += mine.size
            wrong += int(np.count_nonzero(mine != its)) if mine.shape == its.shape else max(mine.size, its.size)
        self._log, other._log = [], []
        return compared, wrong

    @property
    def name(self) -> str:
        return self._device.name

    @property
    def shape(self) -> Shape:
        return self._device.shape

    def configure(self, hamiltonian: Hamiltonian, s: int) -> None:
        self._device.configure(hamiltonian, s)

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        self._device.write(region, values, entry)

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        values = self._device.read(region, entry, count)
        self._keep(values)
        return values

    def run(self, runs: Sequence[Run]) -> None:
        self._device.run(runs)

    def copy(self, destination: int, source: int) -> None:
        self._device.copy(destination, source)

    def flip(self, context: int) -> None:
        self._device.flip(context)

    def clear(self) -> None:
        self._device.clear()

    def status(self) -> Status:
        status = self._device.status()
        for contexts in (status.overflow, status.clip):
            self._keep(np.array([context in contexts for context in range(self.shape.contexts)], dtype=np.int64))
        return status

    def reset_status(self) -> None:
        self._device.reset_status()

    def close(self) -> None:
        self._device.close()
