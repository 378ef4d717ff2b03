"""How wide a number must be that counts or addresses something."""

from __future__ import annotations

from amaranth.hdl import Shape, unsigned


def index(count: int) -> Shape:
    """Unsigned shape of 0 to ``count - 1``; at least one bit, as some tools do not take signals of none."""
    return unsigned(max(1, (count - 1).bit_length()))
