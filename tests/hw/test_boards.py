"""The boards' platforms: they agree with the boards' files, and the pins and the clock of the files come out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from loschmidt.hw.boards.platforms import platform
from loschmidt.hw.boards.target import family
from loschmidt.hw.boards.top import Top
from loschmidt.hw.flow.plan import prepare
from loschmidt.spec.board import Board, BoardError, load, names
from loschmidt.spec.part import PARTS, Family

from .small import Small
from .test_pll import CLOCKS

#: Port -> pin, from the boards' schematics: the array's receiver hears the converter's output. On the OrangeCrab, as on every Feather, the
#: header's pin 0 is what the board hears and pin 1 what it says.
_ULX3S = {"clk25_0__io": "G2", "uart_0__rx__io": "M1", "uart_0__tx__io": "L4"}  # FTDI_TXD, FTDI_RXD
PINS = {
    "ulx3s-85f": _ULX3S,
    "ulx3s-85f-dense": _ULX3S,
    "ulx3s-85f-linear": _ULX3S,
    "ulx3s-12f": _ULX3S,
    "ecpix-5": {"clk100_0__io": "K23", "uart_0__rx__io": "R26", "uart_0__tx__io": "R24"},
    "orangecrab": {"clk_0__io": "A9", "uart_0__rx__io": "N17", "uart_0__tx__io": "M18"},
    "icebreaker": {"clk12_0__io": "35", "uart_0__rx__io": "6", "uart_0__tx__io": "9"},
    "tang-nano-9k": {"clk27_0__io": "52", "uart_0__rx__io": "18", "uart_0__tx__io": "17"},
    "tang-primer-20k": {"clk27_0__io": "H11", "uart_0__rx__io": "T13", "uart_0__tx__io": "M11"},
    "arty-a7-100": {"clk100_0__io": "E3", "uart_0__rx__io": "A9", "uart_0__tx__io": "D10"},
    "icepi-zero": {"clk50_0__io": "M1", "uart_0__rx__io": "K16", "uart_0__tx__io": "K15"},
    "icesugar-pro": {"clk25_0__io": "P6", "uart_0__rx__io": "A9", "uart_0__tx__io": "B9"},
    "colorlight-5a-75b": {"clk25_0__io": "P6", "uart_0__rx__io": "M13", "uart_0__tx__io": "P11"},
    "butterstick": {"clk30_0__io": "B12", "uart_0__rx__io": "C12", "uart_0__tx__io": "A13"},
    "tang-nano-20k": {"clk27_0__io": "4", "uart_0__rx__io": "70", "uart_0__tx__io": "69"},
}

#: How each kind of constraint file says where a port is (the two in either order), what levels it has, and what its clock's frequency is.
PLACES = {
    ".lpf": r'LOCATE COMP "(?P<port>\S+)" SITE "(?P<pin>\S+)";',
    ".pcf": r"set_io (?P<port>\S+) (?P<pin>\S+)",
    ".cst": r'IO_LOC "(?P<port>\S+)" (?P<pin>\S+);',
    ".xdc": r'set_property LOC (?P<pin>\S+) \[get_ports "(?P<port>\S+)"\]',
}
LEVELS = {
    ".lpf": 'IOBUF PORT "{port}" IO_TYPE=LVCMOS33',
    ".cst": 'IO_PORT "{port}" IO_TYPE=LVCMOS33;',
    ".xdc": 'set_property IOSTANDARD "LVCMOS33" [get_ports "{port}"]',
}
CLOCKED = {
    ".lpf": 'FREQUENCY PORT "{port}" {hertz}.0 HZ;',
    ".pcf": "set_frequency {port} {megahertz}.0",
    ".xdc": "create_clock -name {port} -period {period} ",
}


@pytest.mark.parametrize("name", names())
def test_pins_and_clock(name: str, tmp_path: Path) -> None:
    board = load(name)
    made = platform(board)
    assert family(made) is board.part.family
    file = tmp_path / prepare(board, made, Top(board, Small()), tmp_path)
    constraints, kind = file.read_text(), file.suffix
    design = (tmp_path / "top.il").read_text()
    found = {found["port"]: found["pin"] for found in re.finditer(PLACES[kind], constraints)}
    assert {port: pin for port, pin in found.items() if "led" not in port} == PINS[name]
    for port in list(PINS[name])[1:]:
        assert LEVELS.get(kind, "").format(port=port) in constraints
    clock, hertz = next(iter(PINS[name])), CLOCKS[name][0]
    line = CLOCKED.get(kind, "").format(port=clock, hertz=hertz, megahertz=hertz // 1_000_000, period=1e9 / hertz)
    assert line in constraints
    # Source positions would differ between checkouts.
    assert "attribute \\src" not in design
    whole = design[design.index("attribute \\top 1") :]
    # A cell of an iCE40 goes both ways until it is configured; its PLL sits in the pin of the clock.
    ways = ("input", "inout", "inout") if kind == ".pcf" else ("input", "input", "output")
    assert {port: way for port, way in _directions(whole).items() if "led" not in port} == dict(
        zip((clock, "uart_0__rx__io", "uart_0__tx__io"), ways, strict=True)
    )


def _directions(module: str) -> dict[str, str]:
    """Ports of the first module in a design's text, and which way each goes."""
    text = module.partition("\nend\n")[0]
    return {name: way for way, name in re.findall(r"^ *wire width 1 (inout|input|output) \d+ +\\(\S+)$", text, re.MULTILINE)}


