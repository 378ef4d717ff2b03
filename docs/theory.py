"""Rewrites the tables of docs/theory.md and docs/gradients.md from what `loschmidt lab` measured.

`make results` runs it, after the commands that write docs/measured/.

A table stands between ``<!-- measured: EXPERIMENT rows [COLUMN=VALUE] -->``, or ``checks`` for ``rows``, and ``<!-- measured: end -->``.
What the same experiment measured elsewhere is called ``EXPERIMENT.WHERE``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from docs import provenance

HERE = Path(__file__).parent
DOCUMENT, GRADIENTS = HERE / "theory.md", HERE / "gradients.md"
#: Where the experiments of a group of commands write, by their names.
FILES = {"lab": "lab-{}.json", "bench": "benchmarks/{}.json", "hssm": "hssm-{}.json"}
BLOCK = re.compile(
    r"(<!-- measured: (?P<name>[\w.-]+) (?P<what>rows|checks)(?: (?P<column>\w+)=(?P<value>\w+))? -->\n).*?(<!-- measured: end -->)",
    re.DOTALL,
)


def cell(value: Any) -> str:
    """A figure to three digits; whole numbers whole."""
    if isinstance(value, bool):
        return "yes" if value else "**no**"
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, int):
        return f"{value:,}"
    return "" if value is None else str(value)


def table(rows: list[dict[str, Any]]) -> str:
    columns = list(rows[0])
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(cell(row[name]) for name in columns) + " |" for row in rows])


def block(name: str, what: str, column: str | None, value: str | None, folder: Path, group: str) -> str:
    """What stands between the marks."""
    command = f"loschmidt {group} {name.partition('.')[0]}"
    place = FILES[group].format(name)
    outcome = provenance.load(folder / place)
    if outcome is None:
        return f"Not measured yet: `{provenance.RUN} {command} --json docs/measured/{place}`.\n"
    if what == "checks":
        rows = [{"check": c["what"], "bound": c["bound"], "measured": c["measured"], "kept": c["passed"]} for c in outcome["checks"]]
    else:
        rows = [{k: v for k, v in row.items() if k != column} for row in outcome["rows"] if column is None or row[column] == value]
    return f"`{provenance.command(outcome) or command}`, {provenance.note(outcome)}\n\n{table(rows)}\n"


def rewritten(text: str, folder: Path = HERE / "measured", group: str = "lab") -> str:
    """The document with today's tables, of the experiments of ``loschmidt GROUP``."""
    return BLOCK.sub(lambda m: m[1] + block(m["name"], m["what"], m["column"], m["value"], folder, group) + m[6], text)


if __name__ == "__main__":
    for document in (DOCUMENT, GRADIENTS):
        document.write_text(rewritten(document.read_text()))
