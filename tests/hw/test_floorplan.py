"""Large cells lie along the ring, each in a place of its own; what cannot be laid out is refused."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from loschmidt.hw.flow.floorplan import DIES, planned, settle
from loschmidt.hw.flow.registers import Netlist
from loschmidt.hw.flow.tools import FlowError

PART = "LFE5U-85F"


def ring(tiles: int, lanes: int = 8, accumulators: int = 1) -> Netlist:
    """The large cells of an array, named as Yosys names them, and a small one."""
    cells = {"gateware.array.control.inputs.memory.words.0.0": "DP16KD", "gateware.link.receiver.memory.words.0.0": "DP16KD", "x": "LUT4"}
    for tile in range(tiles):
        within = f"gateware.array.ring.within.tile_{tile}"
        for lane in range(lanes):
            cells[f"{within}.lane_{lane}.multiplier.block"] = "MULT18X18D"
            cells |= {f"{within}.lane_{lane}.accumulator.memory.words.0.{k}": "DP16KD" for k in range(accumulators)}
        cells |= {f"{within}.parameters_{pair}.memory.words.0.0": "DP16KD" for pair in range(lanes // 2)}
        cells |= {f"{within}.integrator.{digit}.block": "MULT18X18D" for digit in ("low", "high")}
        cells |= {f"{within}.activation.{name}.words.0.0": "DP16KD" for name in ("lines", "conjugates")}
    return {"cells": {name: {"type": kind, "attributes": {}} for name, kind in cells.items()}}


def column_and_row(place: str) -> tuple[int, int]:
    match = re.fullmatch(r"X(\d+)/Y(\d+)/(?:MULT18_[0145]|EBR[0-3])", place)
    assert match, place
    return int(match[1]), int(match[2])


@pytest.mark.parametrize("tiles", [2, 4, 8])
def test_every_cell_of_a_tile_has_a_place_of_its_own(tiles: int) -> None:
    places = planned(ring(tiles), PART)
    assert len(places) == len(set(places.values())) == tiles * (8 + 2 + 8 + 4 + 2) + 1
    assert not any(".link." in name for name in places)


def test_multipliers_and_memories_go_where_there_are_such() -> None:
    die = DIES[PART]
    for name, place in planned(ring(8), PART).items():
        _, row = column_and_row(place)
        rows = die.multipliers if name.endswith(".block") else die.memories
        assert row in (*rows[0], *rows[1])
        assert ("MULT18" in place) is name.endswith(".block")


@pytest.mark.parametrize("kind", ["multiplier.block", "accumulator.memory.words.0.0"])
def test_lanes_that_hand_on_to_each_other_are_neighbours(kind: str) -> None:
    """Nowhere along the ring of 64 lanes, which is laid out over 119 columns, are two of them further apart than a tile is wide."""
    places = planned(ring(8), PART)
    along = [column_and_row(places[f"gateware.array.ring.within.tile_{n // 8}.lane_{n % 8}.{kind}"]) for n in range(64)]
    for (x, y), (beyond, below) in pairwise([*along, along[0]]):
        assert abs(x - beyond) <= 27
        assert abs(y - below) <= 48
    assert max(x for x, _ in along) - min(x for x, _ in along) > 100


def test_a_wide_accumulator_takes_two_memories_side_by_side() -> None:
    places = planned(ring(4, accumulators=2), PART)
    for lane in range(8):
        name = f"gateware.array.ring.within.tile_3.lane_{lane}.accumulator.memory.words.0."
        (x, y), (beyond, below) = (column_and_row(places[name + k]) for k in "01")
        assert y == below
        assert abs(x - beyond) <= 3


def test_the_netlist_is_rewritten(tmp_path: Path) -> None:
    path = tmp_path / "top.json"
    path.write_text(json.dumps({"modules": {"top": ring(2)}}))
    count = settle(path, "top", PART)
    cells = json.loads(path.read_text())["modules"]["top"]["cells"]
    assert {name: cell["attributes"]["BEL"] for name, cell in cells.items() if cell["attributes"]} == planned(ring(2), PART)
    assert sum(bool(cell["attributes"]) for cell in cells.values()) == count


@pytest.mark.parametrize(
    ("tiles", "part", "accumulators", "line"),
    [
        (8, "LFE5U-25F", 1, "the die of LFE5U-25F is not known, only of LFE5U-85F, LFE5UM5G-85F: leave it out"),
        (3, PART, 1, "3 tiles are not laid out in two rows: leave it out"),
        (0, PART, 1, "0 tiles are not laid out in two rows: leave it out"),
        (14, PART, 1, "14 tiles are not laid out in two rows: leave it out"),
        (8, PART, 2, "tile 0 has 22 DP16KD, too many for its field: leave it out"),
    ],
)
def test_what_cannot_be_laid_out_is_said(tiles: int, part: str, accumulators: int, line: str) -> None:
    with pytest.raises(FlowError, match=f"^tools.floorplan: {re.escape(line)}$"):
        planned(ring(tiles, accumulators=accumulators), part)
