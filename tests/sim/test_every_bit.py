"""Every bit of every word of a request means what `spec.protocol` says, or is refused: the gateware, the far end in software and the
bench's model answer alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from loschmidt.sim.bench.command_bench import too_wide
from loschmidt.sim.bench.command_model import CommandModel
from loschmidt.sim.bench.stimulus import malformed
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.rtl import RtlPort, open_rtl
from loschmidt.sim.word_server import WordServer
from loschmidt.spec import layout, protocol
from loschmidt.spec.layout import Bank
from loschmidt.spec.protocol import WORD, Error, Header, Opcode
from loschmidt.spec.run import Accumulate, Nudge
from loschmidt.spec.shape import Shape

from .arrays import ARRAYS, UNCOUPLED

SHAPES = ARRAYS | UNCOUPLED


class Ends:
    """The three that answer, with zeros in every memory that can be written."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self._gateware: RtlPort = open_rtl(shape)
        self._server, self._model = WordServer(Emulator, shape), CommandModel(shape)
        for bank in Bank:
            if bank not in layout.READ_ONLY:
                count = layout.depth(bank, shape) * layout.lanes(bank, shape) * protocol.words_per_value(bank, shape)
                self.ask(Opcode.WRITE, [bank, 0, *[0] * count])
        for opcode in (Opcode.CLEAR, Opcode.RESET_STATUS):
            self.ask(opcode)

    def ask(self, code: int, payload: Sequence[int] = (), tag: int = 0) -> Header:
        """The header that all three answer with; `AssertionError` if they do not agree: in all words, but in one that a run writes."""
        words = [Header(code, tag, len(payload)).word(), *payload]
        wanted = self._model.answer(words)
        shown = f"{code:#x} {[hex(word) for word in payload[:6]]}"
        found = {"word server": self._server.serve(list(words)), "gateware": self._gateware.transact(words, len(wanted)).tolist()}
        compared = 1 if code == Opcode.STATUS or (code == Opcode.READ and payload[:1] == [Bank.TRACE]) else len(wanted)
        for name, answer in found.items():
            assert len(answer) == len(wanted), f"{name} answers {shown} with {len(answer)} words"
            assert answer[:compared] == wanted[:compared], f"{name} answers {shown} with {[hex(word) for word in answer[:4]]}"
        return Header.parse(wanted[0])

    def close(self) -> None:
        assert self._gateware.wait(200) == 0, "the gateware says more than it was asked"
        self._gateware.close()


def right(shape: Shape) -> Iterator[tuple[Opcode, list[int]]]:
    """Requests with nothing wrong, of every operation; all write zeros."""
    last = shape.contexts - 1
    yield Opcode.CONFIGURE, [shape.hamiltonians[0]]
    yield Opcode.CONFIGURE, [shape.hamiltonians[-1] | 15 << 8]
    for bank in Bank:
        per_address, depth = layout.lanes(bank, shape) * protocol.words_per_value(bank, shape), layout.depth(bank, shape)
        for address in {0, depth - 1}:
            yield Opcode.READ, [bank, address, 1]
            if bank not in layout.READ_ONLY:
                yield Opcode.WRITE, [bank, address, *[0] * per_address]
    yield Opcode.RUN, [0, 1, 0, 0, 0]
    nudged, traced = Nudge.STREAM << protocol.RUN_NUDGE, 1 << protocol.RUN_TRACE
    yield Opcode.RUN, [last | nudged | traced | Accumulate.ADD << protocol.RUN_ACCUMULATE | 1 << protocol.RUN_DIRECTION, 2, 1, 1, 1]
    for context in {0, last}:
        yield Opcode.COPY, [context | (last - context) << 16]
        yield Opcode.FLIP, [context]
    for opcode in (Opcode.IDENTIFY, Opcode.CLEAR, Opcode.STATUS, Opcode.RESET_STATUS):
        yield opcode, []


def arguments(opcode: Opcode, payload: Sequence[int]) -> Sequence[int]:
    """Of a payload what is no value to write."""
    return payload[: protocol.ARGUMENTS[opcode]]


@pytest.fixture(params=SHAPES)
def ends(request: pytest.FixtureRequest) -> Iterator[Ends]:
    made = Ends(SHAPES[request.param])
    yield made
    made.close()


def test_each_bit_of_each_argument(ends: Ends) -> None:
    """One bit turned in a request that is right; then the same with a second one above it, as a check may look at one alone."""
    choice = np.random.default_rng(1)
    for opcode, payload in right(ends.shape):
        assert ends.ask(opcode, payload).code == Error.OK
        for place in range(len(arguments(opcode, payload))):
            for bit in range(WORD):
                for mask in {1 << bit, 1 << bit | 1 << int(choice.integers(bit, WORD))}:
                    ends.ask(opcode, [word ^ mask if k == place else word for k, word in enumerate(payload)])


def test_each_bit_of_the_header(ends: Ends) -> None:
    """No operation is taken for another, and the tag comes back whole."""
    for opcode, payload in right(ends.shape):
        for bit in range(8):
            ends.ask(opcode ^ 1 << bit, payload)
            assert ends.ask(opcode, payload, tag=1 << bit).tag == 1 << bit
    for code in range(256):
        ends.ask(code, [])


def test_each_way_to_be_wrong(ends: Ends) -> None:
    for error, opcode, payload in (*malformed(ends.shape), *too_wide()):
        assert ends.ask(opcode, payload).code == error


def test_bits_past_a_value_are_ignored(ends: Ends) -> None:
    """A word may hold more bits than the value: what is read is the value, with its sign."""
    shape = ends.shape
    for bank in (bank for bank in Bank if bank not in layout.READ_ONLY):
        parts, lanes = protocol.words_per_value(bank, shape), layout.lanes(bank, shape)
        for bit in range(WORD * parts):
            ends.ask(Opcode.WRITE, [bank, 0, *[(1 << bit) >> WORD * k & 0xFFFFFFFF for k in range(parts)] * lanes])
            ends.ask(Opcode.READ, [bank, 0, 1])
