"""The host's end of the link as a pure machine: bytes in, bytes out, and the time is told to it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from cobs import cobs

from loschmidt.spec.errors import LoschmidtError
from loschmidt.spec.link import BYTES, HEADER_WORDS, LARGEST_BUFFER, PAYLOAD_WORDS, POSITIONS, Flag, Frame, Kind, ahead, body, parse

from .outgoing import Outgoing

DELIMITER = b"\0"

#: The longest frame on the line, with its COBS byte. What is longer has lost its end.
LONGEST = BYTES * (HEADER_WORDS + PAYLOAD_WORDS + 1) + 1

#: From the second on, each silence in a row may last twice as long as the one before, up to this many times the first.
LONGEST_WAIT = 8

#: A silence makes the next one be waited for longer, whatever comes forward shorter, but never below what was asked for: a line that is
#: slower than it seemed at first settles where one answer in twenty comes late.
SLOWER, FASTER = 1.25, 0.99

#: A full frame and its answer take the line some eight times as long as OPEN and its answer; twice that is waited.
OPENINGS = 16

#: Frames that say "again" are sent this often: if one of them is lost, too, nobody has to wait for it.
COPIES = 3


class LinkError(LoschmidtError):
    """A board that does not answer, or a line that cannot be used."""


class NoAnswerError(LinkError):
    """Nobody has answered since the line was opened."""


@dataclass
class Tally:
    """What the line has cost so far.

    Members
    -------
    sent, heard : frames of the host; good frames of the board
    dropped : pieces from the board's side that were no frame of this session
    resent : words that were sent before
    rewinds : times that one side asked the other to go back
    timeouts : times that no answer came
    stall : the longest time in which something was due and nothing came forward
    """

    sent: int = 0
    heard: int = 0
    dropped: int = 0
    resent: int = 0
    rewinds: int = 0
    timeouts: int = 0
    stall: float = 0.0


class HostEnd:
    """One session of `spec.link`, from its OPEN on.

    Parameters
    ----------
    session : its number, 1 to 2^16 - 1; a new one for each session, and the next one if the board has that under way
    where : what the port is called in messages
    timeout : seconds without progress after which the host asks again; it is raised if the line turns out to be slow
    tries : unanswered questions in a row after which the board counts as dead

    Members
    -------
    opened : whether the board has answered OPEN
    flush : whether frames that are not full may go
    least : the timeout that fits the line, as fast as it was when the session began
    opening : seconds from the first OPEN to its answer
    limit : seconds in which something must come forward on a line that answers; later, the array hangs
    tally : `Tally`

    `heard` takes what came, `emit` gives what is to be sent, a frame at a time, and `wake` says when to call it again though nothing
    came. Times are seconds of any clock. Raises `LinkError` from `emit` when the board is dead. The link of a busy array answers, so
    it may take as long as `limit` allows.
    """

    def __init__(self, session: int, where: str, timeout: float = 0.25, tries: int = 6) -> None:
        if not 0 < session < 1 << 16:
            raise ValueError(f"a session's number is 1 to {(1 << 16) - 1}, not {session}")
        self.session, self.where, self.timeout, self.tries = session, where, timeout, tries
        self.least, self.opening, self.limit = timeout, 0.0, math.inf
        self.opened, self.flush, self.tally = False, True, Tally()
        self._out = Outgoing()
        self._due = self._wanted = 0
        self._inbox: list[int] = []
        self._piece = bytearray()
        self._owed = self._ask = False
        self._copies = 0
        self._silent = 0
        self._since: float | None = None  # when something last came forward or was asked for again, if something is due
        self._moved = 0.0
        self._knocked: float | None = None  # when OPEN was last sent
        self._called: float | None = None  # when it was first
        self._asked: tuple[int, float] | None = None
        self._rewound: tuple[int, float] | None = None

    def offer(self, words: Iterable[int]) -> None:
        """Put words at the end of the stream to the board."""
        self._out.append(words)

    def want(self, count: int) -> None:
        """Say that ``count`` words are waited for, so that their loss is noticed."""
        self._wanted = self._due - len(self._inbox) + count

    @property
    def waiting(self) -> int:
        """Words that have come and were not taken."""
        return len(self._inbox)

    def take(self, count: int) -> list[int]:
        words = self._inbox[:count]
        del self._inbox[:count]
        return words

    @property
    def full(self) -> int:
        """Full frames of words that have never been sent."""
        return (self._out.end - self._out.sent) // PAYLOAD_WORDS

    @property
    def wake(self) -> float | None:
        """When `emit` has something to say although nothing is heard; None if never."""
        return None if self._since is None else self._since + self._patience

    def heard(self, data: bytes, now: float) -> None:
        """Bytes that have come, in pieces of any length."""
        *complete, rest = data.split(DELIMITER)
        for piece in complete:
            self._piece += piece
            if self._piece:
                self._frame(bytes(self._piece), now)
            self._piece.clear()
        self._piece += rest
        # Enough to know that it is too long; the rest of it is not kept.
        del self._piece[LONGEST + 1 :]

    def emit(self, now: float) -> bytes:
        """The next frame with its delimiter, or nothing if there is nothing to say."""
        late = self._late(now)
        if not self.opened:
            if not late and self._knocked is not None:
                return b""
            self._knocked = now
            self._called = now if self._called is None else self._called
            return self._line(Frame(self.session, Kind.OPEN, window=LARGEST_BUFFER), True)
        words = self._out.ready(self.flush)
        if not words and not (self._owed or self._ask):
            return b""
        position, flags = self._out.next % POSITIONS, Flag.REWIND if self._ask else Flag.NONE
        frame = Frame(self.session, Kind.DATA, position, self._due % POSITIONS, LARGEST_BUFFER, flags, words)
        if self._copies:
            self._copies -= 1
        if self._copies == 0:
            self.tally.resent += len(words) - self._out.advance(len(words))
            self._owed = self._ask = False
        return self._line(frame, late)

    @property
    def _patience(self) -> float:
        return float(self.timeout * min(1 << max(0, self._silent - 1), LONGEST_WAIT))

    @property
    def _outstanding(self) -> bool:
        out = self._out
        going = out.end if self.flush else max(out.sent, out.end - PAYLOAD_WORDS + 1)
        return not self.opened or out.acked < going or self._due < self._wanted

    def _line(self, frame: Frame, late: bool) -> bytes:
        """A frame as it goes over the line; after a silence the cut rest of another may stand before it."""
        self.tally.sent += 1
        return (DELIMITER if late else b"") + bytes(cobs.encode(body(frame))) + DELIMITER

    def _late(self, now: float) -> bool:
        """Whether nothing has come forward for too long; if so, what is unanswered goes again, on both sides."""
        if not self._outstanding:
            self._since = None
            return False
        if self._since is None:
            self._since = self._moved = now
        if now < self._since + self._patience:
            return False
        if self._silent >= self.tries:
            kind, more = (LinkError, " any more") if self.opened else (NoAnswerError, "")
            raise kind(
                f"{self.where}: the board does not answer{more} ({self.tries + 1} times asked): "
                "check its power, its cable, its bitstream and its baud rate (PORT?baud=RATE)"
            )
        if self._silent == 0:
            if self.opened and now > self._moved + self.limit:
                raise LinkError(
                    f"{self.where}: the board's link answers, but its array has not for {now - self._moved:.3g} seconds, longer than "
                    "anything takes: it hangs. Load its bitstream again, and go on from the last checkpoint"
                )
            self.timeout = min(self.timeout * SLOWER, self.least * LONGEST_WAIT)
        self._silent += 1
        self._since = now
        self.tally.timeouts += 1
        self._out.rewind()
        self._ask, self._copies = True, COPIES
        return True

    def _frame(self, piece: bytes, now: float) -> None:
        try:
            frame = parse(cobs.decode(piece)) if len(piece) <= LONGEST else None
        except cobs.DecodeError:
            frame = None
        if frame is None or frame.session != self.session or (not self.opened and frame.kind is not Kind.OPEN):
            self.tally.dropped += 1
            return
        self.tally.heard += 1
        self._silent = 0
        progress = not self.opened
        if progress and (frame.position or frame.received):
            # The board knows this number from an earlier session, and goes on with that: another one.
            self.session = self.session % ((1 << 16) - 1) + 1
            self._knocked = None
            return
        if progress:
            self.opened = True
            self._ask, self._copies = False, 0
            self.opening = now - (now if self._called is None else self._called)
            self.least = self.timeout = max(self.least, OPENINGS * (now - (now if self._knocked is None else self._knocked)))
        answer = self._out.accept(frame.received, frame.window)
        progress |= bool(answer)
        if answer is not None and frame.flags & Flag.REWIND and self._out.acked < self._out.next:
            self._rewind(now)
        progress |= self._take(frame, now)
        if progress:
            if self._since is not None:
                self.tally.stall = max(self.tally.stall, now - self._moved)
            self._moved, self._since = now, now if self._outstanding else None
            self.timeout = max(self.least, self.timeout * FASTER)

    def _rewind(self, now: float) -> None:
        """The board misses what stands at `acked`. All frames behind the lost one say so; one of them is enough."""
        if self._again(self._rewound, self._out.acked, now):
            self._rewound = self._out.acked, now
            self._out.rewind()
            self.tally.rewinds += 1

    def _take(self, frame: Frame, now: float) -> bool:
        """The board's words, if they are the next; whether they are."""
        gap = ahead(frame.position, self._due % POSITIONS)
        if gap == 0 and frame.words:
            self._inbox += frame.words
            self._due += len(frame.words)
            self._owed = True
            return True
        if 0 < gap < POSITIONS // 2 and self._again(self._asked, self._due, now):
            self._asked = self._due, now
            self._ask = True
            self.tally.rewinds += 1
        # Words that came before: the board has not heard that they did.
        self._owed |= bool(frame.words)
        return False

    def _again(self, last: tuple[int, float] | None, position: int, now: float) -> bool:
        """Whether going back to a position is not under way already."""
        return last is None or last[0] != position or now >= last[1] + self.timeout
