"""What an honest device passes and a broken one must fail, by name: each check takes a device's class and raises AssertionError."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import Phase, given, settings

from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.memory import Memory
from loschmidt.spec.region import State
from loschmidt.spec.shape import Shape

from .cases import Case, cases, differences, returns

#: Makes a device of a shape.
Maker = Callable[[Shape], Memory]


def agreement(maker: Maker, examples: int = 300) -> None:
    """The same calls leave the same integers, everywhere, as on the other device: the emulator for a golden one, else the golden model."""

    @settings(max_examples=examples, database=None, phases=[Phase.generate], report_multiple_bugs=False)
    @given(cases())
    def agree(case: Case) -> None:
        device = maker(case.shape)
        other = Emulator(case.shape, workers=1) if isinstance(device, GoldenDevice) else GoldenDevice(case.shape)
        assert differences(case.play(device), case.play(other)) == []

    agree()


def reversal(maker: Maker, examples: int = 200) -> None:
    """A run, nudged or not, a flip and the same run the other way lead back to the start: every bit, from every state."""

    @settings(max_examples=examples, database=None, phases=[Phase.generate], report_multiple_bugs=False)
    @given(returns())
    def come_back(case: Case) -> None:
        device = maker(case.shape)
        case.play(device)
        for region in State:
            assert np.array_equal(device.read(region, 0, case.shape.contexts), case.contents[region])

    come_back()


CHECKS: dict[str, Callable[[Maker], None]] = {"agreement": agreement, "reversal": reversal}
