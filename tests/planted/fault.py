"""What a planted fault is, and whether one is stated so that it can be planted."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Fault(NamedTuple):
    """A change of the source that one test must not let pass.

    Members
    -------
    file : path in the checkout
    before : source text that occurs exactly once in the file
    after : what stands there instead
    caught_by : pytest's node id of the test that fails on it, with or without its parameters
    """

    file: str
    before: str
    after: str
    caught_by: str

    @property
    def test(self) -> tuple[str, str]:
        """File and function of `caught_by`, without its parameters."""
        file, _, function = self.caught_by.partition("[")[0].partition("::")
        return file, function


def plant(fault: Fault, root: Path) -> None:
    """Make the change in the checkout ``root``."""
    path = root / fault.file
    path.write_text(path.read_text().replace(fault.before, fault.after))


def mistakes(fault: Fault, root: Path) -> list[str]:
    """Why a fault cannot be planted in the checkout ``root``, or cannot be caught there; empty if it can."""
    found = []
    path = root / fault.file
    count = path.read_text().count(fault.before) if path.is_file() else 0
    if count != 1:
        found.append(f"{fault.file} holds {fault.before!r} {count} times, not once")
    if fault.before == fault.after:
        found.append(f"{fault.file}: {fault.before!r} is replaced by itself")
    file, function = fault.test
    if not (root / file).is_file():
        found.append(f"{file} is not there")
    elif function not in _functions((root / file).read_text()):
        found.append(f"{file} has no {function or 'function'}")
    return found


@cache
def _functions(source: str) -> set[str]:
    return {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
