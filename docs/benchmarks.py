"""Rewrites the tables of docs/benchmarks.md from what `loschmidt bench` wrote to docs/measured/benchmarks/.

The marks are those of docs/theory.py; the long reversal, which is no experiment with a table, has one of its own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from docs.theory import HERE, cell, table
from docs.theory import rewritten as with_tables

DOCUMENT = HERE / "benchmarks.md"
REVERSE = re.compile(r"(<!-- reverse: begin -->\n).*?(<!-- reverse: end -->)", re.DOTALL)


def reverse(folder: Path) -> str:
    """The long reversal's figures, or the command that would measure them."""
    command, place = "loschmidt bench reverse", "benchmarks/reverse.json"
    if not (folder / place).exists():
        return f"Not measured yet: `{command} --json docs/measured/{place}`.\n"
    found = json.loads((folder / place).read_text())
    return f"`{command}`\n\n{table([{'figure': name, 'measured': cell(value)} for name, value in found.items()])}\n"


def rewritten(text: str, folder: Path = HERE / "measured") -> str:
    """The document with today's tables."""
    return REVERSE.sub(lambda m: m[1] + reverse(folder) + m[2], with_tables(text, folder, "bench"))


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text()))
