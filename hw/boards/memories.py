"""Block RAMs of the ECP5 with the output registers that they have inside: without those, a word comes out later than a cycle may last.

Lattice TN1264. What is not named is tied off by the tools. A read in the cycle of a write to the same word gives either word, or neither.
"""

from __future__ import annotations

from amaranth.hdl import C, ClockSignal, Instance, Signal, Value

#: Words of a memory of one port each way, by the bits of a word.
DEPTHS = {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384}

#: Address lines of either port.
LINES = 14


def _bits(port: str, value: Value, width: int) -> dict[str, Value]:
    """A port of single bits; missing ones are zero."""
    return {f"{port}{bit}": value[bit] if bit < len(value) else C(0, 1) for bit in range(width)}


def _outputs(port: str, value: Signal) -> dict[str, Value]:
    return {f"{port}{bit}": value[bit] for bit in range(len(value))}


def _lines(address: Value, width: int) -> list[Value]:
    """An address as the block wants it: above the lines that choose within its widest word."""
    unused = (LINES - (DEPTHS[width] - 1).bit_length()) * [C(0, 1)]
    return [*unused, *(address[bit] if bit < len(address) else C(0, 1) for bit in range(LINES - len(unused)))]


def narrow(width: int, write: Value, address: Value, data: Value, other: Value, word: Signal, second: Signal) -> Instance:
    """DP16KD of ``width`` <= 18 bits: one port writes and reads ``word`` at ``address``, the other reads ``second`` at ``other``."""
    first_lines, second_lines = _lines(address, width), _lines(other, width)
    if width == 18:
        # The lowest lines of this form enable its bytes.
        first_lines[:2] = [C(1, 1), C(1, 1)]
    return Instance(
        "DP16KD",
        p_DATA_WIDTH_A=width,
        p_DATA_WIDTH_B=width,
        p_REGMODE_A="OUTREG",
        p_REGMODE_B="OUTREG",
        p_RESETMODE="SYNC",
        p_ASYNC_RESET_RELEASE="SYNC",
        p_CSDECODE_A="0b000",
        p_CSDECODE_B="0b000",
        p_CLKAMUX="CLKA",
        p_CLKBMUX="CLKB",
        p_WRITEMODE_A="NORMAL",
        p_WRITEMODE_B="NORMAL",
        p_GSR="DISABLED",
        i_CLKA=ClockSignal(),
        i_CLKB=ClockSignal(),
        i_WEA=write,
        i_WEB=0,
        **{f"i_{name}{port}": 1 for name in ("CE", "OCE") for port in "AB"},
        **{f"i_RST{port}": 0 for port in "AB"},
        **{f"i_CS{port}{bit}": 0 for port in "AB" for bit in range(3)},
        **{f"i_ADA{line}": value for line, value in enumerate(first_lines)},
        **{f"i_ADB{line}": value for line, value in enumerate(second_lines)},
        **_bits("i_DIA", data, 18),
        **_outputs("o_DOA", word),
        **_outputs("o_DOB", second),
    )


def wide(write: Value, address: Value, data: Value, other: Value, word: Signal) -> Instance:
    """PDPW16KD, 512 words of 36 bits: one port writes, ``write`` having a bit for each half; the other reads ``word`` at ``other``."""
    return Instance(
        "PDPW16KD",
        p_DATA_WIDTH_W=36,
        p_DATA_WIDTH_R=36,
        p_REGMODE="OUTREG",
        p_RESETMODE="SYNC",
        p_ASYNC_RESET_RELEASE="SYNC",
        p_CSDECODE_W="0b000",
        p_CSDECODE_R="0b000",
        p_CLKWMUX="CLKW",
        p_CLKRMUX="CLKR",
        p_GSR="DISABLED",
        i_CLKW=ClockSignal(),
        i_CLKR=ClockSignal(),
        i_CEW=1,
        i_CER=1,
        i_OCER=1,
        i_RST=0,
        **{f"i_CS{port}{bit}": 0 for port in "WR" for bit in range(3)},
        **{f"i_BE{byte}": write[byte // 2] for byte in range(4)},
        **_bits("i_ADW", address, 9),
        **{f"i_ADR{line}": value for line, value in enumerate(_lines(other, 36))},
        **_bits("i_DI", data, 36),
        **_outputs("o_DO", word),
    )
