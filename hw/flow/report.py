"""What a build came to, from the files that Yosys and nextpnr leave: cells used and available, clocks against their constraints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loschmidt.spec.board import Board
from loschmidt.spec.part import Family

from .stages import REPORT, STATISTICS
from .tools import FlowError


@dataclass(frozen=True)
class Use:
    """How many of a kind of cell a design takes, and how many there are."""

    used: int
    available: int

    def __add__(self, other: Use) -> Use:
        return Use(self.used + other.used, max(self.available, other.available))


@dataclass(frozen=True)
class Timing:
    """One clock after routing, in MHz. ``closed`` says whether it may run as fast as it will."""

    clock: str
    achieved: float
    wanted: float

    @property
    def closed(self) -> bool:
        return self.achieved >= self.wanted


#: Family -> figure -> nextpnr's names of the cells that share its places. Carries of Gowin sit where a LUT would.
_CELLS: dict[Family, dict[str, tuple[str, ...]]] = {
    Family.ECP5: {"lut": ("TRELLIS_COMB",), "ff": ("TRELLIS_FF",), "block_ram": ("DP16KD",), "dsp": ("MULT18X18D",)},
    Family.ICE40: {"lut": ("ICESTORM_LC",), "block_ram": ("ICESTORM_RAM",), "dsp": ("ICESTORM_DSP",), "spram": ("ICESTORM_SPRAM",)},
    Family.GOWIN: {"lut": ("LUT4", "ALU"), "ff": ("DFF",), "block_ram": ("BSRAM",), "dsp": ("MULT18X18",), "lut_ram": ("RAM16SDP4",)},
}


@dataclass(frozen=True)
class Report:
    """Cells and clocks of a routed design.

    Members
    -------
    utilisation : ``lut``, ``ff``, ``block_ram``, ``dsp``, and what else the family has
    timings : every clock
    """

    utilisation: Mapping[str, Use]
    timings: tuple[Timing, ...]

    @property
    def fmax_mhz(self) -> float:
        """The slowest clock's highest frequency."""
        return min(timing.achieved for timing in self.timings)

    @property
    def closed(self) -> bool:
        return all(timing.closed for timing in self.timings)


def read(board: Board, directory: Path) -> Report:
    """The report of a build in ``directory``; `FlowError` if the files are not what is expected."""
    try:
        routed = json.loads((directory / REPORT).read_text())
        counted = json.loads((directory / STATISTICS).read_text())["design"]["num_cells_by_type"]
        return parse(board, routed, counted)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FlowError(f"{directory}: no report that can be read ({error!r}): are the programs of the flow too old?") from error


def parse(board: Board, routed: Mapping[str, Any], counted: Mapping[str, int]) -> Report:
    """Of nextpnr's report and Yosys' count of cells by type. `FlowError` if no clock was found, or none that is the array's."""
    cells = {name: Use(int(value["used"]), int(value["available"])) for name, value in routed["utilization"].items()}
    family = board.part.family
    utilisation = {figure: sum((cells[name] for name in names), Use(0, 0)) for figure, names in _CELLS[family].items()}
    if family is Family.ICE40:
        # A logic cell holds a LUT, a flip-flop or both, and nextpnr counts cells.
        flip_flops = sum(count for kind, count in counted.items() if kind.startswith("SB_DFF"))
        utilisation["ff"] = Use(flip_flops, utilisation["lut"].available)
    array = float(board.clock.frequency) / 1e6
    timings = tuple(
        # nextpnr rounds periods to picoseconds; a clock that it was told to be slower is not the array's.
        Timing(name, float(value["achieved"]), array if float(value["constraint"]) > 0.999 * array else float(value["constraint"]))
        for name, value in sorted(routed["fmax"].items())
    )
    if not any(timing.wanted == array for timing in timings):
        raise FlowError(f"{board.name}: no clock was routed for {array:g} MHz: the constraint is lost")
    return Report(utilisation, timings)
