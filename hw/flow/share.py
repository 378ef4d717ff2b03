"""Letting synthesis work on what an array has many of just once, and keeping its borders.

Lanes and tiles are alike, but Amaranth writes a module for each. Those that say the same become one, which is marked to be kept whole
until the design is mapped: synthesis is shorter by as many times as there are of it, and the registers at its border, which are there
so that no wire goes to all lanes, are not merged with those of its neighbours.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import count

_MODULE = re.compile(r"^(?:attribute [^\n]*\n)*module (\\\S+)\n.*?^end$", re.MULTILINE | re.DOTALL)
_CELL = re.compile(r"^(  cell )(\\\S+)( \S+\n)(.*?)(^  end$)", re.MULTILINE | re.DOTALL)
_WIRE = re.compile(r"^(?:  attribute [^\n]*\n)*  wire [^\n]*? ?(\\\S+)\n", re.MULTILINE)
_PLACE = re.compile(r" (input|output|inout) \d+ ")
_PORT = re.compile(r"\\port\$\d+\$\d+")

#: Components that are kept whole if there are several of them: their names, numbered.
_KEPT = re.compile(r"\.(?:lane|tile)_\d+$")


def shared(rtlil: str) -> str:
    """The design with equal modules written once, those of lanes and tiles marked to be kept."""
    modules = {match[1]: match[0] for match in _MODULE.finditer(rtlil)}
    head = rtlil[: next(_MODULE.finditer(rtlil)).start()]
    ports = {name: _numbered(text) for name, text in modules.items()}
    for name, text in modules.items():
        modules[name] = _ordered(_renamed(_CELL.sub(lambda cell: _cell(cell, ports), text), ports[name]))
    first: dict[str, str] = {}
    while True:
        bodies: dict[str, str] = {}
        again = {name: bodies.setdefault(text.replace(f"module {name}\n", "", 1), name) for name, text in modules.items()}
        again = {name: other for name, other in again.items() if name != other}
        if not again:
            break
        first |= again
        for name in again:
            del modules[name]
        for name, text in modules.items():
            modules[name] = _of_other_kinds(text, again)
    several = Counter(cell[2] for text in modules.values() for cell in _CELL.finditer(text))
    kept = {name for name in modules if _KEPT.search(name) and several[name] > 1}
    marked = (
        text.replace("module ", "attribute \\keep_hierarchy 1\nmodule ", 1) if name in kept else text for name, text in modules.items()
    )
    return head + "\n".join(marked) + "\n"


def _numbered(text: str) -> dict[str, str]:
    """A module's ports without a name of their own, which are numbered through the design, to names that are its own."""
    header = re.findall(r"^  wire [^\n]*?(?:input|output|inout) \d+ (\\port\$\d+\$\d+)$", text, re.MULTILINE)
    inside = {name: f"\\port_{number}" for number, name in enumerate(dict.fromkeys(header))}
    others = (name for name in dict.fromkeys(_PORT.findall(text)) if name not in inside)
    return inside | {name: f"\\outer_{number}" for number, name in enumerate(others)}


def _ordered(text: str) -> str:
    """A module with its wires in order of their names, and ports numbered so; nobody knows a port by its number."""
    head, body = text.split("\nmodule ", 1)
    name, body = body.split("\n", 1)
    number = count(1)
    wires = sorted((match[1], match[0]) for match in _WIRE.finditer(body))
    lines = (_PLACE.sub(lambda match: f" {match[1]} {next(number)} ", line) for _, line in wires)
    return f"{head}\nmodule {name}\n{''.join(lines)}{_WIRE.sub('', body)}"


def _renamed(text: str, ports: dict[str, str]) -> str:
    return _PORT.sub(lambda match: ports[match[0]], text)


def _of_other_kinds(text: str, now: dict[str, str]) -> str:
    """A module whose cells are of those modules that took their own's place."""
    return _CELL.sub(lambda cell: cell[1] + now.get(cell[2], cell[2]) + cell[3] + cell[4] + cell[5], text)


def _cell(cell: re.Match[str], ports: dict[str, dict[str, str]]) -> str:
    """A cell with the ports that it connects called as in its module."""
    names = ports.get(cell[2], {})
    body = re.sub(r"^(    connect )(\S+)", lambda match: match[1] + names.get(match[2], match[2]), cell[4], flags=re.MULTILINE)
    return cell[1] + cell[2] + cell[3] + body + cell[5]
