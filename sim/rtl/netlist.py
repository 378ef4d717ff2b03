"""A board after synthesis: the netlist that `loschmidt build` would place, simulated with vendors' models of its cells.

Two kinds of cells are not left to models. There are thousands of lookup tables, each with a table of its own, which would be as many
modules; Yosys has a cell that does the same. And pads go both ways, here as little as on the board.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loschmidt.hw.flow import tools as flow
from loschmidt.hw.flow.build import soc, synthesise
from loschmidt.hw.flow.plan import TOP as DESIGN
from loschmidt.sim.native import cache
from loschmidt.spec.board import Board
from loschmidt.spec.errors import LoschmidtError
from loschmidt.spec.part import Family

from . import tools
from .board import HARNESS, BoardPlan, BoardSimulation
from .cells import every, unlinted
from .compile import QUICK
from .library import library
from .open import sources
from .verilog import TOP

#: A cell, a module or a whole netlist of Yosys' JSON.
Netlist = dict[str, Any]


class NetlistError(LoschmidtError):
    """A netlist that cannot be simulated."""


@dataclass(frozen=True)
class Cells:
    """What is particular about a family's netlists.

    Members
    -------
    luts : types of lookup tables, and the inputs of each from the lowest
    table, output : their parameter with the content; their output
    pads : types of pads, and of each: what is outside, what comes in from there, what goes out
    models : files of ``sim/models``
    """

    luts: dict[str, tuple[str, ...]]
    table: str
    output: str
    pads: dict[str, tuple[str, str, str]]
    models: tuple[str, ...]


_FOUR = ("I0", "I1", "I2", "I3")

FAMILIES = {
    Family.ECP5: Cells(
        {"LUT4": ("A", "B", "C", "D")}, "INIT", "Z", {"TRELLIS_IO": ("B", "O", "I")}, ("nine_bit_bytes", "ecp5", "mult18x18d")
    ),
    Family.ICE40: Cells({"SB_LUT4": _FOUR}, "LUT_INIT", "O", {"SB_IO": ("PACKAGE_PIN", "D_IN_0", "D_OUT_0")}, ("ice40",)),
    Family.GOWIN: Cells(
        {f"LUT{k}": _FOUR[:k] for k in range(1, 5)},
        *("INIT", "F", {"IBUF": ("I", "O", ""), "OBUF": ("O", "", "I"), "TBUF": ("O", "", "I")}),
        ("nine_bit_bytes", "gowin", "mult18x18"),
    ),
}


def netlist(board: Board) -> Netlist:
    """The module that `loschmidt build` would place, synthesised if the cache has none."""

    def build(directory: Path) -> None:
        text = synthesise(board, soc, directory / "flow", lambda stage, line: None).read_text()
        (directory / "netlist.json").write_text(json.dumps(json.loads(text)["modules"][DESIGN]))

    key = cache.digest(repr(board), flow.find("yosys").origin, *sources())
    found: Netlist = json.loads((cache.built("synthesis", key, build) / "netlist.json").read_text())
    return found


def simulate(board: Board, module: Netlist) -> BoardSimulation:
    """A board that is this netlist, powered up. `NetlistError` if the cells of its family have no models."""
    if board.part.family not in FAMILIES:
        raise NetlistError(f"{board.name}: netlists of {board.part.family.name} cannot be simulated: not all cells have models")
    found = FAMILIES[board.part.family]
    plain = _plain(module, found)
    text = unlinted(every(board.part.family, *found.models) + _verilog(plain) + _wrapped(board, plain))
    return BoardSimulation(BoardPlan(board.shape, board.link.divisor, board.link.buffer), library(text, "", HARNESS, level=QUICK))


def _plain(module: Netlist, family: Cells) -> Netlist:
    """The module without anything that is for people, lookup tables and pads as cells of Yosys' own."""
    kept = [cell for cell in module["cells"].values() if cell["type"] != "$scopeinfo"]
    replaced = dict.fromkeys(family.luts, _lut) | dict.fromkeys(family.pads, _pad)
    cells = {f"c{k}": replaced[cell["type"]](cell, family) if cell["type"] in replaced else cell for k, cell in enumerate(kept)}
    driven = {bit for cell in cells.values() if cell["type"] == "$_BUF_" for bit in cell["connections"]["Y"]}
    ports = {
        name: {**port, "direction": "output" if driven.issuperset(port["bits"]) else "input"} for name, port in module["ports"].items()
    }
    return {"attributes": {}, "ports": ports, "cells": {name: {**cell, "attributes": {}} for name, cell in cells.items()}, "netnames": {}}


def _lut(cell: Netlist, family: Cells) -> Netlist:
    bits = [bit for name in family.luts[cell["type"]] for bit in cell["connections"].get(name, ["0"])]
    table = cell["parameters"][family.table][-(1 << len(bits)) :]
    return _cell("$lut", {"A": bits, "Y": cell["connections"][family.output]}, WIDTH=f"{len(bits):032b}", LUT=table)


def _pad(cell: Netlist, family: Cells) -> Netlist:
    at, (pin, received, driven) = cell["connections"], family.pads[cell["type"]]
    if driven in at:
        return _cell("$_BUF_", {"A": at[driven], "Y": at[pin]})
    return _cell("$_BUF_", {"A": at[pin], "Y": at[received]})


def _cell(kind: str, connections: Netlist, **parameters: str) -> Netlist:
    directions = {"A": "input", "Y": "output"}
    return {"type": kind, "parameters": parameters, "port_directions": directions, "connections": connections}


def _verilog(module: Netlist) -> str:
    """Verilog of a module under the name ``netlist``, cached."""
    text = json.dumps({"modules": {"netlist": module}})
    script = "read_json netlist.json; opt_clean -purge; write_verilog -noattr netlist.v"

    def build(directory: Path) -> None:
        (directory / "netlist.json").write_text(text)
        tools.yosys(script, directory)

    return (cache.built("netlist", cache.digest(text, script, tools.yosys_version()), build) / "netlist.v").read_text()


def _wrapped(board: Board, module: Netlist) -> str:
    """The top that the harness wants. The board resets itself, holds its build's hash, and does not say what goes on inside."""
    rx, tx = (f"{board.link.resource}_{board.link.number}__{pin}__io" for pin in ("rx", "tx"))
    inputs = {name for name, port in module["ports"].items() if port["direction"] == "input"}
    (clock,) = inputs - {rx}
    silent = ("open", "running", "fault")
    names = {"input": ("clk", "rst", "rx", "[31:0] build"), "output": ("tx", *silent)}
    ports = "".join(f"  {direction} {name};\n" for direction, several in names.items() for name in several)
    constants = "".join(f"  assign {name} = 1'b{name == 'open':d};\n" for name in silent)
    instance = f"  netlist netlist(.{clock}(clk), .{rx}(rx), .{tx}(tx));\n"
    return f"module {TOP}(clk, rst, build, rx, tx, {', '.join(silent)});\n{ports}{constants}{instance}endmodule\n"
