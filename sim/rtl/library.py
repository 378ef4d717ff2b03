"""The shared library that simulates one design: the harness and the Verilated design."""

from __future__ import annotations

import sys
from pathlib import Path

from loschmidt.sim.native import cache, compiler

from .compile import FAST, compile_sources
from .design import design

HARNESS = Path(__file__).with_name("harness.cpp")
NAME = "port.so"

#: Two designs in one process must not share anything: only the harness's functions leave the library.
EXPORTS = "{ global: port_*; board_*; local: *; };\n"
#: The same for the linker of macOS, which has another option for it.
EXPORTS_MACOS = "_port_*\n_board_*\n"
_ONLY = "-Wl,-exported_symbols_list,exports.txt" if sys.platform == "darwin" else "-Wl,--version-script=exports.map"


def library(verilog: str, control: str = "", harness: Path = HARNESS, level: str = FAST) -> Path:
    """Path of the library of a design that fits its harness; built if the cache has none. ``control`` and ``level`` are as in `design`.

    `HARNESS` is for 32-bit streams ``i`` and ``o``, `board.HARNESS` for the serial pins ``rx`` and ``tx``.
    """
    made = design(verilog, control, level)

    def build(directory: Path) -> None:
        objects = compile_sources([harness], directory, flags=(f"-I{made.headers}",))
        (directory / "exports.map").write_text(EXPORTS)
        (directory / "exports.txt").write_text(EXPORTS_MACOS)
        command: list[str | Path] = [compiler.program(), "-shared", "-pthread", _ONLY]
        compiler.run([*command, *objects, *made.objects, "-o", NAME], "linking the simulated array", directory)

    return cache.built("library", cache.digest(made.key, harness.read_text(), EXPORTS), build) / NAME
