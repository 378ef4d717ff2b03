"""The far end in software answers every request, right or wrong, as the gateware does, word for word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from loschmidt.host.word_device import WordDevice
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.rtl import open_rtl
from loschmidt.sim.word_server import WordServer
from loschmidt.spec import layout, protocol
from loschmidt.spec.layout import Bank
from loschmidt.spec.protocol import Error, Header, Opcode
from loschmidt.spec.region import Buffer, State
from loschmidt.spec.shape import Shape

from .arrays import ARRAYS, UNCOUPLED
from .cases import Case, cases, differences

SHAPE = ARRAYS["padded"]


class ServerPort:
    """A `WordServer` as a port."""

    def __init__(self, server: WordServer) -> None:
        self._server, self._words = server, list[int]()

    def send(self, words: ArrayLike) -> None:
        self._words += self._server.serve(np.asarray(words, np.uint32).tolist())

    def receive(self, count: int) -> NDArray[np.uint32]:
        words, self._words = self._words[:count], self._words[count:]
        return np.array(words, np.uint32)

    def allow(self, cycles: int) -> None:
        """It never waits."""

    def close(self) -> None:
        """Nothing is held."""


@pytest.mark.parametrize("array", [*ARRAYS, *UNCOUPLED])
def test_agrees_with_the_device_it_serves(array: str) -> None:
    @settings(max_examples=10, database=None, phases=[Phase.generate])
    @given(cases((ARRAYS | UNCOUPLED)[array]))
    def agree(case: Case) -> None:
        served = WordDevice(ServerPort(WordServer(Emulator, case.shape)))
        # What a reset leaves behind is anything; the cases write all but that.
        served.clear()
        full = Case(case.shape, case.contents, (*case.calls,))
        found, expected = full.play(served), full.play(GoldenDevice(case.shape))
        found.pop(Buffer.TRACE.value)
        expected.pop(Buffer.TRACE.value)
        assert not differences(found, expected)

    agree()


#: Words that mean something somewhere: small numbers, limits, and anything.
WORDS = st.one_of(
    st.integers(0, 12), st.sampled_from([23, 24, 25, 255, 0xFFFF, 0x10000, 1 << 27, 1 << 28, 0xFFFFFFFF]), st.integers(0, 0xFFFFFFFF)
)
#: A RUN is short enough to be simulated, if it is one.
SMALL = st.integers(0, 10)


@st.composite
def requests(draw: st.DrawFn) -> list[int]:
    """A request: of any operation, often a little wrong."""
    code = draw(st.one_of(st.sampled_from(Opcode), st.integers(0, 255)))
    tag = draw(st.integers(0, 255))
    match code:
        case Opcode.RUN:
            payload = [draw(WORDS) & ~(1 << protocol.RUN_TRACE), *(draw(SMALL) for _ in range(4))]
        case Opcode.READ:
            payload = [draw(SMALL), draw(SMALL), draw(st.one_of(SMALL, WORDS))]
        case Opcode.WRITE:
            payload = [draw(SMALL), draw(st.one_of(SMALL, WORDS)), *draw(st.lists(st.integers(0, 3), min_size=1, max_size=20))]
        case _:
            payload = draw(st.lists(WORDS, max_size=4))
    if draw(st.integers(0, 5)) == 0:
        payload = payload[:-1] if draw(st.booleans()) else [*payload, draw(WORDS)]
    return [Header(code, tag, len(payload)).word(), *payload]


def known(shape: Shape) -> list[int]:
    """Requests that make every memory the same on both sides: zeros, but for an inverse mass that lets things move."""
    words: list[int] = []
    for bank in Bank:
        if bank not in layout.READ_ONLY:
            count = layout.depth(bank, shape) * layout.lanes(bank, shape) * protocol.words_per_value(bank, shape)
            words += protocol.request(Opcode.WRITE, [bank, 0, *[0] * count])
    return words + protocol.request(Opcode.CLEAR) + protocol.request(Opcode.RESET_STATUS)


@settings(max_examples=60)
@example([[Header(Opcode.READ, 0, 3).word(), Bank.ACCUMULATOR, 0, 23]])
@given(st.lists(requests(), min_size=1, max_size=8))
def test_answers_as_the_gateware_does(asked: list[list[int]]) -> None:
    """All but a status's counters, which software has none of, and memories that only a run writes."""
    port, server = open_rtl(SHAPE), WordServer(Emulator, SHAPE)
    start = known(SHAPE)
    expected = server.serve(start)
    assert port.transact(start, len(expected)).tolist() == expected
    for request in asked:
        header = Header.parse(request[0])
        if header.code == Opcode.READ and len(request) == 4 and request[1] == Bank.TRACE:
            continue
        answer = server.serve(request)
        found = port.transact(request, len(answer)).tolist()
        if header.code == Opcode.STATUS and len(answer) > 4:
            found[1:5] = answer[1:5]
        assert found == answer
    assert port.wait(200) == 0
    port.close()


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([99, []], Error.OPCODE),
        ([Opcode.FLIP, []], Error.LENGTH),
        ([Opcode.WRITE, [Bank.TRACE, 0, 1, 2]], Error.BANK),
        ([Opcode.WRITE, [Bank.POSITION, 0, 1]], Error.LENGTH),
        ([Opcode.WRITE, [Bank.POSITION, 1 << 20, 1, 2]], Error.ADDRESS),
        ([Opcode.READ, [Bank.INPUT, 0, 0]], Error.LENGTH),
        ([Opcode.COPY, [9]], Error.CONTEXT),
        ([Opcode.RUN, [0, 0, 0, 0, 0]], Error.RANGE),
        ([Opcode.CONFIGURE, [4]], Error.VALUE),
    ],
)
def test_refuses(words: tuple[int, list[int]], error: Error) -> None:
    server = WordServer(Emulator, SHAPE)
    assert server.serve([Header(words[0], 5, len(words[1])).word(), *words[1]]) == [Header(error, 5, 0).word()]


def test_requests_may_come_in_pieces() -> None:
    server = WordServer(Emulator, SHAPE)
    request = protocol.request(Opcode.WRITE, [Bank.POSITION, 0, 7, 8], tag=3)
    answers = [server.serve([word]) for word in request]
    assert answers == [[]] * (len(request) - 1) + [[Header(Error.OK, 3, 0).word()]]
    assert server.serve(protocol.request(Opcode.READ, [Bank.POSITION, 0, 1]))[1:] == [7, 8]


def test_reset_leaves_no_zeros() -> None:
    server = WordServer(Emulator, SHAPE)
    device = WordDevice(ServerPort(server))
    device.write(State.POSITION, np.full((1, 5), 77))
    server.reset()
    left = device.read(State.POSITION)
    assert left.any()
    assert not (left == 77).any()
