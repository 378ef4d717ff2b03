"""Telling synthesis that a read which meets a write to its own address may give anything."""

from __future__ import annotations

import re

_READ = re.compile(r"^  cell \$memrd_v2 .*?^  end$", re.MULTILINE | re.DOTALL)
_TRANSPARENT = re.compile(r"parameter \\TRANSPARENCY_MASK \d+'([01]+)$", re.MULTILINE)
_UNDEFINED = re.compile(r"(parameter \\COLLISION_X_MASK \d+')[01]+$", re.MULTILINE)
_CLOCKED = re.compile(r"parameter \\CLK_ENABLE 1$", re.MULTILINE)


def undefined(rtlil: str) -> str:
    """The design with the word undefined that a clocked read gives in the cycle in which its address is written.

    Amaranth promises the old word there. Most block RAMs do not, so synthesis would keep the promise with a copy of what was written, a
    comparison of addresses, and a multiplexer behind every bit. Ports that are transparent stay so.
    """
    return _READ.sub(lambda match: _port(match[0]), rtlil)


def _port(cell: str) -> str:
    transparent = _TRANSPARENT.search(cell)
    if transparent is None or _CLOCKED.search(cell) is None:
        return cell
    mask = transparent[1].translate(str.maketrans("01", "10"))
    return _UNDEFINED.sub(lambda match: match[1] + mask, cell)
