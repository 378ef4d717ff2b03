"""The large memories with one port that some families have beside their block RAMs."""

from __future__ import annotations

from amaranth.hdl import ClockSignal, Instance, Value

#: Words of one of iCE40 UltraPlus' memories, and bits of a word.
WORDS, WIDTH = 1 << 14, 16


def spram(address: Value, write: Value, data: Value, word: Value) -> Instance:
    """SB_SPRAM256KA (Lattice TN1314). A word is there a cycle after it was addressed, unless one was written then; at first, any."""
    return Instance(
        "SB_SPRAM256KA",
        i_CLOCK=ClockSignal(),
        i_ADDRESS=address,
        i_DATAIN=data,
        i_MASKWREN=0b1111,
        i_WREN=write,
        i_CHIPSELECT=1,
        i_STANDBY=0,
        i_SLEEP=0,
        # Low is off.
        i_POWEROFF=1,
        o_DATAOUT=word,
    )
