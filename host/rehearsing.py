"""Measuring the link: words through a simulated line that loses, damages, doubles, reorders and cuts frames, and how busy it stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

import numpy as np

from loschmidt.sim.link import CLEAN, ROUGH, DeviceEnd, Pace, Rates, Rehearsal, StuckError
from loschmidt.sim.link.scrambler import Scrambler, scrambled

from .link import LinkError, LinkPort, Tally
from .report import Row

#: Frames that are sent in all, both ways, over rough lines.
FRAMES = 100_000

#: The board's buffers, in words, that are tried.
BUFFERS = (128, 1024, 4096)

#: Seconds without progress after which the host asks again, here; and the number of those in which it must have recovered.
TIMEOUT, RECOVERY = 0.02, 3

#: Words of a request and its response: less than a frame, a few frames, more than most buffers.
SIZES = (1, 5, 60, 300, 3000)

#: Seconds that a frame may take on average before the whole counts as hung, and bits of the line that come on top.
SLOWEST, LONGEST = 0.05, 20_000

#: The share of the time in which the line to the board must be busy while words are streamed there, and how many are.
BUSY, STREAMED = 0.9, 200_000


@dataclass(frozen=True)
class Rehearsed:
    """What came of a rehearsal.

    Members
    -------
    frames : that both ends sent
    words : that went there and back
    wrong : responses that were not what they should be
    hung : whether it came to nothing: the host gave up, or would have waited for ever
    stall : the longest time without progress, in timeouts
    faults : frames that met a fault
    tally : the host's own count
    """

    frames: int
    words: int
    wrong: int
    hung: bool
    stall: float
    faults: int
    tally: Tally


@dataclass(frozen=True)
class Cast:
    """Who plays the two ends."""

    end: type[DeviceEnd] = DeviceEnd
    port: type[LinkPort] = LinkPort


def rehearse(
    frames: int,
    rates: Rates,
    seed: int,
    buffer: int,
    *,
    cast: Cast | None = None,
    pace: Pace | None = None,
    tell: Callable[[float], None] | None = None,
) -> Rehearsed:
    """Send random requests to a `Scrambler` until so many frames have been sent, or something is wrong."""
    random = Random(seed)
    cast = cast or Cast()
    pace = pace or Pace()
    line = Rehearsal(cast.end(Scrambler(), buffer), rates, seed, pace, frames * (SLOWEST + LONGEST / pace.baud))
    words = wrong = state = 0
    port: LinkPort | None = None
    hung = False
    try:
        port = cast.port(line, "rehearsal", TIMEOUT, session=1 + random.randrange((1 << 16) - 1))
        while line.frames < frames and not wrong:
            request = [random.getrandbits(32) for _ in range(random.choice(SIZES))]
            port.send(request)
            wanted = scrambled(request, state)
            wrong += port.receive(len(request)).tolist() != wanted
            state, words = wanted[-1], words + len(request)
            if tell is not None:
                tell(min(1.0, line.frames / frames))
    except (LinkError, StuckError):
        hung = True
    tally = port.tally if port is not None else Tally()
    stall = tally.stall / port.least if port is not None else 0.0
    faults = line.there.met.total() + line.back.met.total()
    return Rehearsed(line.frames, words, wrong, hung, stall, faults, tally)


def busy_share(buffer: int, words: int) -> float:
    """The share of the time in which the line to the board carries something while words are streamed there."""
    line = Rehearsal(DeviceEnd(Scrambler(), buffer), CLEAN)
    port = LinkPort(line, "rehearsal", TIMEOUT, session=1)
    start, before = line.now(), line.busy
    port.send(np.arange(words))
    share = (line.busy - before) / (line.now() - start)
    port.receive(words)
    return share


def rows(seed: int, tell: Callable[[str, float], None], frames: int = FRAMES) -> Iterator[Row]:
    """What `loschmidt verify --check link` shows."""
    for index, buffer in enumerate(BUFFERS):
        what = f"rough line, buffer of {buffer} words"
        found = rehearse(frames // len(BUFFERS) + 1, ROUGH, seed + index, buffer, tell=partial(tell, what))
        measured: dict[str, float] = {
            "frames": found.frames,
            "faults": found.faults,
            "wrong": found.wrong,
            "hung": int(found.hung),
            "timeouts to recover": round(found.stall, 3),
        }
        passed = not found.wrong and not found.hung and found.stall <= RECOVERY
        yield Row("-", "link", what, measured, f"none wrong, none hung, recovers within {RECOVERY} timeouts", passed)
    share = busy_share(BUFFERS[1], STREAMED)
    yield Row("-", "link", f"streaming, buffer of {BUFFERS[1]} words", {"busy": share}, f"line busy {BUSY:.0%}", share >= BUSY)
