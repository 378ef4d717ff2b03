"""The host's end of a link: how long it waits, what it repeats, and which frames it believes."""

from __future__ import annotations

import pytest

from loschmidt.host.link import LinkError, LinkPort
from loschmidt.host.link.engine import LONGEST
from loschmidt.sim.link import DeviceEnd, cobs
from loschmidt.sim.link.scrambler import Scrambler, scrambled
from loschmidt.spec.link import LARGEST_BUFFER, PAYLOAD_WORDS, Flag, Frame, Kind, body

from .told import Wire


def opened(words: int = 0) -> Wire:
    wire = Wire()
    wire.open()
    wire.end.offer(range(words))
    return wire


def woken(wire: Wire) -> float:
    """Let time pass to when the end wants to be asked; how long that was."""
    wake = wire.end.wake
    assert wake is not None
    before, wire.now = wire.now, wake
    return wake - before


def test_silences_are_waited_for_longer_and_longer_and_then_no_more() -> None:
    """The first silence makes the timeout 1.25 times as long; each silence in a row waits twice as long as the last, up to 8 times."""
    wire = opened(10)
    wire.hear()
    waits = []
    for _ in range(6):
        waits.append(woken(wire))
        assert {frame.position for frame in wire.hear()} == {0}
    assert waits == [1.0, 1.25, 2.5, 5.0, 10.0, 10.0]
    assert wire.end.tally.timeouts == 6
    assert woken(wire) == 10.0
    with pytest.raises(LinkError, match=r"^desk: the board does not answer any more \(7 times asked\): check its power"):
        wire.end.emit(wire.now)


def test_nothing_is_sent_again_before_its_time() -> None:
    wire = opened(10)
    wire.hear()
    wire.now = 0.999
    assert wire.hear() == []
    assert wire.end.tally.timeouts == 0


def test_any_answer_ends_a_row_of_silences() -> None:
    wire = opened(10)
    wire.hear()
    for _ in range(3):
        woken(wire)
        wire.hear()
    wire.data(received=0)
    assert wire.end.wake == pytest.approx(wire.now + 1.25)


def test_timeout_grows_to_eight_times_and_shrinks_with_progress() -> None:
    wire = opened()
    for round_ in range(1, 20):
        wire.end.offer([round_])
        wire.hear()
        woken(wire)
        wire.hear()
        assert wire.end.timeout == pytest.approx(min(1.25**round_ * 0.99 ** (round_ - 1), 8.0))
        wire.data(received=round_)
        if wire.end.timeout > 7.9:
            break
    else:
        pytest.fail("the timeout never came near its limit")
    for _ in range(400):
        round_ += 1
        wire.end.offer([round_])
        wire.hear()
        wire.data(received=round_)
    assert wire.end.timeout == wire.end.least == 1.0


def test_timeout_fits_a_line_that_is_slow_to_open() -> None:
    wire = Wire()
    wire.hear()
    wire.now = 0.5
    wire.tell(Frame(wire.session, Kind.OPEN, window=1024))
    assert wire.end.least == wire.end.timeout == 16 * 0.5


def test_after_a_silence_each_side_asks_three_times() -> None:
    wire = opened(2 * PAYLOAD_WORDS)
    wire.hear()
    woken(wire)
    said = wire.hear()
    assert [(frame.position, frame.flags) for frame in said] == [
        (0, Flag.REWIND),
        (0, Flag.REWIND),
        (0, Flag.REWIND),
        (PAYLOAD_WORDS, Flag.NONE),
    ]
    assert wire.end.tally.resent == 2 * PAYLOAD_WORDS


def test_frame_after_a_silence_ends_whatever_was_cut() -> None:
    wire = opened(1)
    assert not wire.end.emit(0.0).startswith(b"\0")
    woken(wire)
    assert wire.end.emit(wire.now).startswith(b"\0")
    assert not wire.end.emit(wire.now).startswith(b"\0")


def test_words_that_are_wanted_are_asked_for_when_they_do_not_come() -> None:
    wire = opened()
    assert wire.end.wake is None
    assert wire.hear() == []
    wire.end.want(3)
    wire.hear()
    woken(wire)
    assert {(frame.received, frame.flags, tuple(frame.words)) for frame in wire.hear()} == {(0, Flag.REWIND, ())}
    wire.data(0, words=[1, 2])
    assert wire.end.wake is not None
    wire.data(2, words=[3])
    assert wire.end.wake is None
    assert (wire.end.waiting, wire.end.take(2), wire.end.waiting) == (3, [1, 2], 1)
    wire.end.want(1)
    wire.hear()
    assert wire.end.wake is None, "what is wanted has come already"
    wire.end.want(2)
    wire.hear()
    assert wire.end.wake is not None


def test_answer_tells_what_has_come_and_how_much_more_may() -> None:
    wire = opened()
    wire.data(0, words=[1, 2, 3])
    (frame,) = wire.hear()
    assert (frame.kind, frame.session, frame.position, frame.received, frame.window) == (Kind.DATA, 9, 0, 3, LARGEST_BUFFER)
    wire.data(0, words=[1, 2, 3])
    assert [frame.received for frame in wire.hear()] == [3], "the board has not heard that they came"
    assert wire.end.take(9) == [1, 2, 3]
    wire.data(3)
    assert wire.hear() == []


