"""From a board to its bitstream: gateware, constraint file, the stages of its family, and a report of what came out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from amaranth.lib import wiring

from loschmidt.hw.boards.platforms import platform
from loschmidt.hw.boards.top import Top
from loschmidt.hw.soc import Soc
from loschmidt.spec.board import Board

from . import plan, rates, tools
from .report import Report, read
from .stages import FLOWS, Stage
from .stamp import build_hash, stamp
from .workplace import emptied

#: Makes what a board is to hold, a component with members ``rx`` and ``tx``.
Gateware = Callable[[Board], wiring.Component]

#: Told the name of a stage and the latest line of its program, now and then.
Progress = Callable[[str, str], None]


@dataclass(frozen=True)
class Step:
    """One stage that ran: by which program, from where, for how many seconds."""

    name: str
    tool: str
    origin: str
    seconds: float


@dataclass(frozen=True)
class Build:
    """A bitstream, and what became of the gateware.

    Members
    -------
    board : what it was built for
    build_hash : what the array answers to IDENTIFY, beside its shape
    bitstream : its file
    report : cells and clocks
    steps : what ran
    """

    board: Board
    build_hash: int
    bitstream: Path
    report: Report
    steps: tuple[Step, ...]

    def to_json(self) -> dict[str, Any]:
        """As ``loschmidt build --json`` writes it; but for the seconds, the same for the same sources and programs."""
        board, report = self.board, self.report
        frequency = float(board.clock.frequency)
        content = self.bitstream.read_bytes()
        return {
            "board": board.name,
            "title": board.title,
            "part": board.part.name,
            "build_hash": f"{self.build_hash:08x}",
            "array": board.shape.to_json(),
            "clock_mhz": frequency / 1e6,
            "fmax_mhz": report.fmax_mhz,
            "closed": report.closed,
            "clocks": [{"name": t.clock, "fmax_mhz": t.achieved, "constraint_mhz": t.wanted} for t in report.timings],
            "utilisation": {name: {"used": use.used, "available": use.available} for name, use in report.utilisation.items()},
            "macs_per_second": rates.multiplications(board.shape, frequency),
            "oscillator_steps_per_second": {
                hamiltonian.name.lower(): vars(rates.rate(hamiltonian, board.shape, frequency)) for hamiltonian in board.shape.hamiltonians
            },
            "stages": [{"name": s.name, "tool": s.tool, "origin": s.origin, "seconds": round(s.seconds, 1)} for s in self.steps],
            "bitstream": {"file": self.bitstream.name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()},
        }


def soc(board: Board) -> wiring.Component:
    """The gateware that boards are for."""
    return Soc(board.shape, board.link.divisor, board.link.buffer)


def build(board: Board, gateware: Gateware, directory: Path, tell: Progress) -> Build:
    """Make the bitstream of ``gateware`` in ``directory``, of which `workplace.emptied` takes an earlier one.

    Every program is looked for before any of them runs. A design whose timing does not close is made, too: see `Report.closed`.
    `FlowError` if a program is missing or fails, or the directory is not a build's; `BoardError` if the board's file and its platform do
    not agree.
    """
    made = platform(board)
    stages = FLOWS[board.part.family]
    found = {stage.tool: tools.find(stage.tool) for stage in stages(board, made, "")}
    constraints = begin(board, made, gateware, directory, tell)
    planned = [(stage, found[stage.tool]) for stage in stages(board, made, constraints)]
    word = build_hash(board, directory, constraints, planned)
    stamp(directory, word)
    steps = tuple(_carry_out(stage, tool, directory, tell) for stage, tool in planned)
    return Build(board, word, directory / planned[-1][0].product, read(board, directory), steps)


def synthesise(board: Board, gateware: Gateware, directory: Path, tell: Progress) -> Path:
    """As `build`, but no further than the netlist, in Yosys' JSON, that placement would be given; returns its path.

    Its hash is of what is run here: not that of a bitstream.
    """
    made = platform(board)
    tool = tools.find("yosys")
    constraints = begin(board, made, gateware, directory, tell)
    stage = FLOWS[board.part.family](board, made, constraints)[0]
    stamp(directory, build_hash(board, directory, constraints, [(stage, tool)]))
    _carry_out(stage, tool, directory, tell)
    return directory / stage.product


def begin(board: Board, made: Any, gateware: Gateware, directory: Path, tell: Progress) -> str:
    """Empty the directory and write the design there; returns the constraint file's name."""
    emptied(directory)
    tell("gateware", "")
    return plan.prepare(board, made, Top(board, gateware(board)), directory)


def _carry_out(stage: Stage, tool: tools.Tool, directory: Path, tell: Progress) -> Step:
    tell(stage.name, "")
    log = f"{stage.name.replace(' ', '-')}.log"
    seconds = tools.run(tool, stage.arguments, directory, log, partial(tell, stage.name))
    if not (directory / stage.product).is_file():
        raise tools.FlowError(f"{tool.name} left no {stage.product}: see {directory / log}")
    if stage.finish:
        stage.finish(directory / stage.product)
    return Step(stage.name, stage.tool, tool.origin, seconds)
