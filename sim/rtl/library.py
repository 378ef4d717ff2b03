"""The shared library that simulates one design: the harness, the Verilated design and Verilator's runtime."""

from __future__ import annotations

from pathlib import Path

from . import cache, tools
from .compile import compile_sources, gathered, runtime, verilate, versions

HARNESS = Path(__file__).with_name("harness.cpp")
NAME = "port.so"

#: For an array of many lanes: a lane stays a class of its own. Inlined they run up to twice as fast, but compiling them takes as long
#: as there are lanes.
LANES_APART = 'no_inline -module "lane*"\n'

#: Two designs in one process must not share anything: only the harness's functions leave the library.
EXPORTS = "{ global: port_*; local: *; };\n"


def library(verilog: str, control: str = "") -> Path:
    """Path of the library of a design with 32-bit streams ``i`` and ``o``; built if the cache has none.

    ``control`` is the text of a Verilator control file, such as `LANES_APART`.
    """
    harness = HARNESS.read_text()

    def build(directory: Path) -> None:
        sources = verilate(verilog, directory, flags=("--threads", "1"), control=control)
        objects = compile_sources(gathered([HARNESS, *sources], directory), directory, flags=(f"-I{directory}",))
        objects += runtime("verilated", "verilated_threads")
        (directory / "exports.map").write_text(EXPORTS)
        command: list[str | Path] = [tools.compiler(), "-shared", "-pthread", "-Wl,--version-script=exports.map", *objects, "-o", NAME]
        tools.run(command, "linking the simulated array", directory)
        for path in directory.iterdir():
            if path.name not in (NAME, "top.v"):
                path.unlink()

    return cache.built("library", cache.digest(verilog, harness, control, EXPORTS, versions()), build) / NAME
