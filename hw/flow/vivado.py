"""A project for Xilinx's Vivado, ready to be run where Vivado is: Verilog, constraints and Tcl. Making it needs no Vivado."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from loschmidt.hw.boards.platforms import platform
from loschmidt.hw.boards.top import Top
from loschmidt.spec.board import Board

from . import tools
from .build import Gateware, Progress
from .plan import TOP, prepare
from .workplace import emptied

#: Goes before what writes the bitstream.
_CHECK = """\
if {[get_property SLACK [get_timing_paths]] < 0} {
    puts "ERROR: timing does not close"
    exit 1
}
"""
_WRITE = "write_bitstream "


def project(board: Board, gateware: Gateware, directory: Path, tell: Progress) -> Path:
    """Write the project of ``gateware`` into ``directory``, made by `workplace.emptied`; returns the Tcl script that builds it.

    ``vivado -mode batch -source top.tcl``, run in that directory, then leaves ``top.bit``, or fails if timing does not close.
    `FlowError` if Yosys, which writes the Verilog, is missing or fails.
    """
    made = platform(board)
    yosys = tools.find("yosys")
    emptied(directory)
    tell("gateware", "")
    prepare(board, made, Top(board, gateware(board)), directory)
    target = directory / f"{TOP}.tcl"
    text = target.read_text()
    if text.count(_WRITE) != 1:
        raise tools.FlowError(f"{board.name}: the platform's script writes {text.count(_WRITE)} bitstreams, not one")
    target.write_text(text.replace(_WRITE, _CHECK + _WRITE))
    # Vivado infers multipliers and memories from Verilog that is close to what was written; attributes tell it of false paths.
    script = f"read_rtlil {TOP}.il; proc -nomux; memory_collect; write_verilog -norename {TOP}.v"
    tools.run(yosys, ("-q", "-p", script), directory, "verilog.log", partial(tell, "Verilog"))
    (directory / f"{TOP}.il").unlink()
    return target
