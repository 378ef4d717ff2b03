"""What LEDs show, how many there are, and which pins they are at: the platform's own, or those of the board's file, or none."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from amaranth.build import Pins, PinsN, Resource, Subsignal
from amaranth.hdl import Module, Signal
from amaranth.lib import io
from amaranth.sim import Simulator

from loschmidt.hw.boards import leds as leds_of
from loschmidt.hw.boards.leds import FAST
from loschmidt.hw.boards.platforms import platform
from loschmidt.hw.boards.top import Top
from loschmidt.hw.flow.plan import prepare
from loschmidt.spec import board as boards
from loschmidt.spec.board import Board, BoardError, load, names

from .mutants import Fault, broken
from .small import Small

#: Pins of the boards' LEDs, from their schematics.
PINS = {
    "arty-a7-100": ["H5", "J5", "T9"],
    "butterstick": ["U1", "R1", "T1"],
    "colorlight-5a-75b": [],
    "ecpix-5": ["R21", "T22", "T23"],
    "icebreaker": ["37", "11"],
    "icepi-zero": ["E13", "D14", "E12"],
    "icesugar-pro": ["A11", "A12", "B11"],
    "orangecrab": ["M3", "J3", "K4"],
    "tang-nano-20k": ["15", "16", "17"],
    "tang-nano-9k": ["10", "11", "13"],
    "tang-primer-20k": ["C13", "A13", "N16"],
    "ulx3s-12f": ["B2", "C2", "C1"],
}
PINS |= {f"ulx3s-85f{kind}": PINS["ulx3s-12f"] for kind in ("", "-dense", "-linear")}

ICEBREAKER = replace(load("icebreaker"), leds=None)
FILE = (Path(__file__).parents[2] / "constraints" / "icebreaker.toml").read_text()
RGB = (Subsignal("r", PinsN("39", dir="o")), Subsignal("g", PinsN("40", dir="o")), Subsignal("b", PinsN("41", dir="o")))


def built(board: Board, folder: Path, made: Any = None) -> str:
    """The constraint file of the small design."""
    return (folder / prepare(board, made or platform(board), Top(board, Small()), folder)).read_text()


def lit(board: Board, folder: Path, made: Any = None) -> list[str]:
    """Pins of LEDs, in their order, as the constraint file has them."""
    text = built(board, folder, made)
    found = re.findall(r"^\s*set_io (\S*led\S*) (\S+)$", text, re.MULTILINE)
    return [pin for _, pin in sorted(found)]


def without(*resources: str) -> Any:
    """iCEBreaker's platform without some of its pins."""
    made = platform(ICEBREAKER)
    for key in [key for key in made.resources if key[0] in resources]:
        del made.resources[key]
    return made


@pytest.mark.parametrize("name", names())
def test_every_board_has_its_leds(name: str, tmp_path: Path) -> None:
    board = load(name)
    made = platform(board)
    made.request(board.link.resource, board.link.number, dir="-")
    ports, common = leds_of.find(made, board)
    assert [port.io.metadata[0].name for port in ports] == PINS[name]
    assert [port.io.metadata[0].name for port in common] == (["C13"] if name == "butterstick" else [])
    text = built(board, tmp_path)
    for pin in PINS[name]:
        assert re.search(rf"\b{pin}\b", text), pin


def test_platforms_own_leds(tmp_path: Path) -> None:
    assert lit(ICEBREAKER, tmp_path) == ["11", "37"]
    assert lit(ICEBREAKER, tmp_path, without("led")) == []
    made = without("led")
    made.add_resources([Resource("led", 3, Pins("38", dir="o"))])
    assert lit(ICEBREAKER, tmp_path, made) == ["38"]
    made = without()
    made.add_resources([Resource("led", k, Pins(pin, dir="o")) for k, pin in ((2, "38"), (7, "42"))])
    assert lit(ICEBREAKER, tmp_path, made) == ["11", "37", "38"]
    # Several in one resource.
    made = without("led")
    made.add_resources([Resource("led", 0, Pins("38 42 43 44 45", dir="o"))])
    assert [port.io.metadata[0].name for port in leds_of.find(made, ICEBREAKER)[0]] == ["38", "42", "43"]


