"""What an honest device passes and a broken one must fail, by name: each check makes devices and raises `Fault`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import Phase, given, settings

from loschmidt.host.device import Device
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec.region import State
from loschmidt.spec.shape import Shape

from .cases import Case, cases, differences, returns

#: Makes a device of a shape.
Maker = Callable[[Shape], Device]


class Fault(AssertionError):
    """A device did something else than it should."""


def agreement(maker: Maker, examples: int = 300) -> None:
    """The same calls leave the same integers, everywhere, as on the other device: the emulator for a golden one, else the golden model."""

    @settings(max_examples=examples, database=None, phases=[Phase.generate], report_multiple_bugs=False)
    @given(cases())
    def agree(case: Case) -> None:
        alike(maker, case)

    agree()


def alike(maker: Maker, case: Case) -> None:
    """One case of `agreement`."""
    device = maker(case.shape)
    other = Emulator(case.shape, workers=1) if isinstance(device, GoldenDevice) else GoldenDevice(case.shape)
    if wrong := differences(case.play(device), case.play(other)):
        raise Fault(f"{device.name} and {other.name} differ in {', '.join(wrong)}")


def reversal(maker: Maker, examples: int = 200) -> None:
    """A run, nudged or not, a flip and the same run the other way lead back to the start: every bit, from every state."""

    @settings(max_examples=examples, database=None, phases=[Phase.generate], report_multiple_bugs=False)
    @given(returns())
    def come_back(case: Case) -> None:
        device = maker(case.shape)
        case.play(device)
        for region in State:
            if not np.array_equal(device.read(region, 0, case.shape.contexts), case.contents[region]):
                raise Fault(f"{device.name} does not return to the {region.value} it started from")

    come_back()


CHECKS: dict[str, Callable[[Maker], None]] = {"agreement": agreement, "reversal": reversal}
