"""Leaving out of RTLIL the names that nothing reads: Amaranth names every field of every structure, which triples Verilator's work."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

_MODULE = re.compile(r"^(?=module )", re.MULTILINE)
_NAME = re.compile(r"[\\$]\S+")
_WIRE = re.compile(r"\s*wire (?:width \d+ )?(?:signed )?([\\$]\S+)$")
_CONNECT = re.compile(r"\s*connect ([\\$]\S+) ")
_ATTRIBUTE = re.compile(r"\s*attribute \\enum_")


def without_aliases(rtlil: str) -> str:
    """The same design without wires that appear only where they are declared and where they are driven."""
    return "".join("\n".join(_kept(module)) for module in _MODULE.split(rtlil))


def _kept(module: str) -> Iterator[str]:
    lines = module.split("\n")
    uses = Counter(_NAME.findall(module))
    declared = {match[1] for line in lines if (match := _WIRE.match(line))}
    driven = {match[1] for line in lines if (match := _CONNECT.match(line))}
    unread = {name for name in declared & driven if uses[name] == 2}
    for line in lines:
        match = _WIRE.match(line) or _CONNECT.match(line)
        if not (match and match[1] in unread) and not _ATTRIBUTE.match(line):
            yield line
