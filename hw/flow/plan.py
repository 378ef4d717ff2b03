"""A board's design as the flow's programs take it: RTLIL and a constraint file, from Amaranth's platform."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from amaranth.hdl import Elaboratable

from loschmidt.spec.board import Board

#: Name of the design and of its files.
TOP = "top"

#: Endings of constraint files.
CONSTRAINTS = (".lpf", ".pcf", ".cst", ".xdc")


def prepare(board: Board, platform: Any, top: Elaboratable, directory: Path) -> Path:
    """Write ``top.il`` and the constraint file into ``directory``; returns the latter. Depends on nothing but its arguments."""
    with warnings.catch_warnings():
        # Some classes of amaranth-boards are older than the Amaranth they run on.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Source positions would make the text depend on where the project lies.
        files = platform.prepare(top, TOP, emit_src=False).files
    (directory / f"{TOP}.il").write_text(_text(files[f"{TOP}.il"]))
    name = str(next(name for name in files if name.endswith(CONSTRAINTS)))
    extra = "".join(f"{line}\n" for line in board.tools.constraints)
    (directory / name).write_text(_text(files[name]).rstrip("\n") + "\n" + extra)
    return directory / name


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()
