"""Operations as a lane sees them: issued one a cycle, each at hand at every age; and how their fields are packed into a word."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Shape as Signature

from loschmidt.hw.operation import AGES, STAGES, aged_layout, operation_layout
from loschmidt.spec.shape import Shape

#: An operation's fields, integers; those left out are random, as an operation must not depend on them.
Operation = Mapping[str, int]


def fields(layout: Any) -> dict[str, tuple[int, int]]:
    """Offset and width of every field of a structure."""
    return {name: (field.offset, Signature.cast(field.shape).width) for name, field in layout}


def unpack(word: int, layout: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """The fields of a structure's word, unsigned."""
    return {name: word >> offset & ((1 << width) - 1) for name, (offset, width) in layout.items()}


def pack(values: Mapping[str, int], layout: Mapping[str, tuple[int, int]]) -> int:
    """The inverse of `unpack`; negative values in two's complement."""
    return sum((value & ((1 << layout[name][1]) - 1)) << layout[name][0] for name, value in values.items())


class Ages:
    """Delays operations: what `issue` returns is the word for the port ``operation``, in the cycle in which the new one has age 0."""

    def __init__(self, shape: Shape, seed: int) -> None:
        self._choice = random.Random(seed)
        self._fields = fields(operation_layout(shape))
        self._places = self._packed_places(shape)
        self._past: deque[dict[str, int]] = deque((self._filled({}) for _ in range(STAGES)), maxlen=STAGES)

    def issue(self, operation: Operation | None = None) -> int:
        """Let all others age by a cycle. Without an operation ``valid`` is low, and everything else random."""
        self._past.appendleft(self._filled({} if operation is None else {"valid": 1, **operation}))
        past = self._past
        return sum(past[age][name] << offset for age, name, offset in self._places)

    def _filled(self, operation: Operation) -> dict[str, int]:
        unknown = operation.keys() - self._fields.keys()
        assert not unknown, f"an operation has no {sorted(unknown)}"
        noise = self._choice.getrandbits(128)
        return {**unpack(noise, self._fields), "valid": 0, **operation}

    @staticmethod
    def _packed_places(shape: Shape) -> list[tuple[int, str, int]]:
        """Age, field and offset in the word."""
        aged = aged_layout(shape)
        places = []
        for age, names in AGES.items():
            outer = aged[f"age_{age}"]
            inner = fields(outer.shape)
            places += [(age, name, outer.offset + inner[name][0]) for name in names]
        return places
