"""The hash of a build, by which a board says which bitstream it runs: worked out, and then put into the design.

The hash is a digest of what the bitstream is made from. Equal sources and programs give an equal hash, so they still give equal bytes.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Sequence
from pathlib import Path

from loschmidt.hw.boards.top import BUILD_HASH
from loschmidt.spec.board import Board
from loschmidt.spec.protocol import WORD

from . import floorplan, registers
from .plan import TOP
from .stages import Stage
from .tools import Tool

#: Modules of ours that rewrite what a program has made.
_REWRITERS = (floorplan, registers)

_MODULE = """
module \\{name}
  wire width {width} output 1 \\word
  connect \\word {width}'{value:0{width}b}
end
"""


def build_hash(board: Board, directory: Path, constraints: str, stages: Sequence[tuple[Stage, Tool]]) -> int:
    """The hash of what a bitstream is made from.

    Parameters
    ----------
    board : the board's file, as it was read
    directory : where `plan.prepare` has written the design, which has no hash in it yet
    constraints : name of the constraint file there
    stages : what is to be run, each with the program that was found for it: its version counts, its place does not

    Returns
    -------
    32 bits; never 0, which stands for a design that is in no bitstream
    """
    whole = hashlib.sha256()
    parts = [repr(board), *(inspect.getsource(module) for module in _REWRITERS)]
    parts += [(directory / name).read_text() for name in (f"{TOP}.il", constraints)]
    parts += [repr((stage.tool, tool.origin, stage.arguments)) for stage, tool in stages]
    for part in parts:
        whole.update(hashlib.sha256(part.encode()).digest())
    return max(1, int(whole.hexdigest()[: WORD // 4], 16))


def stamp(directory: Path, word: int) -> None:
    """Put the hash into the design in ``directory``: the module that `boards.top.Top` has an instance of, and no text of."""
    with (directory / f"{TOP}.il").open("a") as file:
        file.write(_MODULE.format(name=BUILD_HASH, width=WORD, value=word))
