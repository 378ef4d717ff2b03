"""Rewrites the tables of docs/hssm.md from what `loschmidt hssm` wrote to docs/measured/. The marks are those of docs/theory.py."""

from __future__ import annotations

from pathlib import Path

from docs.theory import HERE
from docs.theory import rewritten as with_tables

DOCUMENT = HERE / "hssm.md"


def rewritten(text: str, folder: Path = HERE / "measured") -> str:
    """The document with today's tables."""
    return with_tables(text, folder, "hssm")


if __name__ == "__main__":
    DOCUMENT.write_text(rewritten(DOCUMENT.read_text()))
