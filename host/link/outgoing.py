"""The stream to the other end: what it has, what is on its way, what it has room for."""

from __future__ import annotations

from collections.abc import Iterable

from loschmidt.spec.link import PAYLOAD_WORDS, POSITIONS, ahead

#: Forgotten words that are kept before the rest is moved: moving is then rare.
SLACK = 1 << 14


class Outgoing:
    """Words in order, counted from the stream's beginning without end; on the line they are counted modulo 2^16.

    Members
    -------
    acked : up to where the other end has them without a gap
    next : the word that the next frame begins with
    sent : up to where they have been sent at least once
    end : up to where there are any
    limit : up to where the other end has room
    """

    def __init__(self) -> None:
        self.acked = self.next = self.sent = self.end = self.limit = 0
        self._words: list[int] = []
        self._first = 0

    def append(self, words: Iterable[int]) -> None:
        self._words.extend(words)
        self.end = self._first + len(self._words)

    def ready(self, flush: bool) -> list[int]:
        """Words for a frame at ``next``: a full one; a shorter one at the stream's end, if ``flush`` or if they were sent before.

        One that only the window cuts short waits for the answers under way, which will widen it.
        """
        left, room = self.end - self.next, self.limit - self.next
        count = min(PAYLOAD_WORDS, left, room)
        if count == PAYLOAD_WORDS:
            goes = True
        elif count == left:
            goes = flush or self.next < self.sent
        else:
            goes = self.acked == self.next
        start = self.next - self._first
        return self._words[start : start + count] if goes and count > 0 else []

    def advance(self, count: int) -> int:
        """``count`` words from ``next`` on have gone; returns how many of them for the first time."""
        self.next += count
        new = max(0, self.next - self.sent)
        self.sent += new
        return new

    def accept(self, received: int, window: int) -> bool | None:
        """Take note of an answer: whether it has moved `acked` or `limit`; None if it is older than another, or impossible."""
        step = ahead(received, self.acked % POSITIONS)
        if step > self.sent - self.acked:
            return None
        self.acked += step
        self.next = max(self.next, self.acked)
        wider = self.acked + window > self.limit
        self.limit = max(self.limit, self.acked + window)
        if self.acked - self._first > SLACK:
            del self._words[: self.acked - self._first]
            self._first = self.acked
        return wider or step > 0

    def rewind(self) -> None:
        """Go on from `acked`."""
        self.next = self.acked
