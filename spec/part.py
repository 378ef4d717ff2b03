"""The FPGAs that boards carry: what each has of what an array needs, from its maker's data sheet."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from .pll import Limits


class Family(StrEnum):
    """FPGAs that are built by one flow and have the same kind of blocks."""

    ECP5 = "ecp5"
    ICE40 = "ice40"  #: the UltraPlus members, which have multipliers
    GOWIN = "gowin"
    XILINX7 = "xilinx7"


#: Forms of a family's block RAM: bits of a word -> words.
_FORMS = {
    Family.ECP5: {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384},
    Family.ICE40: {16: 256, 8: 512, 4: 1024, 2: 2048},
    Family.GOWIN: {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384},
    Family.XILINX7: {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384},
}

#: Memories of no more words than this are made of logic cells where the family can do so.
_LOGIC_WORDS = {Family.ECP5: 32, Family.ICE40: 0, Family.GOWIN: 32, Family.XILINX7: 32}


@dataclass(frozen=True)
class Part:
    """One FPGA.

    Members
    -------
    name : as its maker calls it, without package and speed
    luts, flip_flops, block_rams, multipliers : how many of each
    multiplier_width : bits of the operands of one multiplier, both signed
    pll : limits of its PLL
    """

    name: str
    family: Family
    luts: int
    flip_flops: int
    block_rams: int
    multipliers: int
    multiplier_width: int
    pll: Limits

    def blocks(self, width: int, depth: int) -> int:
        """Block RAMs of a memory of ``depth`` words of ``width`` bits; none if it is shallow enough for logic cells."""
        if depth <= _LOGIC_WORDS[self.family]:
            return 0
        return min(-(-width // bits) * -(-depth // words) for bits, words in _FORMS[self.family].items())

    def factors(self, width: int) -> int:
        """Multipliers of a signed product of two operands of ``width`` bits."""
        return (-(-width // self.multiplier_width)) ** 2


MHZ = 1_000_000

_ECP5_PLL = Limits(
    range(1, 129), range(1, 81), range(1, 129), (3_125_000, 400 * MHZ), (400 * MHZ, 800 * MHZ), (3_125_000, 400 * MHZ), behind=True
)
#: Factors are DIVF + 1, outputs 2^DIVQ.
_ICE40_PLL = Limits(
    range(1, 17),
    range(1, 129),
    [1 << q for q in range(1, 7)],
    (10 * MHZ, 133 * MHZ),
    (533 * MHZ, 1066 * MHZ),
    (16 * MHZ, 275 * MHZ),
    behind=False,
)
_GOWIN_OUTPUTS = (2, 4, 8, *range(16, 129, 16))
_GW1N_PLL = Limits(
    range(1, 65), range(1, 65), _GOWIN_OUTPUTS, (3 * MHZ, 400 * MHZ), (400 * MHZ, 1200 * MHZ), (3_125_000, 600 * MHZ), behind=True
)
_GW2A_PLL = Limits(
    range(1, 65), range(1, 65), _GOWIN_OUTPUTS, (3 * MHZ, 500 * MHZ), (500 * MHZ, 1250 * MHZ), (3_906_250, 625 * MHZ), behind=True
)
#: Whole numbers only, of speed grade -1.
_XILINX7_PLL = Limits(
    range(1, 107), range(2, 65), range(1, 129), (10 * MHZ, 450 * MHZ), (600 * MHZ, 1200 * MHZ), (4_690_000, 800 * MHZ), behind=False
)

_ALL = (
    Part("LFE5U-12F", Family.ECP5, 12_000, 12_000, 32, 28, 18, _ECP5_PLL),
    Part("LFE5U-25F", Family.ECP5, 24_288, 24_288, 56, 28, 18, _ECP5_PLL),
    Part("LFE5U-45F", Family.ECP5, 43_848, 43_848, 108, 72, 18, _ECP5_PLL),
    Part("LFE5U-85F", Family.ECP5, 83_640, 83_640, 208, 156, 18, _ECP5_PLL),
    Part("LFE5UM5G-85F", Family.ECP5, 83_640, 83_640, 208, 156, 18, _ECP5_PLL),
    Part("iCE40UP5K", Family.ICE40, 5_280, 5_280, 30, 8, 16, _ICE40_PLL),
    Part("GW1NR-9C", Family.GOWIN, 8_640, 6_480, 26, 20, 18, _GW1N_PLL),
    Part("GW2A-18C", Family.GOWIN, 20_736, 15_552, 46, 48, 18, _GW2A_PLL),
    # The same die with SDRAM beside it.
    Part("GW2AR-18C", Family.GOWIN, 20_736, 15_552, 46, 48, 18, _GW2A_PLL),
    # Block RAMs of 18 kbit, as elsewhere: two to each of Xilinx's own of 36.
    Part("xc7a100ti", Family.XILINX7, 63_400, 126_800, 270, 240, 18, _XILINX7_PLL),
)

PARTS = {part.name: part for part in _ALL}
