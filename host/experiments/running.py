"""Runs an experiment and keeps what came out: JSON, a figure, a table for the terminal."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from loschmidt.host import atomic, figures

from .experiment import Experiment, Outcome, Tell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Rows of a table that are shown; JSON and figure have all.
SHOWN = 60


@dataclass(frozen=True)
class Done:
    """An experiment with its outcome, and the seconds it took: on the wall's clock, and of all processors together."""

    experiment: Experiment
    outcome: Outcome
    seconds: float
    processor: float

    def to_json(self) -> dict[str, Any]:
        took = {"seconds": round(self.seconds, 1), "processor seconds": round(self.processor, 1)}
        return {"experiment": self.experiment.name, **took, **self.outcome.to_json()}


def run(experiment: Experiment, quick: bool, tell: Tell) -> Done:
    began, busy = time.monotonic(), time.process_time()
    outcome = experiment.measure(quick, tell)
    return Done(experiment, outcome, time.monotonic() - began, time.process_time() - busy)


def picture(done: Done) -> Figure:
    figure = figures.new(9.0, 5.0)
    done.experiment.draw(done.outcome, figure)
    return figure


def svg(done: Done) -> bytes:
    """The figure as text that any browser draws, with nothing in it that changes from run to run but the data."""
    return figures.drawn(picture(done), "svg", metadata={"Date": None})


def save_figure(done: Done, path: Path) -> None:
    """As .png, .svg or .pdf, by the path's ending. Raises what `figures.save` raises."""
    figures.check(path)
    atomic.folder(path.parent)
    figures.save(picture(done), path)


def text(value: Any) -> str:
    """A table's cell."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if value == 0.0 or math.isinf(value):
            return f"{value:g}"
        return f"{value:.6f}" if 0.9 <= abs(value) < 2.0 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def tables(done: Done) -> tuple[Table, Table]:
    """What was measured, and the checks."""
    rows = done.outcome.rows
    measured = Table(title=f"{done.experiment.name}: {done.experiment.title}")
    notes = [f"failed: {said}" for said in done.outcome.settings.get("failed", ())]
    if len(rows) > SHOWN:
        notes.append(f"{SHOWN} of {len(rows)} rows; the others are in --json and in the figure")
    measured.caption = Text("\n".join(notes)) if notes else None
    for name, value in rows[0].items():
        measured.add_column(name, justify="left" if isinstance(value, str) else "right", overflow="fold")
    for row in _spread(rows):
        measured.add_row(*(text(value) for value in row.values()))
    checks = Table("check", "measured", "bound", "", show_edge=False)
    for check in done.outcome.checks:
        verdict = "[green]pass[/green]" if check.passed else "[red]MISS[/red]"
        checks.add_row(check.what, text(check.measured), check.bound, verdict)
    return measured, checks


def _spread(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """All rows, or `SHOWN` of them, evenly taken."""
    count = min(SHOWN, len(rows))
    return [rows[i * len(rows) // count] for i in range(count)]
