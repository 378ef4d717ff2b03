"""Whether a design has room on its part, counted between synthesis and placement, which would look for a place for minutes."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from loschmidt.spec.board import Board
from loschmidt.spec.part import Family

from .tools import FlowError

#: Family -> type of a cell -> places of a LUT that it takes, at the least.
_LUTS: dict[Family, dict[str, int]] = {
    Family.ECP5: {"LUT4": 1, "CCU2C": 2, "TRELLIS_DPR16X4": 4},
    Family.ICE40: {"SB_LUT4": 1},
    Family.GOWIN: {"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "ALU": 1, "RAM16SDP4": 4},
}

#: Family -> how the types of its flip-flops begin.
_FLIP_FLOPS = {Family.ECP5: "TRELLIS_FF", Family.ICE40: "SB_DFF", Family.GOWIN: "DFF"}


def check_room(board: Board, netlist: Path, top: str) -> None:
    """`FlowError` if the netlist, in Yosys' JSON, has more logic than the part. What passes may still be too much to be routed."""
    cells = list(json.loads(netlist.read_text())["modules"][top]["cells"].values())
    part, count = board.part, Counter(cell["type"] for cell in cells)
    luts = sum(places * count[kind] for kind, places in _LUTS[part.family].items())
    flip_flops = sum(number for kind, number in count.items() if kind.startswith(_FLIP_FLOPS[part.family]))
    wanted = [("LUTs", luts, part.luts), ("flip-flops", flip_flops, part.flip_flops)]
    if part.family is Family.ICE40:
        # A logic cell holds a LUT, a flip-flop, or a flip-flop and the LUT that feeds nothing else.
        wanted.append(("logic cells", luts + flip_flops - _shared(cells), part.luts))
    for what, needed, there in wanted:
        if needed > there:
            raise FlowError(
                f"{board.name}: the design takes {needed:,} {what} at the least, {part.name} has {there:,}: ask for fewer lanes, narrower "
                "formats or a smaller link.buffer, or, where memories of a few words became logic, for deeper ones"
            )


def _shared(cells: list[dict[str, Any]]) -> int:
    """Flip-flops whose input is a LUT that nothing else reads."""
    readers = Counter(
        bit for cell in cells for port, bits in cell["connections"].items() if cell["port_directions"].get(port) == "input" for bit in bits
    )
    outputs = {cell["connections"]["O"][0] for cell in cells if cell["type"] == "SB_LUT4"}
    inputs = [cell["connections"]["D"][0] for cell in cells if cell["type"].startswith("SB_DFF")]
    return sum(bit in outputs and readers[bit] == 1 for bit in inputs)
