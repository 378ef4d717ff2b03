"""What is run to make a bitstream of RTLIL: synthesis, placement and routing, packing, for each family with open tools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from loschmidt.hw.boards.multipliers import BLOCKS
from loschmidt.spec.board import Board
from loschmidt.spec.part import Family

from .floorplan import settle
from .plan import TOP
from .registers import absorb
from .room import check_room

#: Files that every flow leaves: cells by type, as Yosys counts them; timing and utilisation, as nextpnr reports them.
STATISTICS, REPORT = "statistics.json", "report.json"

_NETLIST = f"{TOP}.json"


@dataclass(frozen=True)
class Stage:
    """One program's work: ``product`` is the file it leaves that counts; ``finish``, if given, rewrites it."""

    name: str
    tool: str
    arguments: tuple[str, ...]
    product: str
    finish: Callable[[Path], object] | None = None


def _synthesis(command: str, board: Board, finish: Callable[[Path], object] | None = None) -> Stage:
    finish = finish or partial(check_room, board, top=TOP)
    options = " ".join(board.tools.synthesis)
    lines = (
        f"read_rtlil {TOP}.il",
        f"{command} -top {TOP} {options}",
        # What `share` kept whole is taken apart now that it is mapped.
        "setattr -mod -unset keep_hierarchy *",
        "flatten",
        "opt_clean",
        f"tee -q -o {STATISTICS} stat -json",
        # Of no use from here on, and half of the netlist.
        "setattr -unset src",
        f"write_json {_NETLIST}",
    )
    return Stage("synthesis", "yosys", ("-q", "-p", "; ".join(lines)), _NETLIST, finish)


def _route(tool: str, board: Board, arguments: tuple[str, ...], product: str) -> Stage:
    megahertz = f"{float(board.clock.frequency) / 1e6:.6f}"
    common = ("--json", _NETLIST, "--freq", megahertz, "--seed", str(board.tools.seed), "--report", REPORT, "--timing-allow-fail")
    return Stage("place and route", tool, (*arguments, *common, *board.tools.route), product)


_ECP5_DEVICES = {
    "LFE5U-12F": "--12k",
    "LFE5U-25F": "--25k",
    "LFE5U-45F": "--45k",
    "LFE5U-85F": "--85k",
    "LFE5UM5G-85F": "--um5g-85k",
}


def _ecp5(board: Board, platform: Any, constraints: str) -> tuple[Stage, ...]:
    package = {"BG256": "CABGA256", "MG285": "CSFBGA285", "BG381": "CABGA381", "BG554": "CABGA554", "BG756": "CABGA756"}[platform.package]
    device = (_ECP5_DEVICES[board.part.name], "--package", package, "--speed", platform.speed)
    bitstream = f"{board.name}.bit"
    pack = ("--compress", *board.tools.pack, "--input", f"{TOP}.config", "--bit", bitstream)

    def finish(netlist: Path) -> None:
        check_room(board, netlist, TOP)
        absorb(netlist, TOP)
        if board.tools.floorplan:
            settle(netlist, TOP, board.part.name)

    return (
        _synthesis("synth_ecp5", board, finish),
        _route("nextpnr-ecp5", board, (*device, "--lpf", constraints, "--textcfg", f"{TOP}.config"), f"{TOP}.config"),
        Stage("pack", "ecppack", pack, bitstream),
    )


def _ice40(board: Board, platform: Any, constraints: str) -> tuple[Stage, ...]:
    device = {"iCE40UP5K": "--up5k"}[board.part.name]
    place = (device, "--package", platform.package.lower(), "--pcf", constraints, "--asc", f"{TOP}.asc")
    bitstream = f"{board.name}.bin"
    # The search for multipliers that are not instances would take those that are for its own, and switch their registers off.
    search = "-dsp" if board.shape.formats.multiplier > BLOCKS[Family.ICE40][0] else ""
    return (
        _synthesis(f"synth_ice40 -device u {search}", board),
        _route("nextpnr-ice40", board, place, f"{TOP}.asc"),
        Stage("pack", "icepack", (*board.tools.pack, f"{TOP}.asc", bitstream), bitstream),
    )


def _gowin(board: Board, platform: Any, constraints: str) -> tuple[Stage, ...]:
    # The dies of the packages with memory inside (GW1NR) are the same as without.
    series, device = board.part.name.split("-")
    die = f"{series.removesuffix('R')}-{device}"
    place = ("--device", platform.part, "--vopt", f"family={die}", "--vopt", f"cst={constraints}", "--write", f"{TOP}.routed.json")
    bitstream = f"{board.name}.fs"
    return (
        # Amaranth has put buffers at the pins; Yosys would put them at the ports of all modules that are kept whole.
        _synthesis(f"synth_gowin -family {series[:4].lower()} -noiopads", board),
        _route("nextpnr-himbaechel", board, place, f"{TOP}.routed.json"),
        Stage("pack", "gowin_pack", ("-d", die, *board.tools.pack, "-o", bitstream, f"{TOP}.routed.json"), bitstream),
    )


#: Families that open tools can build for -> their stages, given the board, its platform, and the constraint file's name.
FLOWS: dict[Family, Callable[[Board, Any, str], tuple[Stage, ...]]] = {
    Family.ECP5: _ecp5,
    Family.ICE40: _ice40,
    Family.GOWIN: _gowin,
}
