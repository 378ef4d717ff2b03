"""Words over a line that loses, damages, doubles, reorders and cuts frames: none is wrong, and nobody waits for ever."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loschmidt.host import rehearsing
from loschmidt.host.link import HostEnd, LinkError, LinkPort, Tally
from loschmidt.host.rehearsing import BUFFERS, RECOVERY, Cast, Rehearsed, rehearse
from loschmidt.sim.link import CLEAN, ROUGH, DeviceEnd, Pace, Rates, Rehearsal
from loschmidt.sim.link.scrambler import Scrambler, scrambled
from loschmidt.spec.link import Flag, Frame, Kind

from .broken_links import BROKEN, SkipsGaps
from .told import Wire

#: Frames of a test: that many for every buffer; the whole 10^5 is what `loschmidt verify --check link` sends.
FRAMES = 8_000


@pytest.mark.parametrize("buffer", BUFFERS)
def test_rough_line(buffer: int) -> None:
    found = rehearse(FRAMES, ROUGH, 3, buffer)
    assert (found.wrong, found.hung) == (0, False)
    assert found.stall <= RECOVERY
    assert found.faults > FRAMES // 50
    assert found.frames >= FRAMES


def test_clean_line_costs_nothing() -> None:
    found = rehearse(2000, CLEAN, 1, 1024)
    assert (found.wrong, found.hung, found.tally.resent, found.tally.rewinds, found.tally.timeouts, found.tally.dropped) == (
        0,
        False,
        0,
        0,
        0,
        0,
    )


@pytest.mark.parametrize("cast", BROKEN, ids=lambda cast: next(c.__name__ for c in (cast.end, cast.port) if "broken" in c.__module__))
def test_broken_end_is_caught(cast: Cast) -> None:
    found = rehearse(3000, replace(ROUGH, doubled=5.0), 5, 1024, cast=cast)
    assert found.wrong or found.hung or found.stall > RECOVERY


@settings(max_examples=25)
@given(
    rates=st.builds(Rates, *[st.floats(0, 8)] * 5),
    seed=st.integers(0, 1000),
    buffer=st.sampled_from([128, 256, 2048, 16384]),
    latency=st.sampled_from([0.0, 0.0003, 0.02]),
)
def test_any_line(rates: Rates, seed: int, buffer: int, latency: float) -> None:
    found = rehearse(400, rates, seed, buffer, pace=Pace(latency=latency))
    assert (found.wrong, found.hung) == (0, False)


def test_board_that_is_busy_is_not_dead() -> None:
    """A run may take a hundred timeouts: the link itself answers."""
    found = rehearse(3000, ROUGH, 2, 1024, pace=Pace(naps=2.0, nap=2.5))
    assert (found.wrong, found.hung) == (0, False)
    assert found.stall > 50
    assert found.tally.timeouts > 100


def test_slow_line_is_waited_for() -> None:
    """Frames take ten times the timeout."""
    found = rehearse(300, CLEAN, 2, 1024, pace=Pace(baud=9600, latency=0.05))
    assert (found.wrong, found.hung) == (0, False)
    assert found.tally.resent < 0.2 * found.words


def test_line_stays_busy() -> None:
    for buffer in (512, 1024, 4096):
        assert rehearsing.busy_share(buffer, 50_000) >= rehearsing.BUSY


def test_dead_board_is_told_in_one_line() -> None:
    class Dead(DeviceEnd):
        def feed(self, data: bytes) -> None:
            """Nothing."""

    with pytest.raises(LinkError, match=r"^desk: the board does not answer \(7 times asked\): check its power[^\n]*\?baud=RATE\)$"):
        LinkPort(Rehearsal(Dead(Scrambler())), "desk", 0.1)


def test_board_that_dies_is_told_in_one_line() -> None:
    line = Rehearsal(DeviceEnd(Scrambler()))
    port = LinkPort(line, "desk", 0.1)
    line.end = DeviceEnd(Scrambler())  # which knows of no session
    before = line.now()
    with pytest.raises(LinkError, match=r"^desk: the board does not answer any more"):
        port.send(np.arange(5000))
    assert line.now() - before < 10


def test_new_session_begins_anew() -> None:
    """What an earlier host left in the line and in the board does not count."""
    end = DeviceEnd(Scrambler())
    line = Rehearsal(end)
    first = LinkPort(line, "desk", session=7)
    first.send(np.arange(3000))
    second = LinkPort(line, "desk", session=8)
    second.send([1, 2, 3])
    assert second.receive(3).tolist() == scrambled([1, 2, 3])


def test_number_of_the_session_under_way_is_not_taken_again() -> None:
    line = Rehearsal(DeviceEnd(Scrambler()))
    for expected in (0xFFFF, 1):
        port = LinkPort(line, "desk", session=0xFFFF)
        assert line.end.session == expected
        port.send([4, 5])
        assert port.receive(2).tolist() == scrambled([4, 5])


def test_lost_frame_is_sent_again_once() -> None:
    """All frames behind the gap are answered by a wish to go back; the host goes back for the first."""
    wire = Wire()
    wire.open()
    wire.end.offer(range(300))
    assert [frame.position for frame in wire.hear()] == [0, 56, 112, 168, 224, 280]
    for _ in range(4):
        wire.data(received=56, flags=Flag.REWIND)
    assert [frame.position for frame in wire.hear()] == [56, 112, 168, 224, 280]
    wire.data(received=56, flags=Flag.REWIND)
    assert wire.hear() == []
    wire.now = 1.0
    wire.data(received=56, flags=Flag.REWIND)
    assert [frame.position for frame in wire.hear()][-5:] == [56, 112, 168, 224, 280]


def test_gap_is_asked_about_once() -> None:
    wire = Wire()
    wire.open()
    for position in (3, 5, 7):
        wire.data(position, words=[1, 2])
    assert [(frame.received, frame.flags) for frame in wire.hear()] == [(0, Flag.REWIND)]
    wire.data(0, words=[1, 2, 3])
    assert [(frame.received, frame.flags) for frame in wire.hear()] == [(3, Flag.NONE)]
    assert wire.end.take(3) == [1, 2, 3]


def test_old_and_impossible_answers_count_for_nothing() -> None:
    wire = Wire()
    wire.open()
    wire.end.offer(range(100))
    wire.hear()
    wire.data(received=56)
    wire.data(received=20, flags=Flag.REWIND)
    wire.data(received=101, flags=Flag.REWIND)
    wire.tell(Frame(10, Kind.DATA, received=100))
    assert wire.hear() == []
    wire.now = 1.0
    assert {frame.position for frame in wire.hear()} == {56}


def test_window_is_kept() -> None:
    wire = Wire()
    wire.open(window=128)
    wire.end.offer(range(1000))
    assert [(frame.position, len(frame.words)) for frame in wire.hear()] == [(0, 56), (56, 56)]
    wire.tell(Frame(9, Kind.DATA, received=112, window=60))
    assert [(frame.position, len(frame.words)) for frame in wire.hear()] == [(112, 56)]
    wire.tell(Frame(9, Kind.DATA, received=168, window=4))
    assert [(frame.position, len(frame.words)) for frame in wire.hear()] == [(168, 4)]


def test_short_frame_waits_for_more_words() -> None:
    wire = Wire()
    wire.open()
    wire.end.flush = False
    wire.end.offer(range(30))
    assert wire.hear() == []
    wire.end.offer(range(30))
    assert [len(frame.words) for frame in wire.hear()] == [56]
    wire.end.flush = True
    assert [len(frame.words) for frame in wire.hear()] == [4]


@given(st.lists(st.binary(max_size=400), max_size=20))
def test_noise_is_survived(noise: list[bytes]) -> None:
    wire = Wire()
    wire.open()
    for piece in noise:
        wire.end.heard(piece, 0.0)
    wire.end.heard(b"\0", 0.0)
    wire.data(0, words=[5])
    assert wire.end.take(1) == [5]


@pytest.mark.parametrize("session", [0, 1 << 16, -1])
def test_session_that_cannot_be(session: int) -> None:
    with pytest.raises(ValueError, match=re.escape(f"a session's number is 1 to 65535, not {session}")):
        HostEnd(session, "desk")


def test_rows_of_verify(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "STREAMED", 20_000)
    told: list[float] = []
    rows = list(rehearsing.rows(0, lambda what, share: told.append(share), 3000))
    assert [row.passed for row in rows] == [True] * 4
    assert max(told) == 1.0
    monkeypatch.setattr(rehearsing, "Cast", lambda: Cast(end=SkipsGaps))
    monkeypatch.setattr(rehearsing, "BUSY", 1.1)
    assert not any(row.passed for row in rehearsing.rows(0, lambda what, share: None, 3000))


SOUND = Rehearsed(frames=1000, words=900, wrong=0, hung=False, stall=1.0, faults=50, tally=Tally())


@pytest.mark.parametrize(
    ("found", "passed"),
    [
        (SOUND, True),
        (replace(SOUND, stall=3.0), True),
        (replace(SOUND, stall=3.001), False),
        (replace(SOUND, wrong=1), False),
        (replace(SOUND, hung=True), False),
        (replace(SOUND, wrong=1, hung=True), False),
    ],
)
def test_row_of_a_rough_line_passes_if_all_is_right(found: Rehearsed, passed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []

    def rehearsed(frames: int, rates: Rates, seed: int, buffer: int, **more: object) -> Rehearsed:
        assert (frames, rates) == (334, ROUGH)
        seeds.append(seed)
        return found if seed == 8 else SOUND

    monkeypatch.setattr(rehearsing, "rehearse", rehearsed)
    monkeypatch.setattr(rehearsing, "busy_share", lambda buffer, words: 0.9)
    rows = list(rehearsing.rows(7, lambda what, share: None, 1000))
    assert [row.passed for row in rows] == [True, passed, True, True]
    assert seeds == [7, 8, 9]
    assert (rows[1].measured["wrong"], rows[1].measured["hung"]) == (found.wrong, int(found.hung))


def test_row_of_a_line_that_idles_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsing, "rehearse", lambda *given, **named: SOUND)
    monkeypatch.setattr(rehearsing, "busy_share", lambda buffer, words: 0.8999)
    assert [row.passed for row in rehearsing.rows(0, lambda what, share: None)] == [True, True, True, False]


def test_figures_of_the_link_are_those_that_are_claimed() -> None:
    assert (rehearsing.FRAMES, rehearsing.RECOVERY, rehearsing.BUSY) == (100_000, 3, 0.9)


class Lies(LinkPort):
    """One bit of the fifth answer is wrong, and nothing else ever."""

    answers = 0

    def receive(self, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
        words = super().receive(count)
        self.answers += 1
        if self.answers == 5:
            words[-1] ^= 1 << 31
        return words


class Gives(LinkPort):
    """Gives up at the fifth answer."""

    answers = 0

    def receive(self, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint32]]:
        self.answers += 1
        if self.answers == 5:
            raise LinkError("enough")
        return super().receive(count)


def test_one_wrong_bit_is_counted_and_ends_the_rehearsal() -> None:
    found = rehearse(10_000, CLEAN, 1, 1024, cast=Cast(port=Lies))
    assert (found.wrong, found.hung) == (1, False)
    assert found.frames < 2000


def test_host_that_gives_up_counts_as_hung() -> None:
    found = rehearse(10_000, CLEAN, 1, 1024, cast=Cast(port=Gives))
    assert (found.wrong, found.hung) == (0, True)
    assert found.frames < 2000
