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

#: Pins of clock, rx and tx, from the boards' schematics; and a parameter of the PLL that makes the clock.
PINS = {
    "ulx3s-85f": ("G2", "M1", "L4", "CLKFB_DIV 6"),
    "ulx3s-85f-dense": ("G2", "M1", "L4", "CLKFB_DIV 12"),
    "ulx3s-85f-linear": ("G2", "M1", "L4", "CLKFB_DIV 5"),
    "ulx3s-12f": ("G2", "M1", "L4", "CLKFB_DIV 24"),
    "ecpix-5": ("K23", "R26", "R24", "CLKI_DIV 2"),
    "orangecrab": ("A9", "N17", "M18", "CLKFB_DIV 11"),
    "icebreaker": ("35", "6", "9", "DIVF 47"),
    "tang-nano-9k": ("52", "18", "17", "FBDIV_SEL 1"),
    "tang-primer-20k": ("H11", "T13", "M11", "FBDIV_SEL 2"),
    "arty-a7-100": ("E3", "A9", "D10", "DIVCLK_DIVIDE 1"),
    "icepi-zero": ("M1", "K16", "K15", "CLKFB_DIV 2"),
    "icesugar-pro": ("P6", "A9", "B9", "CLKFB_DIV 4"),
    "colorlight-5a-75b": ("P6", "M13", "P11", "CLKFB_DIV 4"),
    "butterstick": ("B12", "C12", "A13", "CLKFB_DIV 4"),
    "tang-nano-20k": ("4", "70", "69", "FBDIV_SEL 1"),
}


@pytest.mark.parametrize("name", names())
def test_pins_and_clock(name: str, tmp_path: Path) -> None:
    board = load(name)
    made = platform(board)
    assert family(made) is board.part.family
    constraints = (tmp_path / prepare(board, made, Top(board, Small()), tmp_path)).read_text()
    design = (tmp_path / "top.il").read_text()
    *pins, parameter = PINS[name]
    for pin in pins:
        assert re.search(rf"\b{pin}\b", constraints), pin
    assert constraints.count("uart_0__rx__io") >= 1
    assert len(re.findall(rf"parameter \\{parameter}\b", design)) == 1
    # Source positions would differ between checkouts.
    assert "attribute \\src" not in design


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
