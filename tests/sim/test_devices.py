"""What the golden device and the emulator share: a memory that keeps what it is given, and refuses what it cannot hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from loschmidt.host.device import Device
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.memory import SUM_LIMIT, Memory, largest_sum
from loschmidt.spec.activation import table
from loschmidt.spec.errors import SpecError
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter, Product
from loschmidt.spec.region import REGIONS, Buffer, State, Table, entries, entry_shape, has_entries, writable
from loschmidt.spec.run import Accumulate, Nudge, Run, Status
from loschmidt.spec.shape import Shape

from .cases import codes, differences, visible

SHAPE = Shape(oscillators=3, inputs=2, contexts=3, input_depth=6, nudge_depth=4, trace_depth=5, formats=PRESETS["16"])


@pytest.fixture(params=[GoldenDevice, Emulator])
def device(request: pytest.FixtureRequest) -> Memory:
    made: Memory = request.param(SHAPE)
    return made


@pytest.fixture
def filled(device: Memory) -> Memory:
    rng = np.random.default_rng(1)
    for region in REGIONS:
        if writable(region):
            device.write(region, codes(rng, region, SHAPE, "full"))
    device.configure(Hamiltonian.DENSE, 2)
    device.run([Run(1, 4, accumulate=Accumulate.ADD, trace=True)])
    return device


@pytest.mark.parametrize("made", [GoldenDevice(SHAPE), Emulator(SHAPE)])
def test_is_a_device(made: Device) -> None:
    assert made.shape is SHAPE
    assert made.name in {"golden", "emulator"}
    made.close()


def test_starts_at_zero(device: Memory) -> None:
    for region in REGIONS:
        values = device.read(region, 0, entries(region, SHAPE))
        lead = (entries(region, SHAPE),) if has_entries(region) else ()
        assert values.shape == lead + entry_shape(region, SHAPE)
        assert values.dtype == np.int64
        assert not values.any()
    assert device.status() == Status()


@pytest.mark.parametrize("region", [r for r in REGIONS if writable(r)])
def test_keeps_what_it_is_given(device: Memory, region: Parameter | State | Buffer | Table) -> None:
    values = codes(np.random.default_rng(2), region, SHAPE, "extreme")
    device.write(region, values)
    kept = values.copy()
    values[:] = 0
    read = device.read(region, 0, entries(region, SHAPE))
    assert np.array_equal(read, kept)
    read[:] = 0
    assert np.array_equal(device.read(region, 0, entries(region, SHAPE)), kept)


def test_entries_are_windows(device: Memory) -> None:
    values = np.arange(6, dtype=np.int64).reshape(2, 3)
    device.write(Buffer.NUDGE, values, entry=1)
    assert device.read(Buffer.NUDGE, 0, 4).tolist() == [[0, 0, 0], [0, 1, 2], [3, 4, 5], [0, 0, 0]]
    assert device.read(Buffer.NUDGE, 2).tolist() == [[3, 4, 5]]


def test_copy_flip_clear(filled: Memory) -> None:
    lowest, highest = SHAPE.formats.state.lowest, SHAPE.formats.state.highest
    filled.write(State.MOMENTUM, np.array([[lowest, highest, 5]]), entry=2)
    filled.copy(0, 2)
    filled.flip(0)
    assert np.array_equal(filled.read(State.POSITION, 0), filled.read(State.POSITION, 2))
    assert filled.read(State.MOMENTUM, 0).tolist() == [[lowest, -highest, -5]]
    assert filled.read(State.MOMENTUM, 2).tolist() == [[lowest, highest, 5]]
    assert filled.read(Product.KINETIC).any()
    filled.clear()
    assert not any(filled.read(product).any() for product in Product)


def test_flags_stick_until_reset(device: Memory) -> None:
    """Context 1 drifts past the end of its range; context 0 stays there, beyond the operand's; context 2 rests at zero."""
    end = np.full((1, 3), SHAPE.formats.state.highest)
    device.write(State.POSITION, end, entry=1)
    device.write(State.MOMENTUM, end, entry=1)
    device.write(Parameter.INVERSE_MASS, np.full(3, SHAPE.formats.weight.highest))
    device.run([Run(2, 1)])
    assert device.status() == Status()
    device.run([Run(1, 1)])
    device.run([Run(2, 1)])
    assert 1 in device.status().overflow
    assert 2 not in device.status().overflow | device.status().clip
    device.reset_status()
    assert device.status() == Status()
    device.write(State.POSITION, end, entry=0)
    device.run([Run(0, 1), Run(2, 1)])
    assert device.status() == Status(clip=frozenset({0}))
    device.run([Run(2, 1)])
    assert device.status() == Status(clip=frozenset({0}))


def test_no_runs_do_nothing(filled: Memory) -> None:
    before = visible(filled)
    filled.run([])
    assert differences(before, visible(filled)) == []


