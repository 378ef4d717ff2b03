"""A project for Xilinx's Vivado, ready to be run where Vivado is: Verilog, constraints and Tcl. Making it needs no Vivado."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from loschmidt.hw.boards.platforms import platform
from loschmidt.spec.board import Board

from . import tools
from .build import Gateware, Progress, begin
from .plan import TOP
from .stages import Stage
from .stamp import build_hash, stamp

#: Goes before what writes the bitstream.
_CHECK = """\
if {[get_property SLACK [get_timing_paths]] < 0} {
    puts "ERROR: timing does not close"
    exit 1
}
"""
_WRITE = "write_bitstream "

#: Vivado infers multipliers and memories from Verilog that is close to what was written; attributes tell it of false paths.
_VERILOG = f"read_rtlil {TOP}.il; proc -nomux; memory_collect; write_verilog -norename {TOP}.v"


def project(board: Board, gateware: Gateware, directory: Path, tell: Progress) -> Path:
    """Write the project of ``gateware`` into ``directory``, made by `workplace.emptied`; returns the Tcl script that builds it.

    ``vivado -mode batch -source top.tcl``, run in that directory, then leaves ``top.bit``, or fails if timing does not close.
    `FlowError` if Yosys, which writes the Verilog, is missing or fails.
    """
    made = platform(board)
    yosys = tools.find("yosys")
    constraints = begin(board, made, gateware, directory, tell)
    stage = Stage("Verilog", "yosys", ("-q", "-p", _VERILOG), f"{TOP}.v")
    stamp(directory, build_hash(board, directory, constraints, [(stage, yosys)]))
    target = directory / f"{TOP}.tcl"
    text = target.read_text()
    if text.count(_WRITE) != 1:
        raise tools.FlowError(f"{board.name}: the platform's script writes {text.count(_WRITE)} bitstreams, not one")
    target.write_text(text.replace(_WRITE, _CHECK + _WRITE))
    tools.run(yosys, stage.arguments, directory, "verilog.log", partial(tell, stage.name))
    (directory / f"{TOP}.il").unlink()
    return target
