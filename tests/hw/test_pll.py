"""Each family's PLL, every parameter and every input of it: worked out here from the makers' formulas, and from nothing of the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

import pytest
from amaranth.back import rtlil
from amaranth.hdl import IOPort, Signal

from loschmidt.hw.boards.pll import Pll
from loschmidt.spec.board import load, names
from loschmidt.spec.part import MHZ, PARTS, Family
from loschmidt.spec.pll import Setting, solve

#: Board -> what its oscillator gives and what its array runs at, in Hz.
CLOCKS = {
    "ulx3s-85f": (25 * MHZ, 150 * MHZ),
    "ulx3s-85f-dense": (25 * MHZ, 60 * MHZ),
    "ulx3s-85f-linear": (25 * MHZ, 62_500_000),
    "ulx3s-12f": (25 * MHZ, 120 * MHZ),
    "ecpix-5": (100 * MHZ, 150 * MHZ),
    "orangecrab": (48 * MHZ, 132 * MHZ),
    "icebreaker": (12 * MHZ, 18 * MHZ),
    "tang-nano-9k": (27 * MHZ, 54 * MHZ),
    "tang-primer-20k": (27 * MHZ, 81 * MHZ),
    "arty-a7-100": (100 * MHZ, 150 * MHZ),
    "icepi-zero": (50 * MHZ, 100 * MHZ),
    "icesugar-pro": (25 * MHZ, 100 * MHZ),
    "colorlight-5a-75b": (25 * MHZ, 100 * MHZ),
    "butterstick": (30 * MHZ, 120 * MHZ),
    "tang-nano-20k": (27 * MHZ, 54 * MHZ),
}

#: One part of each family, and inputs and outputs in MHz that between them take odd and even divisors, and all settings of filters.
SWEEP = {
    "LFE5U-85F": ((25, 150), (25, 120), (25, 200), (48, 132), (100, 75), (12, 60), (50, 70), (25, 35), (16, 100)),
    "iCE40UP5K": ((12, 18), (10, 20), (16, 21), (17, 34), (20, 33), (25, 50), (26, 39), (43, 43), (60, 45), (65, 65), (80, 40), (120, 30)),
    "GW1NR-9C": ((27, 54), (27, 81), (27, 36), (50, 75), (24, 100)),
    "GW2A-18C": ((27, 81), (27, 108), (50, 60)),
    "GW2AR-18C": ((27, 54), (27, 81)),
    "xc7a100ti": ((100, 150), (100, 125), (12, 96), (50, 70)),
}


class Cell(NamedTuple):
    """An instance in a design: its parameters and attributes, both as texts, and what its inputs are tied to."""

    parameters: dict[str, str]
    attributes: dict[str, str]
    inputs: dict[str, str]


def cell(design: str, kind: str) -> Cell:
    """The only instance of that kind."""
    (found,) = re.findall(rf"((?:^ *attribute .*\n)*)^ *cell \\{kind} .*\n((?:.*\n)*?) *end\n", design, re.MULTILINE)
    attributes = dict(re.findall(r'attribute \\(\S+) "?([^"\n]*)"?', found[0]))
    parameters = dict(re.findall(r'parameter (?:real |signed )?\\(\S+) "?([^"\n]*)"?', found[1]))
    return Cell(parameters, attributes, dict(re.findall(r"connect \\(\S+) (\d+'[01]+)$", found[1], re.MULTILINE)))


def ecp5(found: Cell, part: str, source: int, made: Fraction) -> None:
    """TN1263: the feedback is CLKOP, so CLKOP = CLKI x CLKFB_DIV / CLKI_DIV; the oscillator runs CLKOP_DIV times as fast.

    As in Lattice's own tool and in prjtrellis' ecppll, CLKOP is half of its period late, told in whole periods of the oscillator.
    """
    divisor, factor, output = (int(found.parameters[name]) for name in ("CLKI_DIV", "CLKFB_DIV", "CLKOP_DIV"))
    assert Fraction(source * factor, divisor) == made
    oscillator = made * output
    assert 400 * MHZ <= oscillator <= 800 * MHZ
    half_a_period = Fraction(1, 2) / made
    assert found.parameters == {
        "CLKI_DIV": str(divisor),
        "CLKFB_DIV": str(factor),
        "CLKOP_DIV": str(output),
        "CLKOP_CPHASE": str(int(half_a_period * oscillator)),
        "CLKOP_FPHASE": "0",
        "CLKOP_ENABLE": "ENABLED",
        "FEEDBK_PATH": "CLKOP",
        "OUTDIVIDER_MUXA": "DIVA",
        "DPHASE_SOURCE": "DISABLED",
        "INTFB_WAKE": "DISABLED",
        "PLLRST_ENA": "DISABLED",
        "STDBY_ENABLE": "DISABLED",
    }
    frequencies = {f"FREQUENCY_PIN_{name}": f"{float(hertz) / MHZ:.6g}" for name, hertz in (("CLKI", source), ("CLKOP", made))}
    analogue = {"ICP_CURRENT": "12", "LPF_RESISTOR": "8", "MFG_ENABLE_FILTEROPAMP": "1", "MFG_GMCREF_SEL": "2"}
    assert found.attributes == frequencies | analogue
    low = dict.fromkeys(("RST", "STDBY", "PHASESEL0", "PHASESEL1", "PLLWAKESYNC", "ENCLKOP"), "1'0")
    assert found.inputs == low | dict.fromkeys(("PHASEDIR", "PHASESTEP", "PHASELOADREG"), "1'1")


def ice40(found: Cell, part: str, source: int, made: Fraction) -> None:
    """TN1251, SIMPLE: PLLOUT = reference x (DIVF + 1) / 2^DIVQ, the reference = source / (DIVR + 1); the filter as icepll chooses it."""
    divr, divf, divq = (int(found.parameters[name]) for name in ("DIVR", "DIVF", "DIVQ"))
    reference = Fraction(source, divr + 1)
    assert reference * (divf + 1) / 2**divq == made
    assert 533 * MHZ <= reference * (divf + 1) <= 1066 * MHZ
    ranges = (17, 26, 44, 66, 101)
    allowed = {1 + sum(reference >= edge * MHZ for edge in ranges), 1 + sum(reference > edge * MHZ for edge in ranges)}
    assert int(found.parameters["FILTER_RANGE"]) in allowed
    assert found.parameters["FEEDBACK_PATH"] == "SIMPLE"
    assert found.parameters.keys() == {"DIVR", "DIVF", "DIVQ", "FILTER_RANGE", "FEEDBACK_PATH"}
    assert found.inputs == {"RESETB": "1'1", "BYPASS": "1'0"}


def gowin(found: Cell, part: str, source: int, made: Fraction) -> None:
    """UG286: CLKOUT = FCLKIN x (FBDIV_SEL + 1) / (IDIV_SEL + 1), the oscillator runs ODIV_SEL times as fast."""
    divisor, factor, output = (int(found.parameters[name]) for name in ("IDIV_SEL", "FBDIV_SEL", "ODIV_SEL"))
    assert Fraction(source * (factor + 1), divisor + 1) == made
    low, high = {"GW1NR-9C": (400, 1200), "GW2A-18C": (500, 1250), "GW2AR-18C": (500, 1250)}[part]
    assert low * MHZ <= made * output <= high * MHZ
    assert output in {2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128}
    assert found.parameters == {
        "FCLKIN": f"{source / MHZ:.6g}",
        "DEVICE": part,
        "IDIV_SEL": str(divisor),
        "FBDIV_SEL": str(factor),
        "ODIV_SEL": str(output),
        **dict.fromkeys(("DYN_IDIV_SEL", "DYN_FBDIV_SEL", "DYN_ODIV_SEL", "DYN_DA_EN"), "false"),
        **dict.fromkeys(("CLKOUT_BYPASS", "CLKOUTP_BYPASS", "CLKOUTD_BYPASS"), "false"),
        "PSDA_SEL": "0000",
        "DUTYDA_SEL": "1000",
        "CLKFB_SEL": "internal",
        "CLKOUTD_SRC": "CLKOUT",
        "CLKOUTD3_SRC": "CLKOUT",
        "DYN_SDIV_SEL": "2",
    }
    wide = {"ODSEL": 6, "FBDSEL": 6, "IDSEL": 6, "PSDA": 4, "DUTYDA": 4, "FDLY": 4, "CLKFB": 1, "RESET": 1, "RESET_P": 1}
    assert found.inputs == {name: f"{width}'{'0' * width}" for name, width in wide.items()}


def xilinx7(found: Cell, part: str, source: int, made: Fraction) -> None:
    """UG472: CLKOUT0 = CLKIN1 x CLKFBOUT_MULT_F / (DIVCLK_DIVIDE x CLKOUT0_DIVIDE_F); periods in ns."""
    factor, output = (float(found.parameters[name]) for name in ("CLKFBOUT_MULT_F", "CLKOUT0_DIVIDE_F"))
    divisor = int(found.parameters["DIVCLK_DIVIDE"])
    assert Fraction(source) * Fraction(factor) / divisor / Fraction(output) == made
    assert 600 * MHZ <= Fraction(source) * Fraction(factor) / divisor <= 1200 * MHZ
    assert float(found.parameters["CLKIN1_PERIOD"]) == pytest.approx(1e9 / source, rel=1e-9)
    assert found.parameters.keys() == {"CLKFBOUT_MULT_F", "CLKOUT0_DIVIDE_F", "DIVCLK_DIVIDE", "CLKIN1_PERIOD"}
    assert found.inputs == {"PWRDWN": "1'0", "RST": "1'0"}


KINDS: dict[Family, tuple[str, Callable[[Cell, str, int, Fraction], None]]] = {
    Family.ECP5: ("EHXPLLL", ecp5),
    Family.ICE40: ("SB_PLL40_PAD", ice40),
    Family.GOWIN: ("rPLL", gowin),
    Family.XILINX7: ("MMCME2_BASE", xilinx7),
}


def design(part: str, setting: Setting) -> str:
    """RTLIL of a PLL by itself."""
    source = IOPort(1, name="source") if PARTS[part].family is Family.ICE40 else Signal(name="source")
    pll = Pll(PARTS[part], setting, source)
    return str(rtlil.convert(pll, ports=[source, pll.clock, pll.locked], emit_src=False))


def held(part: str, setting: Setting, source: int, made: Fraction) -> None:
    kind, check = KINDS[PARTS[part].family]
    check(cell(design(part, setting), kind), part, source, made)


@pytest.mark.parametrize("name", names())
def test_every_parameter_of_a_boards_pll(name: str) -> None:
    board, (source, made) = load(name), CLOCKS[name]
    assert board.clock.setting is not None
    assert board.clock.frequency == made
    held(board.part.name, board.clock.setting, source, Fraction(made))


@pytest.mark.parametrize("part", SWEEP)
def test_every_parameter_at_other_frequencies(part: str) -> None:
    for source, made in SWEEP[part]:
        setting = solve(source * MHZ, made * MHZ, PARTS[part].pll)
        held(part, setting, source * MHZ, setting.made)


def test_every_range_of_the_filter() -> None:
    """The reference just below and just above each edge of icepll's table."""
    for k, edge in enumerate((17, 26, 44, 66, 101), 1):
        for source, wanted in ((edge * MHZ - 1000, k), (edge * MHZ + 1000, k + 1)):
            found = cell(design("iCE40UP5K", Setting(source, 1, 32, 16, behind=False)), "SB_PLL40_PAD")
            assert found.parameters["FILTER_RANGE"] == str(wanted)


