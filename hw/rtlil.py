"""RTLIL with one module where there were many alike: what an array has many of is compiled once, by whoever reads it."""

from __future__ import annotations

import re
from itertools import count

MODULE = re.compile(r"^(?:attribute [^\n]*\n)*module \\(\S+)\n.*?^end\n", re.MULTILINE | re.DOTALL)
CELL = re.compile(r"^  cell \\(\S+)( \S+)\n(.*?)^  end\n", re.MULTILINE | re.DOTALL)
_WIRE = re.compile(r"^(?:  attribute [^\n]*\n)*  wire [^\n]*? ?(\\\S+)\n", re.MULTILINE)
_PLACE = re.compile(r" (input|output|inout) \d+ ")
#: Ports that Amaranth names after a net of the whole design, which differs between modules that are otherwise alike.
_PORT = re.compile(r"\\port\$\d+\$\d+")


def merged(text: str) -> str:
    """The same design with modules of equal content merged, and named by the last part of their hierarchical name.

    ``top.lane_0.integrator`` and ``top.lane_1.integrator`` both become ``integrator``.
    """
    modules = {match[1]: match[0] for match in MODULE.finditer(text)}
    head = text[: next(MODULE.finditer(text)).start()]
    shared: dict[str, str] = {}  # old name to new
    ports: dict[str, dict[str, str]] = {}  # likewise, of each module's ports
    bodies: dict[str, str] = {}  # content to new name
    taken: set[str] = set()
    result: list[str] = []
    # A module's cells must be renamed before it can be compared, so the deepest come first.
    for name in sorted(modules, key=lambda name: (-name.count("."), list(modules).index(name))):
        body = CELL.sub(lambda match: _cell(match, shared, ports), modules[name])
        ports[name] = own = {old: f"\\port${index}" for index, old in enumerate(dict.fromkeys(_PORT.findall(body)))}
        body = _ordered(_renamed(body, own))
        anonymous = body.replace(f"module \\{name}\n", "module\n", 1)
        if anonymous not in bodies:
            bodies[anonymous] = _fresh(name, taken)
            result.append(body.replace(f"module \\{name}\n", f"module \\{bodies[anonymous]}\n", 1))
        shared[name] = bodies[anonymous]
    return head + "\n".join(result)


def _cell(match: re.Match[str], shared: dict[str, str], ports: dict[str, dict[str, str]]) -> str:
    """An instance under its module's new name, connected to the module's new ports."""
    kind, rest, connections = match.groups()
    for old, new in ports.get(kind, {}).items():
        connections = connections.replace(f"connect {old} ", f"connect {new} ")
    return f"  cell \\{shared.get(kind, kind)}{rest}\n{connections}  end\n"


def _renamed(text: str, ports: dict[str, str]) -> str:
    return _PORT.sub(lambda match: ports[match[0]], text)


def _ordered(text: str) -> str:
    """A module with its wires in order of their names, and its ports numbered so: nobody knows a port by its number."""
    head, name, body = re.split(r"^(module [^\n]*\n)", text, maxsplit=1, flags=re.MULTILINE)
    number = count(1)
    wires = sorted((match[1], match[0]) for match in _WIRE.finditer(body))
    lines = (_PLACE.sub(lambda match: f" {match[1]} {next(number)} ", line) for _, line in wires)
    return f"{head}{name}{''.join(lines)}{_WIRE.sub('', body)}"


def _fresh(name: str, taken: set[str]) -> str:
    """A new module's name: its own last part, without a number that only tells instances apart."""
    last = re.sub(r"_\d+$", "", name.rpartition(".")[2])
    candidate, number = last, 1
    while candidate in taken:
        number += 1
        candidate = f"{last}_{number}"
    taken.add(candidate)
    return candidate
