"""When overlapped operations do what they would do one after another: no word is read before it is written, or written before it is
read; nobody's sum or ring is taken over; no two tickets meet.

When the gateware reads and writes is what `hw.operation`'s tables say; a word written in one cycle can be read from the next on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from loschmidt.hw.operation import Consumer, Left, Right
from loschmidt.spec.shape import Shape

from .operations import Operation

#: A word: what kind, and at which address.
Word = tuple[str, int]

#: Age at which lane 0 of a tile is at stage 0; stages at which y, x, and p or a conjugate are stored; least cycles between tickets.
FIRST_STAGE = 7
Y, X, SIDE = 8, 11, 12
APART = 8


def reads(op: Operation) -> Iterator[tuple[Word, int]]:
    """Every word that an operation reads in a lane, and at which age."""
    x = f"x{op['buffer']}"
    names = {"X": x, "Y": "y", "P": "p", "CONJUGATE_LOW": "conjugate", "CONJUGATE_HIGH": "conjugate"}
    left, right = Left(op["left"]).name, Right(op["right"]).name
    if left in names:
        yield (names[left], op["file"]), 0
    if right in names:
        yield (names[right], op["file" if right == "P" else "right_file"]), 0
    if op["ring_move"] and op["ring_load"]:
        yield (x, op["right_file"]), 0
    if op["accumulate"]:
        yield ("accumulator", op["accumulator"]), 6


class Hazards:
    """Watches operations as they are issued."""

    def __init__(self, shape: Shape) -> None:
        self._lanes = shape.tile
        self._readable: dict[Word, int] = {}
        self._writable: dict[Word, int] = {}
        self._owner: dict[str, int | None] = {"ring": None, "sum": None}
        self._ticket = -max(APART, self._lanes)
        self._moves: deque[int] = deque(maxlen=32)  # when kicks and drifts were issued

    def _reads(self, op: Operation) -> Iterator[tuple[Word, int, int]]:
        """Words, and the first and last age at which they are read."""
        for word, age in reads(op):
            yield word, age, age
        if Consumer(op["consumer"]) in (Consumer.KICK, Consumer.DRIFT):
            yield self._span(("momentum", op["state"]), 0)
            yield self._span(("position", op["state"]), 6)

    def _writes(self, op: Operation) -> Iterator[tuple[Word, int, int]]:
        """Words, and the first and last age at which they are written."""
        match Consumer(op["consumer"]):
            case Consumer.Z:
                yield self._span(("y", op["out_file"]), Y)
                yield self._span(("conjugate", op["out_file"]), SIDE)
            case Consumer.KICK | Consumer.DRIFT:
                if op["consumer"] == Consumer.KICK.value:
                    yield self._span(("momentum", op["state"]), 3)
                yield self._span(("position", op["state"]), 9)
                yield self._span((f"x{op['out_buffer']}", op["out_file"]), X)
                yield self._span(("p", op["out_file"]), SIDE)
        if op["accumulate"]:
            yield ("accumulator", op["accumulator"]), 9, 9

    def _span(self, word: Word, stage: int) -> tuple[Word, int, int]:
        return word, FIRST_STAGE + stage, FIRST_STAGE + stage + self._lanes - 1

    def early(self, op: Operation, cycle: int) -> str | None:
        """What the operation, issued at ``cycle``, would read or write too early; None if nothing."""
        for word, first, _ in self._reads(op):
            # Of a ticket's own words each lane's is read as long after it was written as any other's.
            missing = self._readable.get(word, 0) - (cycle + first)
            if word[0] in ("momentum", "position"):
                missing -= self._lanes - 1
            if missing > 0:
                return f"{word[0]} {word[1]} is read {missing} cycles before it is written"
        for word, first, _ in self._writes(op):
            missing = self._writable.get(word, 0) - (cycle + first)
            if missing > 0:
                return f"{word[0]} {word[1]} is written {missing} cycles before it is read"
        return None

    def meets(self, op: Operation, cycle: int) -> str | None:
        """Whose ticket the operation's would meet; None if nobody's."""
        consumer = Consumer(op["consumer"])
        if consumer is Consumer.NONE:
            return None
        if cycle - self._ticket < max(APART, self._lanes):
            return f"a ticket {cycle - self._ticket} cycles after another, in a tile of {self._lanes} lanes"
        if consumer is Consumer.Z and any(abs(cycle + Y - (move + X)) < self._lanes for move in self._moves):
            return "an activation is stored as a position is"
        return None

    def stolen(self, op: Operation) -> str | None:
        """What the operation would go on with although another way used it since; None if nothing."""
        for name, used, first in (("ring", "ring_move", "ring_load"), ("sum", "sum_add", "sum_first")):
            if op[used] and not op[first] and self._owner[name] != op["way"]:
                return f"way {op['way']} goes on with the {name} of way {self._owner[name]}"
        if Consumer(op["consumer"]) in (Consumer.Z, Consumer.KICK) and not op["sum_add"]:
            return f"way {op['way']} finishes a sum that it does not add to"
        return None

    def issue(self, op: Operation, cycle: int) -> None:
        """Take note of the operation; `AssertionError` if it came too early or took what is another way's."""
        for fault in (self.early(op, cycle), self.meets(op, cycle), self.stolen(op)):
            assert fault is None, fault
        for word, _, last in self._reads(op):
            self._writable[word] = max(self._writable.get(word, 0), cycle + last)
        for word, _, last in self._writes(op):
            self._readable[word] = cycle + last + 1
        for name, used in (("ring", "ring_move"), ("sum", "sum_add")):
            if op[used]:
                self._owner[name] = op["way"]
        consumer = Consumer(op["consumer"])
        if consumer is not Consumer.NONE:
            self._ticket = cycle
        if consumer in (Consumer.KICK, Consumer.DRIFT):
            self._moves.append(cycle)