def test_tanh_table_fits(device: Memory) -> None:
    device.write(Table.ACTIVATION, np.array(table(SHAPE.formats)))


def reals() -> Any:
    """What a type checker would not let through."""
    return np.array([0.0, np.nan, 1.0])


REFUSED: dict[str, tuple[Callable[[Memory], object], str]] = {
    "read only product": (lambda d: d.write(Product.BIAS, np.zeros(3, np.int64)), "product_bias is read only"),
    "read only trace": (lambda d: d.write(Buffer.TRACE, np.zeros((1, 3), np.int64)), "trace is read only"),
    "reals": (lambda d: d.write(Parameter.BIAS, reals()), "bias takes integer codes, not float64"),
    "parameter shape": (lambda d: d.write(Parameter.COUPLING, np.zeros((3, 2), np.int64)), "coupling has shape (3, 3), not (3, 2)"),
    "no entry axis": (
        lambda d: d.write(State.POSITION, np.zeros(3, np.int64)),
        "position takes entries of shape (3,) behind a leading axis, not an array of shape (3,)",
    ),
    "entry shape": (
        lambda d: d.write(Buffer.INPUT, np.zeros((2, 3), np.int64)),
        "input takes entries of shape (2,) behind a leading axis, not an array of shape (2, 3)",
    ),
    "too high": (
        lambda d: d.write(Parameter.BIAS, np.array([0, 1 << 15, 0])),
        "bias code 32768 does not fit 16 bits, which hold -32768 to 32767",
    ),
    "too low": (
        lambda d: d.write(State.MOMENTUM, np.array([[0, 0, -(1 << 27) - 1]])),
        "momentum code -134217729 does not fit 28 bits, which hold -134217728 to 134217727",
    ),
    "knot": (
        lambda d: d.write(Table.ACTIVATION, np.array([[16000, 16000, 0]])),
        "activation rows must lead from knot to knot within +-16383, not to 32000",
    ),
    "past the end": (lambda d: d.write(Buffer.INPUT, np.zeros((2, 2), np.int64), 5), "input entries 5 to 6 lie outside its 6"),
    "before the start": (lambda d: d.read(Buffer.TRACE, -1), "trace entries -1 to -1 lie outside its 5"),
    "no entries": (lambda d: d.read(State.POSITION, 0, 0), "position is read and written in at least 1 entry, not 0"),
    "source": (lambda d: d.copy(0, 3), "context must be 0 to 2, not 3"),
    "destination": (lambda d: d.copy(-1, 0), "context must be 0 to 2, not -1"),
    "flip": (lambda d: d.flip(7), "context must be 0 to 2, not 7"),
    "time step": (lambda d: d.configure(Hamiltonian.LINEAR, 16), "the time step 2**-s needs s from 0 to 15, not 16"),
    "run outside": (lambda d: d.run([Run(0, 1), Run(1, 7)]), "input entries 0 to 6 lie outside the buffer of 6"),
    "nudge outside": (
        lambda d: d.run([Run(0, 5, nudge=Nudge.STREAM)]),
        "nudge entries 0 to 4 lie outside the buffer of 4",
    ),
    "twice": (lambda d: d.run([Run(1, 1), Run(2, 1), Run(1, 2)]), "context 1 appears twice among the runs of one call: make it two calls"),
    "one trace": (
        lambda d: d.run([Run(0, 3, trace=True), Run(1, 2), Run(2, 2, trace=True, trace_base=2)]),
        "two runs of one call would both write trace entry 2: give them windows of their own",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_and_changes_nothing(filled: Memory, name: str) -> None:
    call, message = REFUSED[name]
    before = visible(filled)
    with pytest.raises(SpecError, match=f"^{re.escape(message)}$"):
        call(filled)
    assert differences(before, visible(filled)) == []


@pytest.mark.parametrize("maker", [GoldenDevice, Emulator])
def test_refuses_formats_beyond_64_bits(maker: type[Memory]) -> None:
    wide = Formats(Format(40, 30), Format(27, 20), Format(27, 20), Format(27, 25))
    message = (
        "sums of 4 oscillators and 1 inputs in Q7.20 x Q7.20 beside state Q10.30 do not fit the 64 bits that a device in software "
        "computes in: narrow the formats"
    )
    with pytest.raises(SpecError, match=f"^{re.escape(message)}$"):
        maker(Shape(4, formats=wide))


@pytest.mark.parametrize("formats", PRESETS.values())
def test_named_formats_leave_room(formats: Formats) -> None:
    """A thousand oscillators, and 256 at 25 bits, where the worst case of every code is far from any real one."""
    n = 256 if formats.multiplier == 25 else 1024
    assert largest_sum(Shape(n, 16, formats=formats)) < SUM_LIMIT
