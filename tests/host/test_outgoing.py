"""The stream to the board: which words go, which answers count, and which words are kept."""

from __future__ import annotations

import pytest

from loschmidt.host.link.outgoing import SLACK, Outgoing
from loschmidt.spec.link import PAYLOAD_WORDS, POSITIONS


def stream(words: int, limit: int = 10_000, sent: int = 0) -> Outgoing:
    out = Outgoing()
    assert out.accept(0, limit) is (limit > 0)
    out.append(range(words))
    assert out.advance(sent) == sent
    return out


@pytest.mark.parametrize(
    ("received", "window", "answer", "acked", "limit"),
    [
        (0, 100, False, 0, 100),
        (0, 99, False, 0, 100),
        (0, 101, True, 0, 101),
        (1, 99, True, 1, 100),
        (30, 0, True, 30, 100),
        (60, 100, True, 60, 160),
        # The board cannot have what was never sent, though there are a hundred words in all.
        (61, 100, None, 0, 100),
        (100, 100, None, 0, 100),
        (101, 100, None, 0, 100),
        # Older than another answer: behind is what is far ahead, modulo 2^16.
        (POSITIONS - 1, 1000, None, 0, 100),
        (POSITIONS // 2, 1000, None, 0, 100),
    ],
)
def test_answer_counts_if_it_is_for_words_that_were_sent(received: int, window: int, answer: bool | None, acked: int, limit: int) -> None:
    out = stream(100, 100, 60)
    assert out.accept(received, window) is answer
    assert (out.acked, out.limit, out.next, out.sent, out.end) == (acked, limit, 60, 60, 100)


def test_answer_outside_what_is_under_way_changes_nothing() -> None:
    out = stream(100, 100, 60)
    assert out.accept(50, 50) is True
    assert out.accept(49, 5000) is None
    assert out.accept(61, 5000) is None
    assert (out.acked, out.limit) == (50, 100)


def test_positions_are_counted_round_and_round() -> None:
    """Past 2^16 words, an answer for one that was not sent is not believed either."""
    out = stream(0)
    for _ in range(3):
        for _ in range(POSITIONS // 1024):
            out.append(range(1024))
            assert out.advance(1000) == 1000
            assert out.accept((out.acked + 1001) % POSITIONS, 1024) is None
            assert out.accept((out.acked + 1000) % POSITIONS, 1024) is True
            assert out.advance(24) == 24
            assert out.accept(out.sent % POSITIONS, 1024) is True
    assert out.acked == out.sent == out.end == 3 * POSITIONS


def test_answer_after_going_back_moves_on_from_it() -> None:
    out = stream(200, sent=168)
    out.rewind()
    assert (out.next, out.sent) == (0, 168)
    assert out.advance(56) == 0
    assert out.accept(112, 1000) is True
    assert (out.next, out.sent) == (112, 168)
    assert out.advance(80) == 24
    assert (out.next, out.sent) == (192, 192)
    assert out.accept(150, 1000) is True
    assert out.next == 192


@pytest.mark.parametrize(
    ("end", "sent", "limit", "flush", "count"),
    [
        (0, 0, 100, True, 0),
        (PAYLOAD_WORDS, 0, 100, False, PAYLOAD_WORDS),
        (PAYLOAD_WORDS + 1, 0, 100, False, PAYLOAD_WORDS),
        (PAYLOAD_WORDS - 1, 0, 100, False, 0),
        (PAYLOAD_WORDS - 1, 0, 100, True, PAYLOAD_WORDS - 1),
        (1, 0, 100, True, 1),
        # Only the window cuts it short: it goes if nothing is on its way that would widen it.
        (100, 0, 10, True, 10),
        (100, 0, 10, False, 10),
        (100, 5, 10, True, 0),
        (100, 10, 10, True, 0),
        (100, 10, 9, True, 0),
        (100, 50, 100, True, 50),
        (100, 50, 100, False, 0),
    ],
)
def test_words_that_go(end: int, sent: int, limit: int, flush: bool, count: int) -> None:
    assert stream(end, limit, sent).ready(flush) == list(range(sent, sent + count))


def test_window_counts_from_the_words_that_are_answered_for() -> None:
    out = stream(100, 50, 50)
    assert out.accept(50, 4) is True
    assert out.ready(True) == [50, 51, 52, 53]
    assert stream(100, 50, 50).ready(True) == []


def test_short_frame_that_was_sent_before_goes_again_unasked() -> None:
    out = stream(30, sent=30)
    out.rewind()
    assert out.ready(False) == list(range(30))
    out.append([7])
    out.advance(30)
    assert out.ready(False) == []


@pytest.mark.parametrize("acked", [SLACK - 1, SLACK, SLACK + 1, 2 * SLACK])
def test_words_are_forgotten_in_large_pieces_and_never_too_many(acked: int) -> None:
    words = 3 * SLACK
    out = stream(words, words, 2 * SLACK)
    assert out.accept(acked, words) is True
    assert len(out._words) == (words if acked <= SLACK else words - acked)
    out.append([-1])
    assert out.end == words + 1
    out.rewind()
    assert out.ready(False) == list(range(acked, acked + PAYLOAD_WORDS))
    out.advance(words - 1 - acked)
    assert out.ready(True) == [words - 1, -1]
