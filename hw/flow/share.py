"""Letting synthesis work just once on what an array has many of, and keeping its borders.

Equal lanes and tiles, and what tiles are made of, are marked to be kept whole until the design is mapped: synthesis is shorter by as
many times as there are of them, and the registers at their borders, which are there so that no wire goes far, are not merged with their
neighbours'.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

from loschmidt.hw.rtlil import CELL, MODULE, merged

#: Modules that are kept whole if the design has several of them, in however many places it is written.
_KEPT = re.compile(r"(?:lane|tile|branch|integrator|activation|parameters|kick_shift|drift_shift)(?:_\d+)?")


def shared(rtlil: str) -> str:
    """The design with equal modules written once, those that are to be kept marked."""
    text = merged(rtlil)
    users: defaultdict[str, list[str]] = defaultdict(list)  # module to those that have it inside, once for each time
    for module in MODULE.finditer(text):
        for cell in CELL.finditer(module[0]):
            users[cell[1]].append(module[1])

    @cache
    def number(name: str) -> int:
        return sum(number(user) for user in users[name]) if users[name] else 1

    def marked(module: re.Match[str]) -> str:
        kept = _KEPT.fullmatch(module[1]) and number(module[1]) > 1
        return ("attribute \\keep_hierarchy 1\n" if kept else "") + module[0]

    return MODULE.sub(marked, text)
