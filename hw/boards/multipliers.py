"""Multiplier blocks of the families, with their own registers for operands, partial products and result: latency 3, one a cycle."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import ClockSignal, Instance, Value

from loschmidt.spec.part import Family

#: A block: left, right and product, all of the block's own width.
Block = Callable[[Value, Value, Value], Instance]


def _ecp5(left: Value, right: Value, product: Value) -> Instance:
    """MULT18X18D (Lattice TN1267): its ports are single bits; inputs that are not named are tied off by the tools."""
    bits = {f"i_A{i}": left[i] for i in range(18)} | {f"i_B{i}": right[i] for i in range(18)} | {f"o_P{i}": product[i] for i in range(36)}
    registers = {
        f"p_REG_{register}_{setting}": value
        for register in ("INPUTA", "INPUTB", "PIPELINE", "OUTPUT")
        for setting, value in (("CLK", "CLK0"), ("CE", "CE0"), ("RST", "RST0"))
    }
    return Instance(
        "MULT18X18D",
        **registers,
        i_CLK0=ClockSignal(),
        i_CE0=1,
        i_RST0=0,
        i_SIGNEDA=1,
        i_SIGNEDB=1,
        i_SOURCEA=0,
        i_SOURCEB=0,
        **bits,
    )


def _ice40(left: Value, right: Value, product: Value) -> Instance:
    """SB_MAC16 (Lattice TN1295) as one 16 x 16 multiplier, its adders left out."""
    return Instance(
        "SB_MAC16",
        p_A_REG=1,
        p_B_REG=1,
        p_TOP_8x8_MULT_REG=1,
        p_BOT_8x8_MULT_REG=1,
        p_PIPELINE_16x16_MULT_REG1=1,
        p_PIPELINE_16x16_MULT_REG2=1,
        p_TOPOUTPUT_SELECT=3,
        p_BOTOUTPUT_SELECT=3,
        p_A_SIGNED=1,
        p_B_SIGNED=1,
        i_CLK=ClockSignal(),
        i_CE=1,
        i_A=left,
        i_B=right,
        i_C=0,
        i_D=0,
        **{f"i_{port}": 0 for port in _ICE40_IDLE},
        o_O=product,
    )


_ICE40_IDLE = (
    *("AHOLD", "BHOLD", "CHOLD", "DHOLD", "IRSTTOP", "IRSTBOT", "ORSTTOP", "ORSTBOT", "OLOADTOP", "OLOADBOT"),
    *("ADDSUBTOP", "ADDSUBBOT", "OHOLDTOP", "OHOLDBOT", "CI", "ACCUMCI", "SIGNEXTIN"),
)


def _gowin(left: Value, right: Value, product: Value) -> Instance:
    """MULT18X18 (Gowin UG287)."""
    return Instance(
        "MULT18X18",
        p_AREG=1,
        p_BREG=1,
        p_PIPE_REG=1,
        p_OUT_REG=1,
        p_ASIGN_REG=0,
        p_BSIGN_REG=0,
        p_SOA_REG=0,
        p_MULT_RESET_MODE="SYNC",
        i_CLK=ClockSignal(),
        i_CE=1,
        i_RESET=0,
        i_A=left,
        i_B=right,
        i_SIA=0,
        i_SIB=0,
        i_ASEL=0,
        i_BSEL=0,
        i_ASIGN=1,
        i_BSIGN=1,
        o_DOUT=product,
    )


#: Family -> width of its block's operands, and how to make one. Xilinx's tools recognise the behavioural one and its registers.
BLOCKS: dict[Family, tuple[int, Block]] = {Family.ECP5: (18, _ecp5), Family.ICE40: (16, _ice40), Family.GOWIN: (18, _gowin)}
