"""Letting synthesis work just once on what an array has many of, and keeping its borders.

Equal lanes and tiles, and what tiles are made of, are marked to be kept whole until the design is mapped: synthesis is shorter by as
many times as there are of them, and the registers at their borders, which are there so that no wire goes far, are not merged with their
neighbours'.
"""

from __future__ import annotations

import re
from collections import Counter

from loschmidt.hw.rtlil import CELL, MODULE, merged

#: Modules that are kept whole if there are several of them.
_KEPT = re.compile(r"(?:lane|tile|integrator|activation|parameters)(?:_\d+)?")


def shared(rtlil: str) -> str:
    """The design with equal modules written once, those that are to be kept marked."""
    text = merged(rtlil)
    several = Counter(cell[1] for cell in CELL.finditer(text))

    def marked(module: re.Match[str]) -> str:
        kept = _KEPT.fullmatch(module[1]) and several[module[1]] > 1
        return ("attribute \\keep_hierarchy 1\n" if kept else "") + module[0]

    return MODULE.sub(marked, text)
