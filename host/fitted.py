"""A system on an array that is larger than it: the oscillators and inputs that are left over rest at zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from loschmidt.sim.checks import Bounds
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.region import Region, entry_shape, has_entries
from loschmidt.spec.run import Run, Status
from loschmidt.spec.shape import Shape

from .device import Device, Ints
from .errors import DeviceError


def differences(wanted: Shape, found: Shape) -> list[str]:
    """What of a shape another cannot hold. Lanes, contexts, ways and the depths of buffers decide how long things take, not what comes
    out; oscillators and inputs may be more than are wanted."""
    wrong = [
        f"{getattr(wanted, name)} {name} instead of at most {getattr(found, name)}"
        for name in ("oscillators", "inputs")
        if getattr(wanted, name) > getattr(found, name)
    ]
    mine, other = wanted.formats.to_json(), found.formats.to_json()
    return wrong + [f"{name} {mine[name]} instead of {other[name]}" for name in mine if mine[name] != other[name]]


class FittedDevice:
    """`Device` of as many oscillators and inputs as are wanted, on a device of at least as many.

    Parameters
    ----------
    device : whose memories must be zero where nothing was written
    wanted : the rest of its shape is the device's

    An oscillator whose parameters are zero exerts no force and stays where it is, at zero, so the others' integers are the same.
    Raises `DeviceError` if the device is too small or has other formats.
    """

    def __init__(self, device: Device, wanted: Shape) -> None:
        found = device.shape
        if wrong := differences(wanted, found):
            raise DeviceError(f"{device.name} cannot hold what is asked for: {'; '.join(wrong)}: ask for what it has, or build it another")
        self._device = device
        lanes = min(found.lanes, wanted.oscillators)
        self._shape = replace(found, oscillators=wanted.oscillators, inputs=wanted.inputs, lanes=lanes)
        self._bounds = Bounds(self._shape)

    @property
    def name(self) -> str:
        return self._device.name

    @property
    def shape(self) -> Shape:
        return self._shape

    def configure(self, hamiltonian: Hamiltonian, s: int) -> None:
        self._device.configure(hamiltonian, s)

    def write(self, region: Region, values: Ints, entry: int = 0) -> None:
        array = self._bounds.values(region, values, entry)
        wanted = entry_shape(region, self._device.shape)
        own = array.shape[1:] if has_entries(region) else array.shape
        margins = [(0, large - small) for large, small in zip(wanted, own, strict=True)]
        self._device.write(region, np.pad(array, [(0, 0), *margins] if has_entries(region) else margins), entry)

    def read(self, region: Region, entry: int = 0, count: int = 1) -> Ints:
        values = self._device.read(region, entry, count)
        part = tuple(slice(size) for size in entry_shape(region, self._shape))
        return np.ascontiguousarray(values[(slice(None), *part) if has_entries(region) else part])

    def run(self, runs: Sequence[Run]) -> None:
        self._device.run(runs)

    def copy(self, destination: int, source: int) -> None:
        self._device.copy(destination, source)

    def flip(self, context: int) -> None:
        self._device.flip(context)

    def clear(self) -> None:
        self._device.clear()

    def status(self) -> Status:
        return self._device.status()

    def reset_status(self) -> None:
        self._device.reset_status()

    def close(self) -> None:
        self._device.close()
