"""The CRC of frames, two bits a cycle: a quarter of the logic that whole bytes would take, and the line is far slower."""

from __future__ import annotations

from amaranth.lib.crc import Processor
from amaranth.lib.crc.catalog import CRC32_ETHERNET

#: Bits that go in at a time, lowest first, and how often for a byte.
STEP = 2
PAIRS = 8 // STEP


def crc() -> Processor:
    """A fresh one, for `STEP` bits a cycle."""
    return CRC32_ETHERNET(STEP).create()
