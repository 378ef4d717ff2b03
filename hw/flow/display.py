"""What the commands of the flow show: progress, tables, and the lines around them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

from loschmidt.spec.board import Board
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.pll import megahertz

from . import rates
from .build import Build

OUT = Console(highlight=False)
ERR = Console(stderr=True, highlight=False)


def say(message: str) -> None:
    OUT.print(Text(message), soft_wrap=True)


def error(message: str) -> None:
    ERR.print(Text(f"error: {message}", style="bold red"), soft_wrap=True)


@contextmanager
def progress() -> Iterator[Callable[[str, str], None]]:
    """Shows the stage under way, how long it has taken, and what its program said last; without a terminal, a line for each stage."""
    stage, begin = "", time.monotonic()
    with Status("", console=OUT) as status:

        def tell(name: str, line: str) -> None:
            nonlocal stage, begin
            if name != stage:
                if not OUT.is_terminal:
                    say(f"{name} ...")
                stage, begin = name, time.monotonic()
            status.update(Text(f"{name}, {time.monotonic() - begin:.0f} s  {line[: OUT.width - 40]}"))

        yield tell


def formats_name(formats: Formats) -> str:
    """The preset's name, or the multiplier's width with a mark that the rest is special."""
    return next((name for name, preset in PRESETS.items() if preset == formats), f"{formats.multiplier}*")


def boards(found: list[Board]) -> Table:
    """All boards with what they hold: N oscillators, M inputs, L lanes."""
    table = Table()
    for name in ("board", "part", "N/M/L", "bits", "MHz", "Mbaud", "price"):
        table.add_column(name, justify="left" if name in ("board", "part", "price") else "right", no_wrap=True)
    for board in found:
        shape = board.shape
        size = f"{shape.oscillators}/{shape.inputs}/{shape.lanes}"
        clock = megahertz(board.clock.frequency)
        table.add_row(board.name, board.part.name, size, formats_name(shape.formats), clock, f"{board.link.baud / 1e6:g}", board.price)
    return table


def cells(build: Build) -> Table:
    """Used and available."""
    table = Table(title=f"{build.board.title}: {build.board.part.name}")
    for name in ("cells", "used", "available", "share"):
        table.add_column(name, justify="left" if name == "cells" else "right")
    for name, use in build.report.utilisation.items():
        share = f"{use.used / use.available:.0%}" if use.available else ""
        table.add_row(name.replace("_", " "), f"{use.used:,}", f"{use.available:,}", share)
    return table


def speeds(build: Build) -> Table:
    """Oscillator steps a second at the clock that the board has."""
    table = Table(title="million oscillator steps a second, at most")
    for name in ("Hamiltonian", "forward", "training"):
        table.add_column(name, justify="left" if name == "Hamiltonian" else "right")
    for hamiltonian in build.board.shape.hamiltonians:
        rate = rates.rate(hamiltonian, build.board.shape, float(build.board.clock.frequency))
        table.add_row(hamiltonian.name.lower(), f"{rate.forward / 1e6:.3g}", f"{rate.training / 1e6:.3g}")
    return table


def summary(build: Build) -> list[str]:
    """Clocks, multiplications, who did what in which time, and the hash by which the board can be asked for all this."""
    board = build.board
    lines = [
        f"{timing.clock}: fmax_mhz {timing.achieved:.2f}, {'closes' if timing.closed else 'does NOT close'} at {timing.wanted:.2f}"
        for timing in build.report.timings
    ]
    lines.append(f"{rates.multiplications(board.shape, float(board.clock.frequency)) / 1e9:.3g} G multiply-accumulates a second, at most")
    lines += [f"{step.name}: {step.seconds:.1f} s by {step.tool} ({step.origin})" for step in build.steps]
    lines.append(f"build hash: {build.build_hash:08x}")
    return lines
