"""Files and platforms that people write themselves: what is right is read, what is wrong is said in one line before anything is built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loschmidt.hw.boards.platforms import platform
from loschmidt.hw.flow.room import check_room
from loschmidt.hw.flow.tools import FlowError
from loschmidt.spec.board import Board, BoardError, load

SOURCE = (Path(__file__).parents[2] / "constraints" / "icebreaker.toml").read_text()
PLATFORM = "amaranth_boards.icebreaker:ICEBreakerPlatform"
PINS = '[link.pins]\nrx = "{}"\ntx = "{}"\n\n[array]'
GOOD = "from amaranth_boards.icebreaker import ICEBreakerPlatform\n\n\nclass Mine(ICEBreakerPlatform):\n    pass\n"


def own(folder: Path, module: str, name: str = "mine:Mine") -> Board:
    """A board whose platform is in the module ``mine`` beside its file."""
    folder.mkdir(exist_ok=True)
    (folder / "mine.py").write_text(module)
    (folder / "board.toml").write_text(SOURCE.replace(PLATFORM, name))
    return load(str(folder / "board.toml"))


def refusal(board: Board) -> str:
    with pytest.raises(BoardError) as caught:
        platform(board)
    said = str(caught.value)
    assert "\n" not in said
    assert said.startswith(f"{board.name}: ")
    return said


def test_a_module_beside_the_file(tmp_path: Path) -> None:
    """Two folders may each have one of the same name, and each may import its neighbours."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "neighbour.py").write_text(GOOD)
    assert type(platform(own(tmp_path / "one", "from neighbour import Mine\n"))).__name__ == "Mine"
    other = own(tmp_path / "two", GOOD.replace("pass", "mark = 2"))
    assert platform(other).mark == 2
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["board.toml", "mine.py", "neighbour.py"]


def test_a_mark_at_the_files_beginning(tmp_path: Path) -> None:
    (tmp_path / "marked.toml").write_text("\ufeff" + SOURCE, encoding="utf-8")
    assert load(str(tmp_path / "marked.toml")).shape == load("icebreaker").shape


def test_a_file_of_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "wide.toml").write_text(SOURCE, encoding="utf-16")
    with pytest.raises(BoardError, match=r"wide\.toml: cannot be read \(.*utf-8"):
        load(str(tmp_path / "wide.toml"))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("class Mine(:\n    pass\n", r"mine.py, line 1: invalid syntax"),
        ("import no_such_module\n", "there is no module no_such_module"),
        ("raise RuntimeError('no licence')\n", "cannot be imported: RuntimeError: no licence (in "),
        ("1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero (in "),
        ("x = 3\n", "mine has nothing of the name Mine"),
        ("Mine = 3\n", "is no platform: derive it from a class of amaranth.vendor"),
        ("class Mine:\n    pass\n", "is no platform: "),
        (
            "from amaranth.vendor import LatticeICE40Platform\n\n\nclass Mine(LatticeICE40Platform):\n    pass\n",
            "is not complete: it lacks connectors, device, package, resources",
        ),
        (GOOD.replace("pass", "device = 'iCE40HX8K'"), "part is iCE40UP5K, but mine:Mine is for iCE40HX8K: one of the two is wrong"),
        (GOOD.replace("pass", "default_clk = None"), "mine:Mine has no clock: "),
        (GOOD.replace("pass", "default_clk = 'quartz'"), "mine:Mine has no clock: "),
        (GOOD.replace("pass", "device = property(lambda self: 1 / 0)"), "mine:Mine cannot be made: ZeroDivisionError: division by zero"),
    ],
)
def test_a_platform_that_is_wrong(module: str, line: str, tmp_path: Path) -> None:
    assert line in refusal(own(tmp_path, module))


@pytest.mark.parametrize("name", ["", ":", "mine", "mine:", ":Mine", "nowhere:Mine", "no.where:Mine", "..mine:Mine"])
def test_a_platform_that_is_not_there(name: str, tmp_path: Path) -> None:
    assert f"platform {name!r} " in refusal(own(tmp_path, GOOD, name))