@pytest.mark.parametrize(
    "frame",
    [
        Frame(8, Kind.DATA, words=[1]),
        Frame(10, Kind.DATA, words=[1]),
        Frame(0, Kind.DATA, words=[1]),
    ],
)
def test_words_of_another_session_are_dropped(frame: Frame) -> None:
    wire = opened()
    wire.tell(frame)
    assert (wire.end.waiting, wire.end.tally.dropped, wire.end.tally.heard) == (0, 1, 1)


def test_words_before_the_session_is_open_are_dropped() -> None:
    wire = Wire()
    wire.hear()
    wire.data(0, words=[1])
    assert (wire.end.opened, wire.end.waiting, wire.end.tally.dropped) == (False, 0, 1)


@pytest.mark.parametrize("bit", [0, 7, 40, 90])
def test_damaged_frame_is_dropped(bit: int) -> None:
    wire = opened()
    damaged = bytearray(body(Frame(9, Kind.DATA, words=[5, 6])))
    damaged[bit // 8] ^= 1 << bit % 8
    wire.end.heard(cobs.encode(bytes(damaged)) + b"\0", 0.0)
    assert (wire.end.waiting, wire.end.tally.dropped) == (0, 1)


def test_full_frame_is_the_longest_there_is() -> None:
    wire = opened()
    words = [0xFFFF_FFFF] * PAYLOAD_WORDS
    assert len(cobs.encode(body(Frame(9, Kind.DATA, words=words)))) == LONGEST
    wire.data(0, words=words)
    assert wire.end.waiting == PAYLOAD_WORDS
    wire.end.heard(b"\1" * (LONGEST + 1) + b"\0" + b"\1" * LONGEST + b"\0", 0.0)
    assert wire.end.tally.dropped == 2
    wire.data(PAYLOAD_WORDS, words=[4])
    assert wire.end.waiting == PAYLOAD_WORDS + 1


def test_frame_may_come_byte_by_byte() -> None:
    wire = opened()
    for byte in cobs.encode(body(Frame(9, Kind.DATA, words=[5, 0, 6]))) + b"\0":
        wire.end.heard(bytes([byte]), 0.0)
    assert wire.end.take(3) == [5, 0, 6]
    assert wire.end.tally.dropped == 0


@pytest.mark.parametrize(("position", "asked"), [(1, True), ((1 << 15) - 1, True), (1 << 15, False), ((1 << 16) - 1, False)])
def test_gap_is_what_is_less_than_half_way_ahead(position: int, asked: bool) -> None:
    wire = opened()
    wire.data(position, words=[1])
    assert [frame.flags for frame in wire.hear()] == [Flag.REWIND if asked else Flag.NONE]
    assert (wire.end.waiting, wire.end.tally.rewinds) == (0, int(asked))


def test_board_that_misses_nothing_is_sent_nothing_again() -> None:
    wire = opened(10)
    wire.hear()
    wire.data(received=10, flags=Flag.REWIND)
    assert wire.hear() == []
    assert wire.end.tally.rewinds == 0


@pytest.mark.parametrize(("position", "received"), [(1, 0), (0, 1), (5, 5)])
def test_session_that_the_board_knows_is_not_gone_on_with(position: int, received: int) -> None:
    wire = Wire()
    wire.hear()
    wire.tell(Frame(9, Kind.OPEN, position, received, 1024))
    assert not wire.end.opened
    assert [(frame.kind, frame.session) for frame in wire.hear()] == [(Kind.OPEN, 10)]


def test_longest_time_without_progress_is_told() -> None:
    wire = opened(3)
    wire.hear()
    wire.now = 0.75
    wire.data(received=2)
    assert wire.end.tally.stall == 0.75
    wire.now = 1.0
    wire.data(received=3)
    assert wire.end.tally.stall == 0.75
    wire.now = 50.0
    wire.end.offer([1])
    wire.hear()
    wire.now = 50.5
    wire.data(received=4)
    assert wire.end.tally.stall == 0.75, "nothing was due in between"


class Slow:
    """A line that takes so many frames, and then nothing; a wait is over at once, and time passes only in it."""

    def __init__(self, frames: int) -> None:
        self.left, self.time, self.log, self.closed = frames, 0.0, "", False
        self.board = DeviceEnd(Scrambler())
        self.said = b""

    def now(self) -> float:
        return self.time

    def read(self) -> bytes:
        self.log += "r"
        data, self.said = self.said, b""
        return data

    def writable(self) -> bool:
        return self.left > 0

    def write(self, data: bytes) -> None:
        self.log += "w"
        self.left -= 1
        self.said += self.board.answer(data)

    def wait(self, seconds: float | None, writable: bool) -> None:
        assert seconds is not None
        self.time += min(seconds, 1.0)
        assert self.time < 60, "the host waits for ever"

    def close(self) -> None:
        self.closed = True


def test_port_that_takes_nothing_is_told_in_one_line() -> None:
    line = Slow(5)
    port = LinkPort(line, "desk", session=3)
    with pytest.raises(LinkError, match=r"^desk: the port has taken nothing for 10 seconds: is something else using it\?$"):
        port.send(range(2000))
    assert 10 < line.time <= 12
    assert not line.closed
    port.close()
    assert line.closed


def test_port_that_never_opens_is_closed() -> None:
    line = Slow(0)
    with pytest.raises(LinkError, match=r"^desk: the port has taken nothing for 10 seconds"):
        LinkPort(line, "desk")
    assert line.closed


def test_answers_are_looked_for_between_every_four_frames() -> None:
    line = Slow(10_000)
    port = LinkPort(line, "desk", session=3)
    port.send(range(5000))
    assert port.receive(5000).tolist() == scrambled(list(range(5000)))
    assert max(map(len, line.log.split("r"))) == 4
