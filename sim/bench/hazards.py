"""When overlapped operations do what they would do one after another: no word is read before it is written, nobody's sum is taken over.

Ages at which the gateware reads and writes are those of `hw.operation`'s table; a word written at age w can be read from the cycle after.
"""

from __future__ import annotations

from collections.abc import Iterator

from loschmidt.hw.operation import Consumer, Left, Right, Source

from .operations import Operation

#: A word: what kind, and at which address.
Word = tuple[str, int]

_LEFT = {
    Left.RISE: "z",
    Left.X: "x",
    Left.Y: "y",
    Left.PAIR: "pair",
    Left.P: "p",
    Left.POTENTIAL_LOW: "potential",
    Left.POTENTIAL_HIGH: "potential",
}
_RIGHT = {Right.X: "x", Right.Y: "y", Right.OFFSET: "z", Right.P: "p"}
_MOMENTUM = (Right.MOMENTUM_LOW, Right.MOMENTUM_HIGH)


def reads(op: Operation) -> Iterator[tuple[Word, int]]:
    """Every word that an operation reads, and at which age."""
    left, right, consumer = Left(op["left"]), Right(op["right"]), Consumer(op["consumer"])
    for name in (_LEFT.get(left), _RIGHT.get(right)):
        if name is not None:
            yield (name, op["file"]), 0
    if right in _MOMENTUM:
        yield ("momentum", op["state"]), 0
    if op["ring_move"] and op["ring_load"]:
        yield ("x", op["ring_file"]), 0
    if consumer in (Consumer.Y, Consumer.POTENTIAL):
        yield ("z", op["file"]), 5
    if op["accumulate"]:
        yield ("accumulator", op["accumulator"]), 6
    if consumer is Consumer.KICK or op["store_p"]:
        yield ("momentum", op["state"]), 7
    if consumer is Consumer.DRIFT:
        yield ("position", op["state"]), 7


def writes(op: Operation) -> Iterator[tuple[Word, int]]:
    """Every word that an operation writes, and at which age."""
    match Consumer(op["consumer"]):
        case Consumer.Z:
            yield ("z", op["out_file"]), 8
        case Consumer.Y:
            yield ("y", op["out_file"]), 8
            yield ("pair", op["out_file"]), 8
        case Consumer.POTENTIAL:
            yield ("potential", op["out_file"]), 8
        case Consumer.KICK:
            yield ("momentum", op["state"]), 9
        case Consumer.DRIFT:
            yield ("position", op["state"]), 10
            yield ("x", op["out_file"]), 11
    if op["store_p"]:
        yield ("p", op["out_file"]), 10
    if op["accumulate"]:
        yield ("accumulator", op["accumulator"]), 8


class Hazards:
    """Watches operations as they are issued."""

    def __init__(self) -> None:
        self._readable: dict[Word, int] = {}
        self._owner: dict[str, int | None] = {"ring": None, "sum": None, "scratch": None}

    def early(self, op: Operation, cycle: int) -> str | None:
        """What the operation, issued at ``cycle``, would read too early; None if nothing."""
        for word, age in reads(op):
            missing = self._readable.get(word, 0) - (cycle + age)
            if missing > 0:
                return f"{word[0]} {word[1]} is read {missing} cycles before it is written"
        return None

    def stolen(self, op: Operation) -> str | None:
        """What the operation would go on with although another way used it since; None if nothing."""
        uses = (("ring", "ring_move", "ring_load"), ("sum", "sum_add", "sum_first"), ("scratch", "scratch_add", "scratch_first"))
        for name, used, first in uses:
            if op[used] and not op[first] and self._owner[name] != op["way"]:
                return f"way {op['way']} goes on with the {name} of way {self._owner[name]}"
        if Consumer(op["consumer"]) is not Consumer.NONE:
            name = "scratch" if Source(op["source"]) is Source.SCRATCH else "sum"
            if not op[f"{name}_add"]:
                return f"way {op['way']} finishes a {name} that it does not add to"
        return None

    def issue(self, op: Operation, cycle: int) -> None:
        """Take note of the operation; `AssertionError` if it came too early or took what is another way's."""
        for fault in (self.early(op, cycle), self.stolen(op)):
            assert fault is None, fault
        for word, age in writes(op):
            self._readable[word] = cycle + age + 1
        for name, used in (("ring", "ring_move"), ("sum", "sum_add"), ("scratch", "scratch_add")):
            if op[used]:
                self._owner[name] = op["way"]
