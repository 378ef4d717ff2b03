"""The boards' files are right, and every kind of wrong one is refused with the line that says what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from loschmidt.spec.board import Board, BoardError, load, names, parse
from loschmidt.spec.fit import Need, most_oscillators, need
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.part import PARTS

GOOD = """
title = "A board"
platform = "somewhere:Platform"
part = "iCE40UP5K"

[clock]
input = 12_000_000
wanted = 24_000_000

[link]
resource = "uart"
baud = 1_000_000
buffer = 128

[array]
oscillators = 16
inputs = 4
lanes = 1
contexts = 2
ways = 2
input_depth = 16
nudge_depth = 16
trace_depth = 16
formats = "16"
"""

OWN_FORMATS = """
[array.formats]
state = "Q6.22"
operand = "Q4.12"
weight = "Q4.12"
activation = "Q2.14"
accumulator = 48
segments = 128
table_range = 2
"""


def read(text: str) -> Board:
    return parse(text, "mine", "mine.toml")


def test_array_without_couplings() -> None:
    assert read(GOOD).shape.couplings
    assert not read(GOOD + "couplings = false\n").shape.couplings


@pytest.mark.parametrize("name", names())
def test_boards_that_come_with_the_project(name: str) -> None:
    board = load(name)
    assert board.name == name
    least = need(board.shape, board.link.buffer, board.part)
    assert least.block_rams <= board.part.block_rams
    assert least.multipliers <= board.part.multipliers
    assert abs(board.clock.frequency / board.link.divisor - board.link.baud) <= board.link.baud / 50


def test_there_are_as_many_as_promised() -> None:
    boards = {"ulx3s-85f", "ulx3s-12f", "ecpix-5", "orangecrab", "icebreaker", "tang-nano-9k", "tang-primer-20k", "arty-a7-100"}
    later = {"icepi-zero", "icesugar-pro", "colorlight-5a-75b", "butterstick", "tang-nano-20k"}
    assert set(names()) == boards | later | {"ulx3s-85f-dense", "ulx3s-85f-linear"}


def test_small_boards_alone_hold_few_inputs() -> None:
    """Twelve are what the recordings have that are trained on if nothing is said."""
    assert {name for name in names() if load(name).shape.inputs < 12} == {"icebreaker", "ulx3s-85f-linear"}


def test_good_file() -> None:
    board = read(GOOD)
    assert (board.title, board.part) == ("A board", PARTS["iCE40UP5K"])
    assert board.clock.frequency == 24_000_000
    assert (board.link.divisor, board.link.number, board.link.pins) == (24, 0, None)
    assert board.shape.formats == PRESETS["16"]
    assert (board.tools.seed, board.program, board.price) == (1, "", "")


def test_everything_that_may_be_given() -> None:
    extra = '[tools]\nseed = 7\nfloorplan = true\nsynthesis = ["-x"]\nroute = ["-y"]\npack = ["-z"]\nconstraints = ["# here"]\n'
    pins = '[link.pins]\nrx = "1"\ntx = "2"\nattributes = { IO_TYPE = "LVCMOS33" }\n'
    text = GOOD.replace('formats = "16"\n', OWN_FORMATS).replace("[array]", pins + "[array]").replace("[clock]", 'price = "1"\n[clock]')
    board = read(text.replace("[array.formats]", extra + "[array.formats]"))
    assert (board.tools.seed, board.tools.floorplan) == (7, True)
    assert (board.tools.synthesis, board.tools.route, board.tools.pack, board.tools.constraints) == (("-x",), ("-y",), ("-z",), ("# here",))
    assert (board.link.pins, board.link.attributes) == (("1", "2"), (("IO_TYPE", "LVCMOS33"),))
    assert board.shape.formats == PRESETS["16"]
    assert board.price == "1"


def test_no_pll_where_the_clock_is_the_boards_own() -> None:
    board = read(GOOD.replace("24_000_000", "12_000_000"))
    assert board.clock.setting is None
    assert board.clock.frequency == 12_000_000


@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ('title = "A board"', "title = ", "is not TOML: "),
        ('title = "A board"', "", "title: is missing; it is a string"),
        ('title = "A board"', "title = 3", "title: must be a string, not an integer"),
        (
            "[clock]",
            "colour = 1\n[clock]",
            "colour: is no key here; keys are array, clock, leds, link, part, platform, price, program, title, tools",
        ),
        ('"iCE40UP5K"', '"iCE40UP6K"', "part: 'iCE40UP6K' is not known; known are "),
        ("[clock]", "[time]", "clock: is missing; it is a table"),
        ("input = 12_000_000", "input = 12.0", "clock.input: must be an integer, not a real number"),
        ("input = 12_000_000", "input = true", "clock.input: must be an integer, not a truth value"),
        ("input = 12_000_000", "input = 0", "clock.input: must be at least 1, not 0"),
        ("wanted = 24", "speed = 3\nwanted = 24", "clock.speed: is no key here; keys are input, wanted"),
        ("wanted = 24_", "wanted = 15_", "clock.wanted: the PLL makes no 15 MHz of 12 MHz; the closest is 16.125 MHz"),
        ("baud = 1_", "baud = 11_", "link.baud: 11000000 is too fast for a clock of 24 MHz: at most 6000000"),
        ("baud = 1_", "baud = 5_", "link.baud: 24 MHz / 5 makes 4800000 baud, more than 2 % off 5000000: choose another baud rate or "),
        ("buffer = 128", "buffer = 250", "link.buffer: must be a power of two from 128 to 16384, not 250"),
        ("buffer = 128", "buffer = 64", "link.buffer: must be a power of two from 128 to 16384, not 64"),
        ("buffer = 128", 'buffer = 128\npins = { rx = "1" }', "link.pins.tx: is missing; it is a string"),
        ("buffer = 128", 'buffer = 128\npins = { rx = "1", tx = "2", z = 1 }', "link.pins.z: is no key here; keys are attributes, rx, tx"),
        ("lanes = 1", "lanes = 17", "array: lanes must not outnumber oscillators: 17 lanes, 16 oscillators"),
        ("ways = 2", "ways = 2\ncouplings = 0", "array.couplings: must be a truth value, not an integer"),
        ("ways = 2", "ways = 5", "array: ways must be an integer from 1 to 4, not 5"),
        ("ways = 2", "", "array.ways: is missing; it is an integer"),
        ('formats = "16"', 'formats = "17"', "array.formats: '17' is no preset; it is one of 16, 18, 25, or a table"),
        ('formats = "16"', OWN_FORMATS.replace("128", "100"), "array.formats: segments must be a power of two from 2 to 4096, not 100"),
        ('formats = "16"', OWN_FORMATS.replace("Q6.22", "wide"), "array.formats: "),
        ('formats = "16"', OWN_FORMATS + "depth = 3\n", "array.formats.depth: is no key here; keys are "),
        ('formats = "16"', 'formats = "18"', "array.lanes: 1 lanes of 18 bits take 20 multipliers"),
        ("lanes = 1", "lanes = 9", "array.lanes: 9 lanes of 16 bits take 17 multipliers, iCE40UP5K has 8: at most 4 lanes"),
        (
            "trace_depth = 16",
            "trace_depth = 4096",
            "array: takes 473 block RAMs, iCE40UP5K has 30: not one oscillator a lane, unless ",
        ),
        ("oscillators = 16", "oscillators = 64", "array: takes 101 block RAMs, iCE40UP5K has 30: at most 18 oscillators, unless "),
        ('formats = "16"', 'formats = "16"\n[tools]\npack = [1]', "tools.pack: must hold strings, not an integer"),
        ('formats = "16"', 'formats = "16"\n[tools]\nspeed = 1', "tools.speed: is no key here; keys are "),
    ],
)
def test_wrong_file_is_refused(right: str, wrong: str, line: str) -> None:
    text = GOOD.replace(right, wrong)
    assert text != GOOD
    with pytest.raises(BoardError, match=rf"^mine\.toml: {re.escape(line)}") as caught:
        read(text)
    assert "\n" not in str(caught.value)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "bench.toml"
    path.write_text(GOOD)
    assert load(str(path)).name == "bench"
    path.write_text(GOOD.replace("lanes = 1", "lanes = 0"))
    with pytest.raises(BoardError, match=rf"^{re.escape(str(path))}: array\.lanes: must be at least 1, not 0$"):
        load(str(path))


def test_unknown_board() -> None:
    with pytest.raises(
        BoardError, match=r"^there is no board 'ulx4s': it is one of arty-a7-100, .*ulx3s-85f-linear, or a \.toml file of your own$"
    ):
        load("ulx4s")
    with pytest.raises(BoardError, match=r"^nowhere/mine\.toml: cannot be read \(.*\): name a board's \.toml file, or one of "):
        load("nowhere/mine.toml")


def test_blocks_of_a_memory() -> None:
    ecp5, ice40 = PARTS["LFE5U-85F"], PARTS["iCE40UP5K"]
    assert [ecp5.blocks(*size) for size in ((64, 77), (18, 77), (18, 1025), (32, 32), (36, 512), (37, 512))] == [2, 1, 2, 0, 1, 2]
    assert [ice40.blocks(*size) for size in ((16, 256), (17, 256), (16, 257), (8, 512), (48, 100), (1, 2048))] == [1, 2, 2, 1, 3, 1]


def test_what_an_array_needs() -> None:
    board = load("ulx3s-85f")
    shape = replace(board.shape, formats=PRESETS["18"])
    # 64 lanes with accumulators of 64 bits, 32 pairs of them with parameters; 8 tiles with nudges, trace and both memories of the table;
    # 6144 inputs of 18 bits; two buffers of the link and its frame. Eight lanes have four multipliers beside their own.
    assert need(shape, board.link.buffer, board.part) == Need(64 * 2 + 32 + 8 * 4 + 6 + 3, 64 + 8 * 4)


def test_large_memories_cost_no_block_ram() -> None:
    board = load("icebreaker")
    deeper = replace(board.shape, input_depth=1024, nudge_depth=512)
    assert need(deeper, board.link.buffer, board.part) == need(board.shape, board.link.buffer, board.part)
    assert (
        need(deeper, board.link.buffer, PARTS["LFE5U-12F"]).block_rams > need(board.shape, board.link.buffer, PARTS["LFE5U-12F"]).block_rams
    )


@pytest.mark.parametrize("name", ["ulx3s-85f", "ulx3s-85f-linear", "icebreaker", "tang-nano-9k"])
def test_more_oscillators_never_take_less(name: str) -> None:
    board = load(name)
    rams = [need(replace(board.shape, oscillators=n), board.link.buffer, board.part).block_rams for n in range(board.shape.lanes, 400)]
    assert rams == sorted(rams)


def test_most_oscillators() -> None:
    board = load("ulx3s-85f-dense")
    most = most_oscillators(board.shape, board.link.buffer, board.part, 1000)
    assert most >= board.shape.oscillators
    rams = [need(replace(board.shape, oscillators=n), board.link.buffer, board.part).block_rams for n in (most, most + 1)]
    assert rams[0] <= board.part.block_rams < rams[1]
    assert most_oscillators(board.shape, board.link.buffer, board.part, 100) == 100
