"""How the fields of an operation are packed into a word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from amaranth.hdl import Shape as Signature

#: An operation's fields, integers.
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
