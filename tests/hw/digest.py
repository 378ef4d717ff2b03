"""Prints a digest of what a board's bitstream is made from, worked out in this process: ``python -m tests.hw.digest BOARD [hashed]``.

With ``hashed``, the gateware is deliberately broken: the order of its registers is that of a set of strings.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring

from loschmidt.hw.boards.platforms import platform
from loschmidt.hw.boards.top import Top
from loschmidt.hw.flow.build import soc
from loschmidt.hw.flow.plan import prepare
from loschmidt.spec.board import Board, load

from .small import Small


class Hashed(Small):
    def elaborate(self, platform: object) -> Module:
        m = super().elaborate(platform)
        for name in set("abcdefghij"):
            m.d.sync += Signal(name=name).eq(self.rx)
        return m


def digest(board: Board, gateware: wiring.Component) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(board, platform(board), Top(board, gateware), folder)
        whole = hashlib.sha256()
        for path in sorted(folder.iterdir()):
            whole.update(path.name.encode() + path.read_bytes())
    return whole.hexdigest()


if __name__ == "__main__":
    chosen = load(sys.argv[1])
    print(digest(chosen, Hashed() if "hashed" in sys.argv else soc(chosen)))
