"""The far end of the link, frame by frame, as the text of `spec.link` has it; the bytes of its frames; and lines with faults."""

from __future__ import annotations

from collections.abc import Sequence

import cobs.cobs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loschmidt.sim.link import CLEAN, DeviceEnd, FaultyLine, Rates
from loschmidt.sim.link import cobs as own
from loschmidt.sim.link.scrambler import Scrambler, scrambled
from loschmidt.spec.link import Flag, Frame, Kind, body, parse


@given(st.one_of(st.binary(max_size=1000), st.lists(st.sampled_from([b"\0", b"\1" * 253, b"\2" * 254, b"\3" * 255])).map(b"".join)))
def test_cobs_is_the_packages(data: bytes) -> None:
    assert own.encode(data) == cobs.cobs.encode(data)
    assert own.decode(own.encode(data)) == data


@given(st.binary(max_size=300))
def test_cobs_refuses_what_the_package_refuses(data: bytes) -> None:
    try:
        expected = cobs.cobs.decode(data) if data else None
    except cobs.cobs.DecodeError:
        expected = None
    assert own.decode(data) == expected


class Desk:
    """A far end, and what a host says to it by hand."""

    def __init__(self, buffer: int = 128, session: int = 5) -> None:
        self.end, self.session = DeviceEnd(Scrambler(), buffer), session

    def say(self, frame: Frame) -> list[Frame]:
        """A frame to the board; all that it says to it, before its server does anything."""
        self.end.feed(own.encode(body(frame)) + b"\0")
        return self.hear()

    def hear(self) -> list[Frame]:
        frames = []
        while data := self.end.emit():
            content = own.decode(data[:-1])
            assert content is not None
            frame = parse(content)
            assert frame is not None
            frames.append(frame)
        return frames

    def open(self) -> list[Frame]:
        return self.say(Frame(self.session, Kind.OPEN))

    def data(
        self, position: int = 0, received: int = 0, words: Sequence[int] = (), window: int = 1000, flags: Flag = Flag.NONE
    ) -> list[Frame]:
        return self.say(Frame(self.session, Kind.DATA, position, received, window, flags, words))


def test_open_is_answered_and_may_be_repeated() -> None:
    desk = Desk()
    assert desk.data(words=[1]) == []
    assert desk.open() == [Frame(5, Kind.OPEN, 0, 0, 128, Flag.NONE, [])]
    desk.data(words=[1, 2])
    desk.end.work(100)
    assert desk.hear() == [Frame(5, Kind.DATA, 0, 2, 128, Flag.NONE, scrambled([1, 2]))]
    assert desk.open() == [Frame(5, Kind.OPEN, 2, 2, 128, Flag.NONE, [])]
    assert desk.say(Frame(6, Kind.OPEN)) == [Frame(6, Kind.OPEN, 0, 0, 128, Flag.NONE, [])]


def test_session_zero_and_others_are_dropped() -> None:
    desk = Desk()
    assert desk.say(Frame(0, Kind.OPEN)) == []
    assert desk.say(Frame(0, Kind.DATA)) == []
    desk.open()
    assert desk.say(Frame(4, Kind.DATA)) == []


def test_words_are_taken_once_and_in_order() -> None:
    desk = Desk()
    desk.open()
    assert [(f.received, f.flags) for f in desk.data(0, words=[1, 2])] == [(2, Flag.NONE)]
    assert [(f.received, f.flags) for f in desk.data(0, words=[1, 2])] == [(2, Flag.NONE)]
    assert [(f.received, f.flags) for f in desk.data(4, words=[5])] == [(2, Flag.REWIND)]
    assert [(f.received, f.flags) for f in desk.data(4)] == [(2, Flag.REWIND)]
    assert [(f.received, f.flags) for f in desk.data(2, words=[3, 4])] == [(4, Flag.NONE)]
    assert desk.end.work(100) == 4
    assert desk.hear()[0].words == scrambled([1, 2, 3, 4])


def test_buffer_is_bounded_and_the_window_says_so() -> None:
    desk = Desk()
    desk.open()
    assert desk.data(0, words=[0] * 56)[0].window == 72
    assert desk.data(56, words=[0] * 56)[0].window == 16
    assert [(f.received, f.window) for f in desk.data(112, words=[0] * 17)] == [(112, 16)]
    assert [(f.received, f.window) for f in desk.data(112, words=[0] * 16)] == [(128, 0)]
    desk.end.work(56)
    told = desk.hear()
    assert (told[-1].received, told[-1].window) == (128, 56)
    desk.end.work(56)
    assert [f.window for f in desk.hear()][-1] == 112


def test_opened_window_is_told_unasked() -> None:
    """Even when nothing else is to be said: the host's own window is closed."""
    desk = Desk()
    desk.open()
    desk.data(0, words=[0] * 56, window=0)
    desk.data(56, words=[0] * 56, window=0)
    desk.end.work(40)
    assert desk.hear() == []
    desk.end.work(40)
    assert [(f.window, f.words) for f in desk.hear()] == [(96, [])]


def test_responses_are_sent_once_and_again_when_asked() -> None:
    desk = Desk()
    desk.open()
    desk.data(0, words=[7] * 56, window=40)
    desk.end.work(100)
    answer = scrambled([7] * 56)
    assert [f.words for f in desk.hear()] == [answer[:40]]
    assert [f.words for f in desk.data(56, window=40)] == [[]]
    assert [(f.position, f.words) for f in desk.data(56, received=10, window=40, flags=Flag.REWIND)] == [(10, answer[10:50])]
    assert [f.words for f in desk.data(56, received=5, window=1000, flags=Flag.REWIND)] == [[]]
    assert [f.words for f in desk.data(56, received=57, window=1000, flags=Flag.REWIND)] == [[]]
    assert [(f.position, f.words) for f in desk.data(56, received=50, window=40)] == [(50, answer[50:])]


def test_requests_wait_until_responses_have_room() -> None:
    """Nobody takes the responses: the board stops to take requests, and loses nothing."""
    desk = Desk()
    desk.open()
    sent = due = 0
    for _ in range(20):
        frames = desk.data(sent % 65536, words=[1] * 16, window=0)
        due = frames[-1].received
        sent = due
        desk.end.work(1000)
    assert due <= 3 * 128
    words: list[int] = []
    for _ in range(20):
        for frame in desk.data(sent, received=len(words), window=1000):
            words += frame.words
        desk.end.work(1000)
    assert words == scrambled([1] * due)


@given(st.binary(max_size=600))
def test_noise_is_survived(noise: bytes) -> None:
    desk = Desk()
    desk.open()
    desk.end.feed(noise + b"\0")
    assert desk.data(0, words=[1])[-1].received == 1


@pytest.mark.parametrize("buffer", [64, 100, 1 << 15])
def test_buffer_that_cannot_be(buffer: int) -> None:
    with pytest.raises(ValueError, match=rf"^a buffer has a power of two of words from 128 to 16384, not {buffer}$"):
        DeviceEnd(Scrambler(), buffer)


def test_faults_come_at_their_rates() -> None:
    frame = bytes(range(1, 100))
    clean = FaultyLine(CLEAN, 1)
    assert all(clean.carry(frame) == frame for _ in range(100))
    for name in ("damaged", "dropped", "doubled", "reordered", "cut"):
        line = FaultyLine(Rates(**{name: 20.0}), 1)
        arrived = [line.carry(frame) for _ in range(1000)]
        assert 150 < line.met[name] < 250
        assert sum(piece != frame for piece in arrived) >= line.met[name]
