"""A board's design as the flow's programs take it: RTLIL and a constraint file, from Amaranth's platform."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from amaranth.hdl import Elaboratable

from loschmidt.spec.board import Board

from .collisions import undefined
from .share import shared

#: Name of the design and of its files.
TOP = "top"

#: Endings of what is kept of all that a platform writes.
_DESIGN, _CONSTRAINTS, _SCRIPT = ".il", (".lpf", ".pcf", ".cst", ".xdc"), ".tcl"


def prepare(board: Board, platform: Any, top: Elaboratable, directory: Path) -> str:
    """Write the design, ``top.il``, its constraint file, and its Tcl script if it has one; returns the constraint file's name.

    What is written depends on nothing but the board, the gateware and the versions of Amaranth and amaranth-boards.
    """
    with warnings.catch_warnings():
        # Some classes of amaranth-boards are older than the Amaranth they run on.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Source positions would make the text depend on where the project lies.
        files = platform.prepare(top, TOP, emit_src=False).files
    found = ""
    for name, content in files.items():
        text = content if isinstance(content, str) else content.decode()
        if name.endswith(_DESIGN):
            text = shared(undefined(text))
        if name.endswith(_CONSTRAINTS):
            found = name
            text = "\n".join((text.rstrip("\n"), *board.tools.constraints, ""))
        if name.endswith((_DESIGN, *_CONSTRAINTS, _SCRIPT)):
            (directory / name).write_text(text)
    return found