def test_rgb_led_where_there_are_fewer_than_three(tmp_path: Path) -> None:
    made = without()
    made.add_resources([Resource("rgb_led", 1, *RGB)])
    assert [port.io.metadata[0].name for port in leds_of.find(made, ICEBREAKER)[0]] == ["40", "41", "39"]
    made = without()
    made.add_resources([Resource("rgb_led", 0, *RGB[:2])])
    assert lit(ICEBREAKER, tmp_path, made) == ["11", "37"]


def test_led_at_a_pin_in_use_is_left_out(tmp_path: Path) -> None:
    """Colorlight's only one is at the pin that sends."""
    made = without("led")
    made.add_resources([Resource("led", k, PinsN(pin, dir="o")) for k, pin in enumerate(("9", "11"))])
    assert lit(ICEBREAKER, tmp_path, made) == ["11"]


def test_leds_of_the_file(tmp_path: Path) -> None:
    text = FILE.replace('["37", "11"]', '["38", "42", "43"]\ncommon = ["44"]')
    board = boards.parse(text, "mine", "mine.toml")
    assert lit(board, tmp_path) == ["38", "42", "43", "44"]
    made = platform(board)
    ports, common = leds_of.find(made, board)
    assert [port.invert for port in (*ports, *common)] == [(True,)] * 3 + [(False,)]


@pytest.mark.parametrize(
    ("pins", "line"),
    [
        ('["6"]', r"uses physical pin 6, but it is already used by resource component uart_0\.rx that was requested earlier$"),
        ('["35"]', r"uses physical pin 35, but it is already used by resource component clk12_0 that was requested earlier$"),
        ('["38", "38"]', r"uses physical pin 38, but it is already used by resource component status_led_0 that was requested earlier$"),
    ],
    ids=["link", "clock", "twice"],
)
def test_pin_that_is_wanted_twice(pins: str, line: str) -> None:
    board = boards.parse(FILE.replace('["37", "11"]', pins), "mine", "mine.toml")
    with pytest.raises(BoardError, match=rf"^mine: .*{line}"):
        platform(board)


def test_links_pins_go_before_the_platforms(tmp_path: Path) -> None:
    pins = '\n[link.pins]\nrx = "38"\ntx = "42"\nattributes = { IO_STANDARD = "SB_LVCMOS" }\n'
    board = boards.parse(FILE.replace("buffer = 128\n", "buffer = 128\n" + pins), "mine", "mine.toml")
    text = built(board, tmp_path)
    assert re.findall(r"set_io uart_0__(\w\w)__io (\d+)", text) == [("rx", "38"), ("tx", "42")]


#: Cycles of the slow blink and of the fast one, in the tests here.
SLOW, QUICK = 4 << FAST, 4


def shown(count: int, module: Any = leds_of) -> dict[str, list[list[int]]]:
    """What each LED shows, a sample a cycle: while nothing happens, from a run of one cycle on, in a long run, and after an error.

    The run of one cycle is tried at each cycle of the fast blink.
    """
    divider, running, fault = Signal(range(SLOW)), Signal(), Signal()
    ports = [io.SimulationPort("o", 1) for _ in range(count)]
    m = Module()
    m.d.sync += divider.eq(divider + 1)
    m.submodules.dut = module.Leds(ports, [], divider, running, fault)
    found: dict[str, list[list[int]]] = {}

    async def bench(ctx: Any) -> None:
        async def record(name: str, cycles: int) -> None:
            samples = []
            for _ in range(cycles):
                samples.append([ctx.get(port.o) for port in ports])
                await ctx.tick()
            found[name] = [list(led) for led in zip(*samples, strict=True)]

        await record("idle", 2 * SLOW)
        for phase in range(QUICK):
            await ctx.tick().repeat(SLOW - 1 + phase)
            ctx.set(running, 1)
            await ctx.tick()
            ctx.set(running, 0)
            await record(f"run {phase}", 4 * QUICK)
        ctx.set(running, 1)
        await ctx.tick().repeat(2 * QUICK)
        await record("long", SLOW)
        ctx.set(running, 0)
        await ctx.tick().repeat(4 * QUICK)
        ctx.set(fault, 1)
        await record("error", 2 * SLOW)

    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    return found


