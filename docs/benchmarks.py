"""Rewrites the tables of docs/benchmarks.md from what `loschmidt bench` and `python -m docs.cocotb_cost` wrote to docs/measured/.

Preceded by ``python -m docs.provenance``, these commands leave a record of what they measured.
`make results` runs this module, and measures none of them.

The marks are those of docs/theory.py; what is no experiment with a table and checks, the long reversal and cocotb, has marks of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docs import provenance
from docs.theory import HERE, cell, table
from docs.theory import rewritten as with_tables

DOCUMENT = HERE / "benchmarks.md"
ALONE = re.compile(r"(<!-- (?P<name>reverse|cocotb): begin -->\n).*?(<!-- (?P=name): end -->)", re.DOTALL)

#: What measures each of them, and where to.
COMMANDS = {"reverse": "loschmidt bench reverse --json {}", "cocotb": "python -m docs.cocotb_cost --json {}"}


def alone(name: str, folder: Path) -> str:
    """The figures, or the command that would measure them."""
    place = f"benchmarks/{name}.json"
    command = COMMANDS[name].format(f"docs/measured/{place}")
    found: Any = provenance.load(folder / place)
    if found is None:
        return f"Not measured yet: `{provenance.RUN} {command}`.\n"
    figures = {figure: cell(value) for figure, value in found.items() if figure != provenance.KEY}
    rows = found["rows"] if "rows" in found else [{"figure": figure, "measured": value} for figure, value in figures.items()]
    return f"`{command}`, {provenance.note(found)}\n\n{table(rows)}\n"


def rewritten(text: str, folder: Path = HERE / "measured") -> str:
    """The document with today's tables."""
    return ALONE.sub(lambda m: m[1] + alone(m["name"], folder) + m[3], with_tables(text, folder, "bench"))


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text()))
