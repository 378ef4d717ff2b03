"""`loschmidt board`: a simulated board behind a pseudo-terminal, for everything that a real one is for, but slower."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from loschmidt.sim.link.terminal import Terminal
from loschmidt.spec.board import load
from loschmidt.spec.link import LARGEST_BUFFER, LEAST_BUFFER
from loschmidt.spec.shape import Shape

from . import console
from .adapting import EXAMPLES
from .config import Config, formats_of
from .errors import ConfigError
from .interrupt import deferred
from .options import Formats, Lanes

if TYPE_CHECKING:
    from loschmidt.sim.rtl import BoardPlan, BoardSimulation

#: Bytes of the line that are simulated between two looks at the terminal, and bytes that are read ahead of the line.
SLICE, AHEAD = 16, 1024

#: Seconds between two looks at the clock, while nothing is to be simulated.
REST = 0.2

_DEFAULT = Config()


def serve(board: BoardSimulation, terminal: Terminal, going: Callable[[], bool]) -> None:
    """Carry bytes between a board's pins and a terminal while ``going``. The board's time stands still while it has nothing to do."""
    step = SLICE * 10 * board.plan.divisor
    while going():
        if board.unsent < AHEAD:
            board.send(terminal.read())
        if board.resting:
            terminal.wait(REST)
        else:
            terminal.write(board.advance(step))


def run(
    board_name: Annotated[
        str | None, typer.Argument(metavar="[BOARD]", help="Array and link of that board, as `loschmidt boards` lists them.")
    ] = None,
    oscillators: Annotated[int, typer.Option(help="How many, N.")] = _DEFAULT.oscillators,
    inputs: Annotated[int, typer.Option(min=1, help="Words of an input vector, M.")] = 12,
    lanes: Lanes = None,
    contexts: Annotated[int, typer.Option(help="States that are held at once.")] = 8,
    depth: Annotated[int, typer.Option(help="Time steps that each buffer holds.")] = 512,
    formats: Formats = _DEFAULT.formats,
    divisor: Annotated[int, typer.Option(min=4, help="Clock cycles of a bit on the line.")] = 4,
    buffer: Annotated[int, typer.Option(help="Words that the link keeps, each way; a power of two.")] = 1024,
) -> None:
    """Simulate a board, serial pins and all, behind a pseudo-terminal; runs until Ctrl-C.

    Train through it as through a real one, with its path as --device. To build an array the first time takes a minute or more.

    [bold]Examples[/bold]

    loschmidt board

    loschmidt board icebreaker

    loschmidt board --oscillators 8 --lanes 2 --inputs 2
    """
    from loschmidt.sim.rtl import BoardPlan, BoardSimulation

    plan = plan_of(board_name) if board_name is not None else None
    if plan is None:
        if buffer & (buffer - 1) or not LEAST_BUFFER <= buffer <= LARGEST_BUFFER:
            raise ConfigError(f"--buffer must be a power of two from {LEAST_BUFFER} to {LARGEST_BUFFER}, not {buffer}")
        shape = Shape(oscillators, inputs, lanes or min(oscillators, 8), contexts, 2, depth, depth, depth, formats_of(formats))
        plan = BoardPlan(shape, divisor, buffer)
    with console.stage() as tell:
        tell("building the gateware", 0.0)
        board = BoardSimulation(plan)
    terminal = Terminal()
    shape = plan.shape
    console.say(f"a board of {shape.oscillators} oscillators, {shape.inputs} inputs and {shape.lanes} lanes at {terminal.path}")
    console.say(f"try  {suggestion(terminal.path)}")
    began, cycles = time.monotonic(), board.cycles
    try:
        # Ctrl-C ends it in order, even where a shell started it with that signal ignored.
        with console.OUT.status("waiting for somebody to open it; Ctrl-C ends it") as status, deferred() as stopped:
            shown = 0.0

            def going() -> bool:
                nonlocal shown
                if (now := time.monotonic()) > shown + REST:
                    shown = now
                    status.update(_figures(board, terminal, began, cycles))
                return not stopped()

            serve(board, terminal, going)
        console.say(_figures(board, terminal, began, cycles))
    finally:
        terminal.close()
        board.close()


def suggestion(path: str) -> str:
    """A command that trains on any board at ``path``, in a minute or so where that is simulated: on the least of data."""
    return f"loschmidt train {EXAMPLES[-1][0]} --epochs 2 --device {path}"


def plan_of(name: str) -> BoardPlan:
    """What a board of `constraints/` is built with."""
    from loschmidt.sim.rtl import BoardPlan

    board = load(name)
    return BoardPlan(board.shape, board.link.divisor, board.link.buffer)


def _figures(board: BoardSimulation, terminal: Terminal, began: float, cycles: int) -> str:
    passed, elapsed = board.cycles - cycles, time.monotonic() - began
    share = 100 * board.busy / board.cycles
    return (
        f"{passed:,} cycles, {passed / elapsed:,.0f} a second; {terminal.read_bytes:,} bytes in, {terminal.written_bytes:,} out; "
        f"the line to the board was busy {share:.0f} % of its time{'' if board.in_session else '; nobody has opened it yet'}"
    )