@pytest.mark.parametrize(
    ("pins", "line"),
    [
        (("35", "9"), "Resource component uart_1_0.rx uses physical pin 35, but it is already used by "),
        (("pmod_7:1", "9"), "nonexistent connector pin pmod_7:1"),
    ],
)
def test_pins_that_cannot_be(pins: tuple[str, str], line: str, tmp_path: Path) -> None:
    text = SOURCE.replace('resource = "uart"', 'resource = "uart_1"').replace("[array]", PINS.format(*pins), 1)
    (tmp_path / "pins.toml").write_text(text)
    assert line in refusal(load(str(tmp_path / "pins.toml")))


def test_pins_of_a_connector(tmp_path: Path) -> None:
    text = SOURCE.replace('resource = "uart"', 'resource = "uart_1"').replace("[array]", PINS.format("pmod_0:1", "pmod_0:2"), 1)
    (tmp_path / "pins.toml").write_text(text)
    platform(load(str(tmp_path / "pins.toml")))


@pytest.mark.parametrize(
    ("pins", "line"),
    [
        (("6", "6"), "link.pins: rx and tx are both pin 6: they are two wires, so name two pins"),
        (("", "6"), "link.pins.rx: must be a name without blanks, not ''"),
        (("6", "9 10"), "link.pins.tx: must be a name without blanks, not '9 10'"),
    ],
)
def test_pins_that_are_none(pins: tuple[str, str], line: str, tmp_path: Path) -> None:
    (tmp_path / "pins.toml").write_text(SOURCE.replace("[array]", PINS.format(*pins), 1))
    with pytest.raises(BoardError) as caught:
        load(str(tmp_path / "pins.toml"))
    assert str(caught.value) == f"{tmp_path / 'pins.toml'}: {line}"


def test_a_resource_without_the_links_pins(tmp_path: Path) -> None:
    (tmp_path / "led.toml").write_text(SOURCE.replace('resource = "uart"', 'resource = "led_r"'))
    assert refusal(load(str(tmp_path / "led.toml"))) == f"led: led_r#0 of {PLATFORM} has no pin rx: give link.pins"


def cell(kind: str, **connections: int) -> dict[str, object]:
    directions = {port: "output" if port in ("O", "Q") else "input" for port in connections}
    return {"type": kind, "connections": {port: [bit] for port, bit in connections.items()}, "port_directions": directions}


def netlist(folder: Path, cells: list[dict[str, object]]) -> Path:
    path = folder / "top.json"
    path.write_text(json.dumps({"modules": {"top": {"cells": {str(k): each for k, each in enumerate(cells)}}}}))
    return path


def test_room_on_ice40(tmp_path: Path) -> None:
    """A flip-flop shares a cell with the LUT before it where nothing else reads that: 5280 pairs fit, and not one LUT more."""
    pairs = [each for k in range(5280) for each in (cell("SB_LUT4", I0=1, O=2 * k + 2), cell("SB_DFFE", D=2 * k + 2, Q=2 * k + 3))]
    check_room(load("icebreaker"), netlist(tmp_path, pairs), "top")
    apart = [*pairs[:-2], cell("SB_LUT4", I0=3, O=99_998), cell("SB_DFF", D=99_998, Q=99_999), cell("SB_RAM40_4K", RE=99_998)]
    with pytest.raises(FlowError, match=r"^icebreaker: the design takes 5,281 logic cells at the least, iCE40UP5K has 5,280: "):
        check_room(load("icebreaker"), netlist(tmp_path, apart), "top")


@pytest.mark.parametrize(
    ("board", "cells", "line"),
    [
        ("orangecrab", {"LUT4": 24_000, "CCU2C": 145}, "24,290 LUTs at the least, LFE5U-25F has 24,288"),
        ("orangecrab", {"LUT4": 24_000, "CCU2C": 144}, ""),
        ("orangecrab", {"TRELLIS_FF": 24_289}, "24,289 flip-flops"),
        ("tang-nano-9k", {"LUT1": 1, "LUT4": 8_000, "ALU": 640}, "8,641 LUTs"),
        ("tang-nano-9k", {"DFFRE": 6_480}, ""),
        ("tang-nano-9k", {"DFFRE": 6_480, "DFF": 1}, "6,481 flip-flops"),
    ],
)
def test_room_elsewhere(board: str, cells: dict[str, int], line: str, tmp_path: Path) -> None:
    path = netlist(tmp_path, [cell(kind) for kind, number in cells.items() for _ in range(number)])
    if not line:
        check_room(load(board), path, "top")
        return
    with pytest.raises(FlowError, match=rf"^{board}: the design takes {line}"):
        check_room(load(board), path, "top")
