"""The device of words: what it sends, what it makes of the answers, and what it refuses to send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loschmidt.host import wire
from loschmidt.host.device import Device
from loschmidt.host.word_device import WordDevice
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec import layout, protocol
from loschmidt.spec.errors import SpecError
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter, Product
from loschmidt.spec.layout import Bank
from loschmidt.spec.protocol import PAYLOAD_LIMIT, Error, Header, Opcode, ProtocolError
from loschmidt.spec.region import REGIONS, Buffer, Region, State, Table, entries, entry_shape, has_entries, widths, writable
from loschmidt.spec.run import Nudge, Run, Status
from loschmidt.spec.shape import Shape

from .memory_port import MemoryPort

SMALL = Shape(5, 3, 2, contexts=3, input_depth=7, nudge_depth=4, trace_depth=9, formats=replace(PRESETS["25"], segments=128))
#: A parameter of more words than one request carries.
LARGE = Shape(300, 2, 7)


def device(shape: Shape = SMALL) -> tuple[WordDevice, MemoryPort]:
    port = MemoryPort(shape)
    return WordDevice(port), port


def values(region: Region, shape: Shape) -> wire.Ints:
    """Codes over the whole range of a region."""
    rng = np.random.default_rng(5)
    size = ((entries(region, shape),) if has_entries(region) else ()) + entry_shape(region, shape)
    if region is Table.ACTIVATION:
        return np.zeros(size, np.int64)
    half = 1 << (widths(region, shape)[0] - 1)
    return rng.integers(-half, half, size)


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1)), st.sampled_from([1, 2]))
def test_words_are_those_of_the_contract(numbers: list[int], words: int) -> None:
    if words == 1:
        numbers = [number >> 32 for number in numbers]
    packed = wire.pack(np.array(numbers, np.int64), words)
    assert packed.tolist() == protocol.pack(numbers, words)
    assert wire.unpack(packed, words).tolist() == numbers


def test_words_of_three() -> None:
    with pytest.raises(ValueError, match=r"^a value of 3 words does not fit 64 bits$"):
        wire.pack(np.zeros(1, np.int64), 3)


@pytest.mark.parametrize("shape", [SMALL, replace(SMALL, lanes=1), replace(SMALL, lanes=5), LARGE])
def test_learns_the_shape(shape: Shape) -> None:
    found, _ = device(shape)
    assert (found.shape, found.name) == (shape, "rtl")


@pytest.mark.parametrize("region", [region for region in REGIONS if writable(region)], ids=str)
@pytest.mark.parametrize("shape", [SMALL, LARGE], ids=["small", "large"])
def test_reads_what_it_wrote(region: Region, shape: Shape) -> None:
    found, port = device(shape)
    written = values(region, shape)
    found.write(region, written)
    assert np.array_equal(found.read(region, 0, entries(region, shape)), written)
    assert max(header.length for header, _ in port.requests) <= PAYLOAD_LIMIT
    if has_entries(region) and len(written) > 2:
        found.write(region, written[:2], 1)
        assert np.array_equal(found.read(region, 1, 2), written[:2])
        assert np.array_equal(found.read(region, 0, 1), written[:1])


def test_large_parameters_take_several_requests() -> None:
    found, port = device(LARGE)
    found.write(Parameter.COUPLING, values(Parameter.COUPLING, LARGE))
    found.read(Parameter.COUPLING)
    codes = [header.code for header, _ in port.requests]
    assert (codes.count(Opcode.WRITE), codes.count(Opcode.READ)) == (2, 2)


def test_couplings_lie_where_the_contract_says() -> None:
    found, port = device()
    written = values(Parameter.COUPLING, SMALL)
    found.write(Parameter.COUPLING, written)
    rows, lanes = SMALL.rows, SMALL.lanes
    padded = np.pad(written, (0, SMALL.padded - SMALL.oscillators))
    for r in range(rows):
        for s in range(rows):
            for c in range(lanes):
                address = layout.base(Parameter.COUPLING, SMALL) + (r * rows + s) * lanes + c
                expected = [int(padded[lane + lanes * r, (lane + c) % lanes + lanes * s]) for lane in range(lanes)]
                assert protocol.unpack(port.memory[Bank.PARAMETER][address], 1) == expected


def test_all_runs_of_a_call_are_sent_before_the_first_answer_is_awaited() -> None:
    found, port = device()
    port.requests.clear()
    runs = [Run(0, 3), Run(1, 2, nudge=Nudge.HOLD, nudge_base=3, negate=True), Run(2, 1, trace=True, trace_base=8)]
    found.run(runs)
    assert [payload for header, payload in port.requests if header.code == Opcode.RUN] == [protocol.run(run) for run in runs]
    assert port.requests[-1][0].code == Opcode.READ, "a run is over when something can be read"
    assert port.waiting == 0


def test_no_runs_send_nothing() -> None:
    found, port = device()
    port.requests.clear()
    found.run([])
    assert not port.requests


def test_small_requests() -> None:
    found, port = device()
    port.requests.clear()
    found.configure(Hamiltonian.DENSE, 5)
    found.copy(2, 1)
    found.flip(2)
    found.clear()
    found.reset_status()
    assert found.status() == protocol.parse_status([0] * protocol.status_length(SMALL), SMALL)
    assert [(header.code, payload) for header, payload in port.requests] == [
        (Opcode.CONFIGURE, [3 | 5 << 8]),
        (Opcode.COPY, [2 | 1 << 16]),
        (Opcode.FLIP, [2]),
        (Opcode.CLEAR, []),
        (Opcode.RESET_STATUS, []),
        (Opcode.STATUS, []),
    ]
    found.close()
    assert port.closed


def test_tags_go_round() -> None:
    found, port = device()
    for _ in range(600):
        found.clear()
    assert [header.tag for header, _ in port.requests[:600]] == [(k + 1) & 0xFF for k in range(600)]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([Header(Error.OK, 1, 1).word(), 0], r"^the device does not answer as a Loschmidt array: check the port and the bitstream$"),
        (
            [Header(Error.OK, 1, 14).word(), protocol.MAGIC, protocol.VERSION + 1, *[0] * 12],
            r"^the device speaks protocol \d+, this host \d+: rebuild the bitstream or update the host$",
        ),
        ([Header(Error.OK, 9, 0).word()], r"^the device answered IDENTIFY with tag 9 instead of 1: restart it and the host$"),
    ],
    ids=["magic", "version", "tag"],
)
def test_something_else_at_the_other_end(answer: list[int], message: str) -> None:
    port = MemoryPort(SMALL)
    port.answer = [answer]
    with pytest.raises(ProtocolError, match=message):
        WordDevice(port)
    assert port.closed


@pytest.mark.parametrize(
    ("code", "words", "message"),
    [
        (Error.ADDRESS, 0, r"^the device answered READ with error ADDRESS: it and this host disagree on what is allowed$"),
        (99, 0, r"^the device answered READ with error 99: it and this host disagree on what is allowed$"),
        (Error.OK, 3, r"^the device answered READ with 3 words instead of 6$"),
    ],
    ids=["error", "unknown", "length"],
)
def test_a_refusal_is_reported_and_the_port_stays_in_step(code: int, words: int, message: str) -> None:
    found, port = device()
    found.write(Table.ACTIVATION, values(Table.ACTIVATION, SMALL))
    found.write(State.POSITION, values(State.POSITION, SMALL))
    tag = (port.requests[-1][0].tag + 1) & 0xFF
    # Three columns, three requests under way; the first is refused.
    port.answer = [[Header(code, tag, words).word(), *[0] * words]]
    with pytest.raises(ProtocolError, match=message):
        found.read(Table.ACTIVATION, 0, 6)
    assert port.waiting == 0
    assert np.array_equal(found.read(State.POSITION, 0, 3), values(State.POSITION, SMALL))


def test_flags_and_counters_of_a_status() -> None:
    """The third of three contexts wrapped, the first and the second were clipped; counters have two words each."""
    found, port = device()
    tag = (port.requests[-1][0].tag + 1) & 0xFF
    port.answer = [[Header(Error.OK, tag, 6).word(), 5, 1, 7, 2, 0b100, 0b011]]
    assert found.status() == Status(frozenset({2}), frozenset({0, 1}), 5 | 1 << 32, 7 | 2 << 32)


#: Calls of one request or more, and the request whose refusal they must report.
CALLS: dict[Opcode, Callable[[Device], Any]] = {
    Opcode.CONFIGURE: lambda d: d.configure(Hamiltonian.DENSE, 5),
    Opcode.WRITE: lambda d: d.write(State.POSITION, np.zeros((3, 5), np.int64)),
    Opcode.READ: lambda d: d.read(State.POSITION, 0, 3),
    Opcode.RUN: lambda d: d.run([Run(0, 1), Run(1, 1)]),
    Opcode.COPY: lambda d: d.copy(0, 1),
    Opcode.FLIP: lambda d: d.flip(0),
    Opcode.CLEAR: lambda d: d.clear(),
    Opcode.STATUS: lambda d: d.status(),
    Opcode.RESET_STATUS: lambda d: d.reset_status(),
}


@pytest.mark.parametrize("error", [error for error in Error if error is not Error.OK])
@pytest.mark.parametrize("opcode", CALLS)
def test_refusal_of_any_request_is_reported(opcode: Opcode, error: Error) -> None:
    found, port = device()
    tag = (port.requests[-1][0].tag + 1) & 0xFF
    port.answer = [[Header(error, tag, 0).word()]]
    with pytest.raises(ProtocolError, match=rf"^the device answered {opcode.name} with error {error.name}: "):
        CALLS[opcode](found)
    assert port.waiting == 0
    CALLS[opcode](found)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_refusal_of_any_run_of_a_call_is_reported(which: int) -> None:
    """The last request of the call is the read that says that all runs are over."""
    found, port = device()
    tags = [(port.requests[-1][0].tag + 1 + k) & 0xFF for k in range(3)]
    words = [0, 0, 1]
    port.answer = [[Header(Error.ADDRESS if k == which else Error.OK, tag, words[k]).word(), *[0] * words[k]] for k, tag in enumerate(tags)]
    with pytest.raises(ProtocolError, match=rf"^the device answered {'READ' if which == 2 else 'RUN'} with error ADDRESS: "):
        found.run([Run(0, 1), Run(1, 1)])
    assert port.waiting == 0


def test_runs_are_over_when_a_whole_entry_has_been_read() -> None:
    found, port = device()
    first = (port.requests[-1][0].tag + 1) & 0xFF
    port.answer = [[Header(Error.OK, first, 0).word()], [Header(Error.OK, first + 1, 2).word(), 0, 0]]
    with pytest.raises(ProtocolError, match=r"^the device answered READ with 2 words instead of 1$"):
        found.run([Run(0, 1)])


@pytest.mark.parametrize("opcode", CALLS)
def test_answer_of_the_wrong_length_is_refused(opcode: Opcode) -> None:
    found, port = device()
    tag = (port.requests[-1][0].tag + 1) & 0xFF
    port.answer = [[Header(Error.OK, tag, 1).word(), 0]]
    with pytest.raises(ProtocolError, match=rf"^the device answered {opcode.name} with 1 words instead of \d+$"):
        CALLS[opcode](found)


@pytest.mark.parametrize("opcode", CALLS)
def test_answer_to_another_request_is_refused(opcode: Opcode) -> None:
    found, port = device()
    tag = port.requests[-1][0].tag
    port.answer = [[Header(Error.OK, tag, 0).word()]]
    with pytest.raises(
        ProtocolError, match=rf"^the device answered {opcode.name} with tag {tag} instead of {tag + 1}: restart it and the host$"
    ):
        CALLS[opcode](found)


def test_region_of_no_size_is_read_without_a_request() -> None:
    found, port = device(replace(SMALL, couplings=False))
    port.requests.clear()
    assert found.read(Parameter.COUPLING).size == 0
    assert not port.requests


#: Calls that no device may carry out.
REFUSED: dict[str, Callable[[Device], Any]] = {
    "time step": lambda d: d.configure(Hamiltonian.DENSE, 16),
    "read only": lambda d: d.write(Product.COUPLING, np.zeros((5, 5), np.int64)),
    "trace": lambda d: d.write(Buffer.TRACE, np.zeros((1, 5), np.int64)),
    "reals": lambda d: d.write(Parameter.BIAS, cast(wire.Ints, np.zeros(5))),
    "shape": lambda d: d.write(Parameter.BIAS, np.zeros(4, np.int64)),
    "entry axis": lambda d: d.write(State.POSITION, np.zeros(5, np.int64)),
    "no entries": lambda d: d.write(State.POSITION, np.zeros((0, 5), np.int64)),
    "past the end": lambda d: d.write(State.POSITION, np.zeros((2, 5), np.int64), 2),
    "before the start": lambda d: d.write(State.POSITION, np.zeros((1, 5), np.int64), -1),
    "too large": lambda d: d.write(Parameter.BIAS, np.full(5, 1 << 24)),
    "too small": lambda d: d.write(Buffer.INPUT, np.full((1, 3), -(1 << 24) - 1)),
    "knots": lambda d: d.write(Table.ACTIVATION, np.full((1, 3), (1 << 23) + 1)),
    "read past the end": lambda d: d.read(Buffer.INPUT, 6, 2),
    "read nothing": lambda d: d.read(Buffer.INPUT, 6, 0),
    "run past the end": lambda d: d.run([Run(0, 1), Run(1, 8)]),
    "run twice": lambda d: d.run([Run(1, 1), Run(1, 1)]),
    "one trace for two": lambda d: d.run([Run(0, 2, trace=True), Run(1, 2, trace=True, trace_base=1)]),
    "copy to nowhere": lambda d: d.copy(3, 0),
    "copy from nowhere": lambda d: d.copy(0, -1),
    "flip nothing": lambda d: d.flip(3),
}


@pytest.mark.parametrize("call", REFUSED.values(), ids=REFUSED)
def test_refuses_what_the_golden_device_refuses_in_the_same_words(call: Callable[[Device], Any]) -> None:
    found, port = device()
    sent = len(port.requests)
    with pytest.raises(SpecError) as here:
        call(found)
    with pytest.raises(SpecError) as there:
        call(GoldenDevice(SMALL))
    assert str(here.value) == str(there.value)
    assert len(port.requests) == sent
