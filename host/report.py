"""What `verify` has measured, as rows, as JSON, and as a table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One thing measured.

    Members
    -------
    hamiltonian, check, item : what; check is "reversal", "gradient" or "agreement"
    measured : figures by name
    bound : what they have to keep, in words
    passed : whether they do
    """

    hamiltonian: str
    check: str
    item: str
    measured: dict[str, float]
    bound: str
    passed: bool


@dataclass(frozen=True)
class Report:
    """All rows, and the settings they were measured with."""

    settings: dict[str, Any]
    rows: list[Row]

    @property
    def passed(self) -> bool:
        return all(row.passed for row in self.rows)

    def to_json(self) -> dict[str, Any]:
        return {"passed": self.passed, "settings": self.settings, "rows": [asdict(row) for row in self.rows]}


def render(report: Report) -> Table:
    """A table for the terminal."""
    settings = report.settings
    shape = settings["shape"]
    title = (
        f"{settings['device']}: N = {shape['oscillators']}, T = {settings['steps']}, delta = 2^-{settings['s']}, seed {settings['seed']}"
    )
    bounds = "; ".join(dict.fromkeys(f"{row.check}: {row.bound}" for row in report.rows))
    table = Table("Hamiltonian", "check", "of", "measured", "", title=title, caption=bounds)
    for row in report.rows:
        figures = ", ".join(f"{name} {_figure(value)}" for name, value in row.measured.items())
        table.add_row(row.hamiltonian, row.check, row.item, figures, "[green]pass[/green]" if row.passed else "[red]MISS[/red]")
    return table


def _figure(value: float) -> str:
    return f"{value:.6f}" if isinstance(value, float) else f"{value:,}"
