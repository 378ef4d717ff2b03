"""What a module imports, read from its source without running it."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

MODULE = re.compile(r"loschmidt(\.\w+)+")


class Import(NamedTuple):
    name: str  #: absolute and dotted; for ``from a import b`` it is ``a.b``, a module or what one holds
    line: int


def imports(source: str, module: str, package: bool = False) -> list[Import]:
    """Imports anywhere in the source: in functions and under TYPE_CHECKING too, and modules named in a string, as loaders do.

    ``module`` is the source's own dotted name, ``package`` whether it is an ``__init__.py``; relative imports start from them.
    """
    home = module.split(".") if package else module.split(".")[:-1]
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found += [Import(alias.name, node.lineno) for alias in names]
            case ast.ImportFrom(module=origin, names=names, level=level):
                above = home[: len(home) - level + 1] if level else []
                start = ".".join([*above, *([origin] if origin else [])])
                found += [Import(f"{start}.{alias.name}", node.lineno) for alias in names]
            case ast.Constant(value=str(text)) if MODULE.fullmatch(text):
                found.append(Import(text, node.lineno))
    return found