@pytest.mark.parametrize("name", names())
def test_rx_is_heard_and_tx_is_driven(name: str) -> None:
    """Pins that a board's file names are the maker's: the platform knows them as pins of a header, or of a card's socket."""
    board = load(name)
    made = platform(board)
    pins = made.resources[board.link.resource, board.link.number]
    rx, tx = ({line.name: line.ios[0] for line in pins.ios if hasattr(line, "ios")}[line] for line in ("rx", "tx"))
    assert (rx.dir, tx.dir) == ("i", "o")
    assert (rx.names, tx.names) == ([PINS[name]["uart_0__rx__io"]], [PINS[name]["uart_0__tx__io"]])
    if name == "orangecrab":
        header = dict(made.connectors["io", 0].mapping)
        assert board.link.pins == (header["0"], header["1"])
    elif name == "butterstick":
        socket = {line.name: line.ios[0].names for line in made.resources["sd_card_1bit", 0].ios if hasattr(line, "ios")}
        assert board.link.pins == (*socket["dat"], *socket["cmd"])
    else:
        assert board.link.pins is None


def test_constraints_of_the_file_are_last(tmp_path: Path) -> None:
    board = load("icebreaker")
    board = replace(board, tools=replace(board.tools, constraints=("# first", "# second")))
    name = prepare(board, platform(board), Top(board, Small()), tmp_path)
    assert (tmp_path / name).read_text().endswith("\n# first\n# second\n")


def test_board_without_a_pll_takes_its_own_clock(tmp_path: Path) -> None:
    board = load("icebreaker")
    board = replace(board, clock=replace(board.clock, wanted=board.clock.input, setting=None))
    prepare(board, platform(board), Top(board, Small()), tmp_path)
    assert "SB_PLL40" not in (tmp_path / "top.il").read_text()


def other(board: Board, changes: dict[str, str]) -> Board:
    if "resource" in changes:
        return replace(board, link=replace(board.link, resource=changes["resource"]))
    return replace(board, platform=changes["platform"])


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"platform": "amaranth_boards.icebreaker:Nothing"},
            r"platform 'amaranth_boards\.icebreaker:Nothing' cannot be had: .* has nothing",
        ),
        ({"platform": "no_such_module:Platform"}, r"platform 'no_such_module:Platform' cannot be had: there is no module"),
        ({"platform": ""}, r"platform '' must be module:Class, of "),
        ({"platform": "amaranth_boards.ulx3s:ULX3S_85F_Platform"}, r"part is iCE40UP5K, but .* is for LFE5U-85F: one of the two is wrong$"),
        ({"resource": "serial"}, r"amaranth_boards\.icebreaker:ICEBreakerPlatform has no pins serial#0: give link\.pins$"),
    ],
)
def test_disagreement_is_refused(changes: dict[str, str], line: str) -> None:
    with pytest.raises(BoardError, match=rf"^icebreaker: {line}"):
        platform(other(load("icebreaker"), changes))


def test_wrong_clock_is_refused() -> None:
    board = load("icebreaker")
    with pytest.raises(BoardError, match=r"^icebreaker: clock\.input is 16 MHz, but .*ICEBreakerPlatform delivers 12 MHz$"):
        platform(replace(board, clock=replace(board.clock, input=16_000_000)))


def test_every_part_has_a_board_or_a_sibling() -> None:
    assert {load(name).part.family for name in names()} == set(Family) == {part.family for part in PARTS.values()}
