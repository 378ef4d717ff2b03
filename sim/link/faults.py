"""A line that damages, loses, doubles, reorders and cuts frames, each at its rate, repeatably."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Rates:
    """Of a hundred frames, how many meet which fault; a frame may meet several.

    Members
    -------
    damaged : some bits of it turn over
    dropped : it never arrives
    doubled : it arrives twice
    reordered : it arrives behind the next
    cut : its end is missing, delimiter and all, so that it runs into the next
    """

    damaged: float = 0.0
    dropped: float = 0.0
    doubled: float = 0.0
    reordered: float = 0.0
    cut: float = 0.0


CLEAN = Rates()

#: What the link is measured with.
ROUGH = Rates(damaged=1.0, dropped=1.0, doubled=1.0, reordered=0.5, cut=0.5)


class FaultyLine:
    """One direction of a line.

    Parameters
    ----------
    rates : `Rates`
    seed : of what happens to which frame

    Members
    -------
    met : how many frames met which fault
    """

    def __init__(self, rates: Rates, seed: int) -> None:
        self._rates, self._random = rates, Random(seed)
        self._held = b""
        self.met: Counter[str] = Counter()

    def carry(self, frame: bytes) -> bytes:
        """What arrives when this is sent: nothing, or something else, or more."""
        if self._meets("dropped"):
            return b""
        if self._meets("damaged"):
            frame = self._damaged(frame)
        if self._meets("cut"):
            frame = frame[: self._random.randrange(len(frame))]
        if self._meets("doubled"):
            frame += frame
        held, self._held = self._held, b""
        if not held and self._meets("reordered"):
            self._held = frame
            return b""
        return frame + held

    def _meets(self, fault: str) -> bool:
        rate = getattr(self._rates, fault)
        happens: bool = rate > 0 and self._random.random() * 100 < rate
        self.met[fault] += happens
        return happens

    def _damaged(self, frame: bytes) -> bytes:
        """One to three bits, or a burst within a few bytes, turned over."""
        altered = bytearray(frame)
        if self._random.random() < 0.5:
            for _ in range(self._random.randint(1, 3)):
                altered[self._random.randrange(len(altered))] ^= 1 << self._random.randrange(8)
        else:
            start = self._random.randrange(len(altered))
            for place in range(start, min(start + self._random.randint(1, 8), len(altered))):
                altered[place] ^= self._random.randrange(1, 256)
        return bytes(altered)
