"""Tables that the command line prints."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from loschmidt.spec.shape import Shape

if TYPE_CHECKING:
    from .compare import Comparison
    from .cycles import Measurement
    from .doctor import Finding


def comparison(result: Comparison) -> Table:
    """Test accuracy by seed and gradient, and the means."""
    table = Table(title=f"test accuracy on {result.config.data}, {result.config.hamiltonian}, N = {result.config.oscillators}")
    for name in ("seed", "echo, integers", "BPTT, float64", "difference", "echo s", "BPTT s", "untrusted"):
        table.add_column(name, justify="right")
    rows = zip(result.seeds, result.accuracy["echo"], result.accuracy["bptt"], result.seconds["echo"], result.seconds["bptt"], strict=True)
    for index, (seed, echo, bptt, echo_seconds, bptt_seconds) in enumerate(rows):
        cells = (str(seed), *_percent(echo, bptt), f"{echo_seconds:.1f}", f"{bptt_seconds:.1f}", str(result.untrusted[index]))
        table.add_row(*cells, end_section=index == len(result.seeds) - 1)
    table.add_row("mean", *_percent(result.mean("echo"), result.mean("bptt")), "", "", str(sum(result.untrusted)), style="bold")
    return table


def _percent(echo: float, bptt: float) -> tuple[str, str, str]:
    return f"{100 * echo:.2f} %", f"{100 * bptt:.2f} %", f"{100 * (echo - bptt):+.2f}"


def findings(items: Sequence[Finding]) -> Group:
    """What was looked for, a table for each group, and what to do about what is missing; made for 80 columns."""
    shown: list[Text | Table] = []
    for group, found in groupby(items, key=lambda item: item.group):
        table = Table(box=None, show_header=False, padding=(0, 1))
        for width in (8, 18, 18, None):
            table.add_column(width=width, overflow="fold")
        for item in found:
            mark = "[green]ok[/]" if item.found else "[bold red]missing[/]" if item.needed else "[yellow]optional[/]"
            table.add_row(mark, item.name, item.version, escape(item.purpose if item.found else item.advice))
        shown += [Text(group, style="bold"), table]
    return Group(*shown)


def cycles(items: Sequence[Measurement], shape: Shape) -> Table:
    """Cycles of a time step, beside the least that the multipliers allow."""
    table = Table(title=f"cycles per step and context, N = {shape.oscillators}, L = {shape.lanes}, M = {shape.inputs}")
    for name in ("Hamiltonian", "phase", "contexts", "cycles", "multiplying", "least", "cycles / least"):
        table.add_column(name, justify="left" if name in ("Hamiltonian", "phase") else "right")
    for item in items:
        figures = (f"{item.cycles:g}", f"{item.busy / item.cycles:.1%}", f"{item.ideal:g}", f"{item.ratio:.3f}")
        phase = "echo" if item.echo else "forward"
        style = "red" if item.missed else None
        table.add_row(item.hamiltonian.name.lower(), phase, str(item.contexts), *figures, style=style)
    return table
