"""Tables that the command line prints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from loschmidt.spec.shape import Shape

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


def findings(items: Sequence[Finding]) -> Table:
    """What was looked for, and what to do about what is missing."""
    table = Table(show_edge=False)
    for name in ("", "needed for", "version", "what to do"):
        table.add_column(name)
    for item in items:
        mark = "[green]ok[/] " if item.found else "[bold red]missing[/] "
        table.add_row(mark + item.name, item.purpose, item.version, item.advice)
    return table


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