def connections(text: str, kind: str) -> dict[str, str]:
    (body,) = re.findall(rf"^ *cell \\{kind} .*\n((?:.*\n)*?) *end\n", text, re.MULTILINE)
    return dict(re.findall(r"connect \\(\S+) (\S+)", body))


@pytest.mark.parametrize("part", SWEEP)
def test_clock_and_lock_come_from_the_pll(part: str) -> None:
    """The feedback is what is fed back, the source is the source, and clock and lock are not exchanged."""
    text = design(part, solve(SWEEP[part][0][0] * MHZ, SWEEP[part][0][1] * MHZ, PARTS[part].pll))
    family = PARTS[part].family
    wires = connections(text, KINDS[family][0])
    clock, lock, source = {
        Family.ECP5: ("CLKOP", "LOCK", "CLKI"),
        Family.ICE40: ("PLLOUTGLOBAL", "LOCK", "PACKAGEPIN"),
        Family.GOWIN: ("CLKOUT", "LOCK", "CLKIN"),
        Family.XILINX7: ("CLKOUT0", "LOCKED", "CLKIN1"),
    }[family]
    assert wires[source] == "\\source"
    outputs = re.findall(r"^ *wire width 1 output \d+ +(\S+)", text, re.MULTILINE)
    driven_by = dict(re.findall(r"^connect (\S+) (\S+)", text, re.MULTILINE))
    made, locked = (driven_by.get(name, name) for name in outputs)
    if family is Family.XILINX7:
        assert wires["CLKFBIN"] == wires["CLKFBOUT"] != wires[clock]
        buffer = connections(text, "BUFG")
        assert buffer["I"] == wires[clock]
        assert buffer["O"] == made
    else:
        assert wires[clock] == made
    if family is Family.ECP5:
        assert wires["CLKFB"] == made
    assert wires[lock] == locked
