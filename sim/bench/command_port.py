"""What stands round a command port on the bench: memories behind ``host``, and a sequencer that takes runs and computes nothing."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from loschmidt.hw.host_access import MOVE_AFTER, MOVE_BEFORE, READ_LATENCY
from loschmidt.hw.request import run_layout
from loschmidt.spec import layout
from loschmidt.spec.layout import SHARED, Bank
from loschmidt.spec.shape import Shape

from .command_model import Tallies, move_word, no_memory
from .operations import fields, unpack
from .pins import Pins

#: Cycles of the longest run: enough for several requests to come meanwhile.
LONGEST = 300


class Place(NamedTuple):
    """What must hold still while a word is read or moved."""

    bank: int
    address: int
    lane: int


#: Where nothing is reached for.
NOWHERE = Place(-1, -1, -1)


class Memories:
    """The banks, as late as `hw.host_access` says they may be, and of no use to who is too early."""

    def __init__(self, pins: Pins, shape: Shape, seed: int) -> None:
        self.words = no_memory(shape)
        self._pins, self._shape, self._choice = pins, shape, random.Random(seed)
        self._place, self._still = NOWHERE, 0
        self._widths = {bank: layout.width(bank, shape) for bank in Bank}
        self._garbage = 0
        self._moving = 0  # cycles for which the places of a move must hold still
        self._targets = (0, 0)

    def cycle(self, running: bool) -> dict[str, int]:
        """Look at the port; returns the inputs of the next cycle."""
        pins, get = self._pins, self._pins.get
        if not get("host_active"):
            assert not self._moving, "a move is given up too early"
            self._place, self._still = NOWHERE, 0
            return {"host_answer": self._garbage}
        place = Place(get("host_bank"), get("host_address"), get("host_lane"))
        self._still = self._still + 1 if place == self._place else 1
        if self._still == 1:
            self._garbage = self._choice.getrandbits(max(self._widths.values()))
        assert not running, "memories are reached for while a run is under way"
        if self._moving:
            self._moving -= 1
            assert place == self._place, "a move's address changed too early"
            assert self._targets == (get("host_destination"), get("host_flip")), "a move's destination changed too early"
        self._place = place
        if get("host_write"):
            self._write(place.bank, place.address, place.lane, pins.signed("host_data"), bool(get("host_every")))
        if get("host_move"):
            assert not self._moving, "a move follows another too soon"
            assert self._still > MOVE_BEFORE, "a move's address came too late"
            self._move(place.address, place.lane)
        return {"host_answer": self._answer()}

    def _write(self, number: int, address: int, lane: int, value: int, every: bool) -> None:
        assert number in self._widths, f"a word is written to bank {number}, which there is not"
        bank = Bank(number)
        assert address < len(self.words[bank]), f"a word is written to address {address} of {bank.name}, which has {len(self.words[bank])}"
        word = self.words[bank][address]
        assert every or lane < len(word), f"a word of {bank.name} is written to lane {lane} of {len(word)}"
        half = 1 << (self._widths[bank] - 1)
        if bank in SHARED:
            assert every, f"a word of {bank.name} is written to one lane"
        for k in range(len(word)) if every else (lane,):
            word[k] = (value + half) % (2 * half) - half

    def _move(self, address: int, lane: int) -> None:
        shape, tile = self._shape, self._shape.tile
        self._targets = self._pins.get("host_destination"), self._pins.get("host_flip")
        self._moving = MOVE_AFTER - 1
        move_word(self.words, shape, self._targets[0], address, range(lane, shape.lanes, tile), bool(self._targets[1]))

    def _answer(self) -> int:
        """The word addressed, once it has been for long enough; before that anything."""
        place = self._place
        if self._still < READ_LATENCY or place.bank not in self._widths:
            return self._garbage
        words = self.words[Bank(place.bank)]
        known = place.address < len(words) and place.lane < len(words[place.address])
        value = words[place.address][place.lane] if known else self._garbage
        return value & ((1 << max(self._widths.values())) - 1)


class Runs:
    """Takes runs now and then, keeps each for a while, and raises what flags it likes.

    Parameters
    ----------
    expected : returns the fields of the run that is due; those left out may be anything
    """

    def __init__(self, pins: Pins, shape: Shape, seed: int, expected: Callable[[], dict[str, int]]) -> None:
        self._pins, self._shape, self._choice, self._expected = pins, shape, random.Random(seed), expected
        self._fields = fields(run_layout(shape))
        self._ways: list[tuple[int, int] | None] = [None] * shape.ways  # context and cycles left
        self._late = deque([True] * self._choice.randrange(1, 8))
        self._context_bits = max(1, (shape.contexts - 1).bit_length())
        self._ready, self._idle, self._issued = False, True, False
        self.tallies, self.taken = Tallies(), 0

    @property
    def running(self) -> bool:
        return any(way is not None for way in self._ways)

    def cycle(self) -> dict[str, int]:
        """Look at the port; returns the inputs of the next cycle."""
        choice = self._choice
        self.tallies.cycles += not self._idle
        self.tallies.busy += self._issued
        asked = bool(self._pins.get("run_valid"))
        run = unpack(self._pins.get("run"), self._fields) if asked else {}
        ways = [None if way is None or way[1] == 0 else (way[0], way[1] - 1) for way in self._ways]
        if asked and self._ready:
            expected = self._expected()
            assert {name: run[name] for name in expected} == expected, f"run {run} instead of {expected}"
            self.taken += 1
            ways[choice.choice([w for w, way in enumerate(ways) if way is None])] = (run["context"], choice.randrange(LONGEST))
        self._ways = ways
        free = None in ways and run.get("context") not in [way[0] for way in ways if way is not None]
        self._ready = asked and free and choice.random() < 0.3
        # That a run is under way, or no longer, is seen a little later.
        self._late.append(not self.running)
        self._idle = self._late.popleft()
        self._issued = self.running and choice.random() < 0.7
        done = flags = clips = contexts = 0
        for w, way in enumerate(ways):
            context, ends = (0, False) if way is None else (way[0], way[1] == 0)
            overflow, clip = choice.random() < 0.5, choice.random() < 0.5
            done |= ends << w
            flags |= overflow << w
            clips |= clip << w
            contexts |= context << w * self._context_bits
            if ends and overflow:
                self.tallies.overflow.add(context)
            if ends and clip:
                self.tallies.clip.add(context)
        return {
            "run_ready": self._ready,
            "idle": self._idle,
            "issued": self._issued,
            "done": done,
            "overflow": flags,
            "clip": clips,
            "done_context": contexts,
        }
