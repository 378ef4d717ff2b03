"""The clock multiplier of each family, set as `spec.pll` found."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from amaranth.hdl import Const, Elaboratable, Instance, IOPort, Module, Signal, Value

from loschmidt.spec.part import Family, Part
from loschmidt.spec.pll import Setting, megahertz

#: iCE40: the loop filter's setting below each frequency of the reference, in MHz.
_ICE40_FILTER = ((17, 1), (26, 2), (44, 3), (66, 4), (101, 5), (133, 6))


class Pll(Elaboratable):
    """A PLL that makes ``setting.made`` Hz of ``source``, a clock of ``setting.input`` Hz.

    Members
    -------
    source : Value, or on iCE40 the pin itself: its PLL sits in the pin
    clock : Signal(1), what it makes
    locked : Signal(1), asynchronous: the clock is good
    """

    def __init__(self, part: Part, setting: Setting, source: Value | IOPort) -> None:
        self.part, self.setting, self.source = part, setting, source
        self.clock, self.locked = Signal(), Signal()

    def elaborate(self, platform: object) -> Module:
        m = Module()
        make = {Family.ECP5: _ecp5, Family.ICE40: _ice40, Family.GOWIN: _gowin, Family.XILINX7: _xilinx7}[self.part.family]
        m.submodules += make(self)
        return m


def _ecp5(pll: Pll) -> Iterable[Instance]:
    """EHXPLLL (Lattice TN1263), its feedback taken from the output it makes."""
    s = pll.setting
    yield Instance(
        "EHXPLLL",
        # The programs of the flow derive the output's frequency from these; loop filter as Lattice's own tool sets it.
        a_FREQUENCY_PIN_CLKI=megahertz(s.input),
        a_FREQUENCY_PIN_CLKOP=megahertz(s.made),
        a_ICP_CURRENT="12",
        a_LPF_RESISTOR="8",
        a_MFG_ENABLE_FILTEROPAMP="1",
        a_MFG_GMCREF_SEL="2",
        p_PLLRST_ENA="DISABLED",
        p_INTFB_WAKE="DISABLED",
        p_STDBY_ENABLE="DISABLED",
        p_DPHASE_SOURCE="DISABLED",
        p_OUTDIVIDER_MUXA="DIVA",
        p_CLKI_DIV=s.divisor,
        p_CLKFB_DIV=s.factor,
        p_FEEDBK_PATH="CLKOP",
        p_CLKOP_ENABLE="ENABLED",
        p_CLKOP_DIV=s.output,
        p_CLKOP_CPHASE=s.output // 2,
        p_CLKOP_FPHASE=0,
        i_RST=0,
        i_STDBY=0,
        i_CLKI=pll.source,
        i_CLKFB=pll.clock,
        i_PHASESEL0=0,
        i_PHASESEL1=0,
        i_PHASEDIR=1,
        i_PHASESTEP=1,
        i_PHASELOADREG=1,
        i_PLLWAKESYNC=0,
        i_ENCLKOP=0,
        o_CLKOP=pll.clock,
        o_LOCK=pll.locked,
    )


def _ice40(pll: Pll) -> Iterable[Instance]:
    """SB_PLL40_PAD (Lattice TN1251)."""
    s = pll.setting
    yield Instance(
        "SB_PLL40_PAD",
        p_FEEDBACK_PATH="SIMPLE",
        p_DIVR=s.divisor - 1,
        p_DIVF=s.factor - 1,
        p_DIVQ=s.output.bit_length() - 1,
        p_FILTER_RANGE=next(value for limit, value in _ICE40_FILTER if s.reference <= Fraction(limit) * 1_000_000),
        i_PACKAGEPIN=pll.source,
        i_RESETB=1,
        i_BYPASS=0,
        o_PLLOUTGLOBAL=pll.clock,
        o_LOCK=pll.locked,
    )


def _gowin(pll: Pll) -> Iterable[Instance]:
    """RPLL (Gowin UG286)."""
    s = pll.setting
    dynamic = {f"p_DYN_{name}_SEL": "false" for name in ("IDIV", "FBDIV", "ODIV")}
    unused = {"ODSEL": 6, "FBDSEL": 6, "IDSEL": 6, "PSDA": 4, "DUTYDA": 4, "FDLY": 4}
    yield Instance(
        "rPLL",
        p_FCLKIN=megahertz(s.input),
        p_DEVICE=pll.part.name,
        p_IDIV_SEL=s.divisor - 1,
        p_FBDIV_SEL=s.factor - 1,
        p_ODIV_SEL=s.output,
        **dynamic,
        p_PSDA_SEL="0000",
        p_DUTYDA_SEL="1000",
        p_DYN_DA_EN="false",
        p_CLKFB_SEL="internal",
        p_CLKOUT_BYPASS="false",
        p_CLKOUTP_BYPASS="false",
        p_CLKOUTD_BYPASS="false",
        p_CLKOUTD_SRC="CLKOUT",
        p_CLKOUTD3_SRC="CLKOUT",
        p_DYN_SDIV_SEL=2,
        i_CLKIN=pll.source,
        i_CLKFB=0,
        i_RESET=0,
        i_RESET_P=0,
        **{f"i_{name}": Const(0, width) for name, width in unused.items()},
        o_CLKOUT=pll.clock,
        o_LOCK=pll.locked,
    )


def _xilinx7(pll: Pll) -> Iterable[Instance]:
    """MMCME2_BASE (Xilinx UG472), and the buffer that its output goes through."""
    s = pll.setting
    feedback, made = Signal(), Signal()
    yield Instance(
        "MMCME2_BASE",
        p_CLKIN1_PERIOD=1e9 / s.input,
        p_DIVCLK_DIVIDE=s.divisor,
        p_CLKFBOUT_MULT_F=float(s.factor),
        p_CLKOUT0_DIVIDE_F=float(s.output),
        i_CLKIN1=pll.source,
        i_CLKFBIN=feedback,
        i_PWRDWN=0,
        i_RST=0,
        o_CLKFBOUT=feedback,
        o_CLKOUT0=made,
        o_LOCKED=pll.locked,
    )
    yield Instance("BUFG", i_I=made, o_O=pll.clock)
