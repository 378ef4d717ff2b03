"""`loschmidt bringup`, and what `loschmidt doctor --device` shows."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from . import console
from .errors import DeviceError
from .options import MISSED, Json, write_json

if TYPE_CHECKING:
    from .report import Report

Port = Annotated[str, typer.Argument(help="The board's port: /dev/ttyUSB0, or a URL of pyserial's.", show_default=False)]


def run(
    port: Port,
    soak: Annotated[float, typer.Option(min=0.0, help="Seconds for which gradients are compared in the end.")] = 60.0,
    json_file: Json = None,
) -> None:
    """Try everything that a new board must do: identify, link, exact return, gradient against the golden model, throughput, a soak.

    The report says all that somebody else needs to know of it: send it in with --json. Exit status 1 if anything failed.

    [bold]Examples[/bold]

    loschmidt bringup /dev/ttyUSB1

    loschmidt bringup /dev/ttyUSB1 --soak 3600 --json board.json
    """
    from .board import call
    from .bringup import bring_up

    _check(port)
    with console.stage() as tell:
        report = bring_up(partial(call, port), port, soak, tell)
    console.OUT.print(table(report))
    write_json(json_file, content(report))
    failed = [f"{row.hamiltonian} {row.check}".removeprefix("- ") for row in report.rows if not row.passed]
    if failed:
        fault = next((row.item for row in report.rows if row.check == "fault"), "")
        console.error(f"{len(failed)} of {len(report.rows)} failed: {', '.join(failed)}" + (f": {fault}" if fault else ""))
        raise typer.Exit(MISSED)
    console.say(f"all {len(report.rows)} passed")


def show(port: str) -> None:
    """Print what the board at a port says of itself."""
    from .board import call
    from .bringup import described
    from .word_device import WordDevice

    _check(port)
    device = WordDevice(call(port), port)
    try:
        about = described(device)
    finally:
        device.close()
    console.OUT.print(_about(port, about))


def _check(port: str) -> None:
    from .board import is_board

    if not is_board(port):
        raise DeviceError(f"{port!r} is no board's port: name one like /dev/ttyUSB0")


def _about(title: str, about: dict[str, Any]) -> Table:
    shape = about["shape"]
    shown = Table(title=title, show_header=False)
    rows = {"protocol": about["protocol"], "build": "none: no bitstream" if about["build"] == "00000000" else about["build"]}
    rows |= {"formats": about["formats"]} | {name: value for name, value in shape.items() if name != "formats"}
    for name, value in rows.items():
        shown.add_row(name.replace("_", " "), f"{value:,}" if type(value) is int else str(value))
    return shown


def table(report: Report) -> Table:
    """What was tried, and what came of it."""
    build = report.settings.get("build", "")
    shown = Table("check", "of", "measured", "", title=f"{report.settings['device']}{f', build {build}' if build else ''}")
    for row in report.rows:
        figures = ", ".join(
            f"{name} {value:,.4g}" if isinstance(value, float) else f"{name} {value:,}" for name, value in row.measured.items()
        )
        what = row.check if row.hamiltonian == "-" else f"{row.hamiltonian}: {row.check}"
        shown.add_row(what, row.item, figures, "[green]pass[/green]" if row.passed else "[red]FAIL[/red]")
    return shown


def content(report: Report) -> dict[str, Any]:
    """The report as it is sent in: with the programs that made it."""
    machine = {"system": platform.platform(), "python": platform.python_version(), "time": datetime.now(UTC).isoformat(timespec="seconds")}
    return {"loschmidt": version("loschmidt"), **machine, **report.to_json()}