def changes(led: list[int]) -> int:
    return sum(a != b for a, b in pairwise(led))


def stretch(led: list[int]) -> int:
    """The longest time for which an LED is lit without a break."""
    return max(len(lit) for lit in "".join(map(str, led)).split("0"))


def test_three_leds() -> None:
    found = shown(3)
    alive, running, error = found["idle"]
    assert (changes(alive), max(running), max(error)) == (3, 0, 0)
    for phase in range(QUICK):
        seen = found[f"run {phase}"][1]
        assert QUICK <= stretch(seen) <= 2 * QUICK
        assert seen[-1] == 0
    assert (min(found["long"][1]), max(found["long"][2])) == (1, 0)
    assert (max(found["error"][1]), min(found["error"][2])) == (0, 1)
    assert 1 <= changes(found["long"][0]) < 3 <= changes(found["error"][0]) <= 4


def test_two_leds() -> None:
    found = shown(2)
    assert (changes(found["idle"][0]), max(found["idle"][1])) == (3, 0)
    assert (min(found["long"][0]), max(found["long"][1])) == (1, 0)
    assert min(found["error"][1]) == 1
    assert 3 <= changes(found["error"][0]) <= 4


def test_one_led() -> None:
    found = shown(1)
    assert changes(found["idle"][0]) == 3
    assert min(found["long"][0]) == 1
    assert 0 <= 2 * 2 * SLOW // QUICK - changes(found["error"][0]) <= 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("seen.eq(self.running | seen & ~tick)", "seen.eq(0)"),
        Fault("shown.eq(tick & seen | ~tick &", "shown.eq(tick & seen |"),
        Fault("[slow, shown, self.fault]", "[slow, slow, self.fault]"),
        Fault("[slow, shown, self.fault]", "[shown, shown, self.fault]"),
    ],
    ids=["run_at_a_tick_unseen", "run_for_ever", "run_unseen", "dead"],
)
def test_broken_leds_are_caught(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    module = broken(leds_of, fault)
    monkeypatch.setitem(globals(), "shown", lambda count, kept=shown: kept(count, module))
    with pytest.raises(AssertionError):
        test_three_leds()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[leds]\n", r"leds\.pins: names 0 pins, not one to 3; leave \[leds\] out to take the platform's own LEDs$"),
        ('[leds]\npins = ["1", "2", "3", "4"]\n', r"leds\.pins: names 4 pins, not one to 3"),
        ('[leds]\npins = ["1 2"]\n', r"leds\.pins: must be a name without blanks, not '1 2'$"),
        ("[leds]\npins = [1]\n", r"leds\.pins: must hold strings, not an integer$"),
        ('[leds]\npin = ["1"]\n', r"leds\.pin: is no key here; keys are attributes, common, invert, pins$"),
        ('[leds]\npins = ["1"]\ninvert = 1\n', r"leds\.invert: must be a truth value, not an integer$"),
        ('[link.pins]\nrx = ""\ntx = "1"\n', r"link\.pins\.rx: must be a name without blanks, not ''$"),
    ],
)
def test_wrong_keys(text: str, line: str) -> None:
    kept = re.sub(r"\[leds\].*?\n\n", "", FILE, flags=re.DOTALL)
    with pytest.raises(BoardError, match=rf"^mine\.toml: {line}"):
        boards.parse(kept + "\n" + text, "mine", "mine.toml")
