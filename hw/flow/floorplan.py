"""Where multipliers and memories of a large array go: along the ring, tile by tile, each lane's beside those of the next.

There are few places for them, so a placer that begins with them anywhere folds the ring over itself, and what is between them follows.
Given theirs, everything else finds its own. The ring leads along the upper half of the die and back along the lower one; control is in
the middle.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from .registers import Netlist
from .tools import FlowError


@dataclass(frozen=True)
class Die:
    """Rows of blocks of four, as nextpnr counts columns and rows.

    Members
    -------
    blocks : column at which each begins
    multipliers, memories : rows of blocks, for the upper half and the lower one, those first that are filled first
    middle : row of memories for control
    """

    blocks: tuple[int, ...]
    multipliers: tuple[tuple[int, ...], tuple[int, ...]]
    memories: tuple[tuple[int, ...], tuple[int, ...]]
    middle: int


#: Columns of the four in a block, and how nextpnr names them there.
_MULTIPLIERS = ((0, "MULT18_0"), (1, "MULT18_1"), (4, "MULT18_4"), (5, "MULT18_5"))
_MEMORIES = ((0, "EBR0"), (2, "EBR1"), (4, "EBR2"), (6, "EBR3"))

_ECP5_85 = Die((4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114), ((34, 10), (58,)), ((22, 46), (70, 82)), 46)

#: Parts whose dies are known. Source: Project Trellis' tile grids (tiles MIB_DSP0 and MIB_EBR0).
DIES = {"LFE5U-85F": _ECP5_85, "LFE5UM5G-85F": _ECP5_85}

_TILE = re.compile(r".*\.tile_(\d+)\.(?:(lane|parameters)_(\d+)\.)?")
_CONTROL = ".array.control."


def settle(path: Path, top: str, part: str) -> int:
    """Rewrite the netlist in ``path`` with places for the large cells; returns how many. `FlowError` if they have no room."""
    netlist = json.loads(path.read_text())
    places = planned(netlist["modules"][top], part)
    for name, place in places.items():
        netlist["modules"][top]["cells"][name]["attributes"]["BEL"] = place
    path.write_text(json.dumps(netlist))
    return len(places)


def planned(module: Netlist, part: str) -> dict[str, str]:
    """Cell to its place. `FlowError` if the part's die is not known, or the tiles do not fit it two by two."""
    if part not in DIES:
        raise FlowError(f"tools.floorplan: the die of {part} is not known, only of {', '.join(DIES)}: leave it out")
    die = DIES[part]
    places: dict[str, str] = {}
    for cell, kinds, rows in (("MULT18X18D", _MULTIPLIERS, die.multipliers), ("DP16KD", _MEMORIES, die.memories)):
        names = sorted((name for name, found in module["cells"].items() if found["type"] == cell), key=_natural)
        tiles: defaultdict[int, list[str]] = defaultdict(list)
        for name in names:
            if match := _TILE.match(name):
                tiles[int(match[1])].append(name)
        for number, blocks, half in _fields(die, len(tiles)):
            sites = [list(_sites(blocks, row, kinds, backwards=half == 1)) for row in rows[half]]
            found = _placed(_along_the_ring(tiles[number]), sites)
            if len(found) < len(tiles[number]):
                raise FlowError(f"tools.floorplan: tile {number} has {len(tiles[number])} {cell}, too many for its field: leave it out")
            places |= found
        if cell == "DP16KD":
            control = [name for name in names if _CONTROL in name]
            places |= dict(zip(control, _sites(die.blocks[len(die.blocks) // 2 :], die.middle, kinds, backwards=False), strict=False))
    return places


def _fields(die: Die, tiles: int) -> Iterator[tuple[int, tuple[int, ...], int]]:
    """Each tile's number, its blocks and its half of the die; the middle column of blocks is control's."""
    columns, centre = tiles // 2, len(die.blocks) // 2
    if tiles % 2 or not columns or centre * 2 < columns or (columns > 1 and columns % 2):
        raise FlowError(f"tools.floorplan: {tiles} tiles are not laid out in two rows: leave it out")
    sides = die.blocks[:centre], die.blocks[-centre:]
    if columns == 1:
        fields: Sequence[tuple[int, ...]] = [die.blocks]
    else:
        width = 2 * centre // columns
        fields = [side[k * width : (k + 1) * width] for side in sides for k in range(columns // 2)]
    for number in range(tiles):
        half = int(number >= columns)
        yield number, fields[tiles - 1 - number if half else number], half


def _along_the_ring(names: list[str]) -> tuple[list[str], list[str], list[str]]:
    """A tile's cells: of the first half of its lanes, of what all lanes share, of the second half."""
    lanes: defaultdict[int, list[str]] = defaultdict(list)
    shared = []
    for name in names:
        match = _TILE.match(name)
        if match and match[2]:
            lanes[int(match[3]) * (2 if match[2] == "parameters" else 1)].append(name)
        else:
            shared.append(name)
    order = list(chain.from_iterable(lanes[lane] for lane in sorted(lanes)))
    return order[: len(order) // 2], shared, order[len(order) // 2 :]


def _placed(order: tuple[list[str], list[str], list[str]], rows: list[list[str]]) -> dict[str, str]:
    """All in the middle of the first row, or if they are too many, what lanes share in that of the second; less if that does not do."""
    first, shared, second = order
    if len(first) + len(shared) + len(second) <= len(rows[0]):
        return _centred([*first, *shared, *second], rows[0])
    return _centred([*first, *second], rows[0]) | (_centred(shared, rows[1]) if len(rows) > 1 else {})


def _centred(names: list[str], sites: list[str]) -> dict[str, str]:
    return dict(zip(names, sites[max(0, len(sites) - len(names)) // 2 :], strict=False))


def _sites(blocks: Sequence[int], row: int, kinds: Sequence[tuple[int, str]], backwards: bool) -> Iterator[str]:
    """A row's places, from left to right or back."""
    found = [f"X{block + column}/Y{row}/{name}" for block in blocks for column, name in kinds]
    return iter(found[::-1] if backwards else found)


def _natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts numbers within names by their value."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]
