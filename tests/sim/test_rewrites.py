"""One device, used on and on: whatever a host changes between two runs, the next run computes with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loschmidt.host.device import Device
from loschmidt.host.word_device import WordDevice
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.vector import library
from loschmidt.sim.word_server import WordServer
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.region import REGIONS, State, Table, writable
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

from .broken_kernels import BY_HAND, emulator
from .cases import codes, differences, visible
from .test_kernels import RUNNABLE
from .test_word_server import ServerPort

Call = tuple[str, tuple[Any, ...]]

#: As many contexts as let walks go in step where a kernel can do that.
CONTEXTS = 13

WRITABLE = [region for region in REGIONS if writable(region)]

MAKERS: dict[str, Callable[[Shape], Device]] = {
    **{name: partial(Emulator, workers=1, kernel=name) for name in RUNNABLE},
    "workers": partial(Emulator, workers=2),
    "tiles": lambda shape: emulator(library.sources(), BY_HAND)(shape),
    "words": lambda shape: WordDevice(ServerPort(WordServer(Emulator, shape))),
}


def shape_of(formats: Formats) -> Shape:
    return Shape(3, 2, contexts=CONTEXTS, input_depth=4, nudge_depth=3, trace_depth=CONTEXTS * 2, formats=formats)


def all_run(shape: Shape, turn: int) -> Call:
    """Every context at once, differently from turn to turn; of one no products are kept."""
    runs = [
        Run(
            c,
            2,
            (c + turn) % 3,
            Direction((c + turn) % 2),
            Accumulate(1 + (c + turn) % 2) if (c + turn) % CONTEXTS else Accumulate.OFF,
            c % 3,
            Nudge.STREAM if (c + turn) % 3 else Nudge.HOLD,
            turn % 2,
            c % 2 == 1,
            trace=True,
            trace_base=2 * c,
        )
        for c in range(shape.contexts)
    ]
    return "run", (runs,)


def changes(shape: Shape, hamiltonian: Hamiltonian) -> Iterator[tuple[str, list[Call]]]:
    """All that a host can change, one thing at a time: its name, and the calls."""
    rng = np.random.default_rng(hamiltonian + 7)
    for style in ("small", "full"):
        for region in WRITABLE:
            yield f"{region.value} ({style})", [("write", (region, codes(rng, region, shape, style)))]
    for region in (*State, Table.ACTIVATION):
        part = codes(rng, region, shape, "small")[1:2]
        yield f"one entry of {region.value}", [("write", (region, part, 1))]
    yield "time step", [("configure", (hamiltonian, 5))]
    for other in Hamiltonian:
        if other is not hamiltonian:
            yield f"Hamiltonian {other.name}", [("configure", (other, 2))]
            yield f"back from {other.name}", [("configure", (hamiltonian, 2))]
            yield f"there and back from {other.name}", [("configure", (other, 1)), ("configure", (hamiltonian, 2))]
    yield "clear", [("clear", ())]
    yield "reset_status", [("reset_status", ())]
    yield "copy", [("copy", (2, 0))]
    yield "flip", [("flip", (1,))]
    yield "nothing", []


class Devices:
    """The golden device and all others, told the same and held to the same."""

    def __init__(self, shape: Shape, hamiltonian: Hamiltonian) -> None:
        self._shape, self._turn = shape, 0
        self._golden = GoldenDevice(shape)
        self._others = {name: make(shape) for name, make in MAKERS.items()}
        rng = np.random.default_rng(hamiltonian)
        for region in WRITABLE:
            self._tell("write", (region, codes(rng, region, shape, "small")))
        for call, arguments in (("configure", (hamiltonian, 2)), ("clear", ()), ("reset_status", ())):
            self._tell(call, arguments)
        self.change("nothing", [])

    def _tell(self, call: str, arguments: tuple[Any, ...]) -> None:
        for device in (self._golden, *self._others.values()):
            getattr(device, call)(*arguments)

    def change(self, name: str, calls: list[Call], look: bool = True) -> None:
        """Make the calls, run every context, and compare all that can be seen, if it is looked at."""
        for call, arguments in [*calls, all_run(self._shape, self._turn)]:
            self._tell(call, arguments)
        self._turn += 1
        if not look:
            return
        wanted = visible(self._golden)
        for device, other in self._others.items():
            assert differences(visible(other), wanted) == [], f"{device} after a change of {name}"

    def close(self) -> None:
        for device in self._others.values():
            device.close()


@pytest.mark.parametrize("hamiltonian", Hamiltonian, ids=lambda hamiltonian: hamiltonian.name)
@pytest.mark.parametrize("preset", PRESETS)
def test_what_changes_between_runs_is_used(preset: str, hamiltonian: Hamiltonian) -> None:
    shape = shape_of(PRESETS[preset])
    devices = Devices(shape, hamiltonian)
    for name, calls in changes(shape, hamiltonian):
        devices.change(name, calls)
    devices.close()


@settings(max_examples=8)
@given(st.sampled_from([*PRESETS]), st.sampled_from(Hamiltonian), st.data())
def test_changes_in_any_order(preset: str, hamiltonian: Hamiltonian, data: st.DataObject) -> None:
    """Up to three changes between runs, as a training makes them. Not all is looked at: to read may change something, too."""
    shape = shape_of(PRESETS[preset])
    known = list(changes(shape, hamiltonian))
    devices = Devices(shape, hamiltonian)
    for _ in range(12):
        together = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3), label="together")
        calls = [call for _, calls in together for call in calls]
        devices.change(" and ".join(name for name, _ in together), calls, look=data.draw(st.booleans(), label="look"))
    devices.change("nothing", [])
    devices.close()
