"""The far end of the link in software, held to the judge that the gateware's bench is held to: any frames, all bits of their numbers."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loschmidt.sim.bench.link_judge import Judge
from loschmidt.sim.link import DeviceEnd
from loschmidt.sim.link import cobs as own
from loschmidt.sim.link.scrambler import Scrambler
from loschmidt.spec.link import PAYLOAD_WORDS, POSITIONS, Flag, Frame, Kind, body, parse

SESSION, BUFFER, AMPLE = 0x51A7, 128, 1000

#: How far off a number of 16 bits may be.
DISTANCES = [sign << bit for bit in range(16) for sign in (1, -1)]


class Listening:
    """A server that keeps what it was given and what it said."""

    def __init__(self) -> None:
        self._server, self.taken, self.said, self.resets = Scrambler(), list[int](), list[int](), 0

    def reset(self) -> None:
        self._server.reset()
        self.taken, self.said, self.resets = [], [], self.resets + 1

    def serve(self, words: list[int]) -> list[int]:
        answer = self._server.serve(words)
        self.taken += words
        self.said += answer
        return answer


class Exchange:
    """A far end and its judge; the line is quiet between two frames."""

    def __init__(self) -> None:
        self.server, self.judge = Listening(), Judge(BUFFER, 0)
        self._end = DeviceEnd(self.server, BUFFER)

    def tell(self, frame: Frame) -> None:
        """Send a frame, and judge all that it brings about."""
        self.judge.hear(frame)
        self._end.feed(own.encode(body(frame)) + b"\0")
        self._drain()
        while self._end.work(PAYLOAD_WORDS):
            self.judge.offered = list(self.server.said)
            self.judge.hand(len(self.server.taken))
            self._drain()
        self.judge.rest()
        assert self.server.taken == self.judge.accepted[: len(self.server.taken)], "the server was given other words"
        assert self.server.resets == self.judge.resets

    def _drain(self) -> None:
        while data := self._end.emit():
            content = own.decode(data[:-1])
            self.judge.see(None if content is None else parse(content))

    def frame(self, words: list[int], beyond: int = 0, heard: int | None = None, flags: Flag = Flag.NONE) -> Frame:
        """One of the session, as `loschmidt.sim.bench.link_bench.Exchange.frame`."""
        judge = self.judge
        place, received = judge.position(len(judge.accepted) + beyond), judge.position(judge.sent if heard is None else heard)
        return Frame(judge.session, Kind.DATA, place, received, AMPLE, flags, words)


def opened() -> Exchange:
    exchange = Exchange()
    exchange.tell(Frame(SESSION, Kind.OPEN))
    return exchange


@pytest.mark.parametrize("forgotten", [0, 5, BUFFER])
@pytest.mark.parametrize("kept", [0, 3, BUFFER])
def test_old_and_impossible_answers(forgotten: int, kept: int) -> None:
    exchange = opened()
    judge = exchange.judge
    while len(judge.accepted) < forgotten + kept:
        exchange.tell(exchange.frame([1] * min(PAYLOAD_WORDS, forgotten + kept - len(judge.accepted)), heard=min(judge.sent, forgotten)))
    exchange.tell(exchange.frame([], heard=forgotten))
    assert (judge.known, judge.made) == (forgotten, forgotten + kept)
    for distance in (*DISTANCES, kept + 1, -BUFFER):
        if not 0 <= distance % POSITIONS <= kept:
            exchange.tell(exchange.frame([], heard=forgotten + distance, flags=Flag.REWIND))
            assert judge.known == forgotten


def test_every_bit_of_a_position() -> None:
    exchange = opened()
    exchange.tell(exchange.frame([1, 2, 3]))
    for distance in DISTANCES:
        exchange.tell(exchange.frame([9], beyond=distance))
    assert exchange.judge.accepted == [1, 2, 3]


def test_every_bit_of_a_session() -> None:
    exchange = opened()
    for bit in range(16):
        exchange.tell(exchange.frame([1])._replace(session=SESSION ^ 1 << bit))
    assert exchange.judge.accepted == []
    for bit in range(16):
        exchange.tell(Frame(1 << bit, Kind.OPEN))
        exchange.tell(exchange.frame([1]))
        exchange.tell(Frame(1 << bit, Kind.OPEN))
    assert exchange.server.resets == 17


class Told(NamedTuple):
    """How a frame differs from the one that a host would send."""

    beyond: int  #: the position due
    heard: int  #: past what is known
    session: int  #: bits of its number that are wrong
    flags: int
    kind: Kind
    words: int


@st.composite
def frames(draw: st.DrawFn) -> Told:
    """Any frame; most are right in all but one number, and many in all."""
    wrong = draw(st.sampled_from(["nothing", "nothing", "position", "answer", "session", "kind"]))
    far = st.sampled_from([1, -1, *DISTANCES])
    heard = draw(far) if wrong == "answer" else draw(st.integers(0, PAYLOAD_WORDS))
    session = draw(st.sampled_from([SESSION, *(1 << bit for bit in range(16))])) if wrong == "session" else 0
    flags = draw(st.sampled_from([0, 0, int(Flag.REWIND), 0xFE, 0xFF]))
    kind = Kind.OPEN if wrong == "kind" else Kind.DATA
    return Told(draw(far) if wrong == "position" else 0, heard, session, flags, kind, draw(st.integers(0, PAYLOAD_WORDS)))


@settings(max_examples=100)
@given(st.lists(frames(), max_size=30))
def test_any_frames(sent: list[Told]) -> None:
    exchange = opened()
    for told in sent:
        known, made = exchange.judge.known, exchange.judge.made
        heard = known + told.heard if told.heard < 0 or told.heard > PAYLOAD_WORDS else min(known + told.heard, made)
        frame = exchange.frame([7] * told.words, told.beyond, heard, Flag(told.flags))
        exchange.tell(frame._replace(session=frame.session ^ told.session, kind=told.kind))
