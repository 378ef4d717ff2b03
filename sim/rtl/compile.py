"""Verilog to object files: Verilator writes C++, the compiler compiles it, Verilator's own runtime is compiled once and kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from loschmidt.sim import cores
from loschmidt.sim.native import cache, compiler

from . import tools
from .verilog import TOP

#: Class that Verilator writes.
PREFIX = "Vtop"

#: What is uninitialised is random, from a fixed seed: never "whatever is fastest". The other lints object to the way Yosys
#: writes Verilog: a register has a power-up value and a reset, names are kept for what is used in part or not at all, operands are
#: extended or negated by the language's own rules, and a case follows a default assignment instead of holding a default.
VERILATOR_FLAGS = (
    *("--cc", "--top-module", TOP, "--prefix", PREFIX, "-O3", "--no-timing", "--x-assign", "unique", "--x-initial", "unique"),
    *("-Wall", "-Wno-DECLFILENAME", "-Wno-UNUSEDSIGNAL", "-Wno-PROCASSINIT", "-Wno-WIDTHEXPAND", "-Wno-WIDTHTRUNC", "-Wno-CASEINCOMPLETE"),
)

_COMPILER_FLAGS = ("-std=c++17", "-fPIC", "-fno-strict-aliasing", "-DVM_COVERAGE=0", "-DVM_TRACE=0", "-DVM_SC=0")
#: How the compiler optimises. At -O2 an array would take a quarter to two thirds longer to compile, and run no faster.
FAST, QUICK = "-O1", "-O0"

#: Bytes that are compiled as one, by level: each file has to read all headers, which is most of the work where nothing is optimised.
TOGETHER = {FAST: 1_000_000, QUICK: 4_000_000}


def versions() -> str:
    """Everything outside the project that a build depends on."""
    return "\n".join((_compiler_key(), repr(VERILATOR_FLAGS)))


def _compiler_key() -> str:
    return "\n".join((tools.verilator_version(), compiler.version(), repr(_COMPILER_FLAGS), FAST))


def verilate(verilog: str, directory: Path, flags: Sequence[str] = (), control: str = "") -> list[Path]:
    """Write the C++ of a design into ``directory``; returns its sources. ``control`` is the text of a Verilator control file."""
    (directory / "top.v").write_text(verilog)
    (directory / "top.vlt").write_text("`verilator_config\n" + control)
    command: list[str | Path] = [tools.verilator(), *VERILATOR_FLAGS, *flags, "--Mdir", ".", "top.vlt", "top.v"]
    compiler.run(command, "Verilating the array", directory, {"VERILATOR_ROOT": str(tools.verilator_root())})
    return sorted(directory.glob(f"{PREFIX}*.cpp"))


def gathered(sources: Sequence[Path], directory: Path, level: str = FAST) -> list[Path]:
    """The same sources for the compiler, as some that include them: `TOGETHER` bytes in each, or a single source that has more."""
    found: list[Path] = []
    size = 0
    for path in sorted(sources, key=lambda path: -path.stat().st_size):
        if not found or size + path.stat().st_size > TOGETHER[level]:
            found.append(directory / f"together_{len(found)}.cpp")
            size = 0
        with found[-1].open("a") as file:
            file.write(f'#include "{path}"\n')
        size += path.stat().st_size
    return found


def compile_sources(sources: Iterable[Path], directory: Path, flags: Sequence[str] = (), level: str = FAST) -> list[Path]:
    """Compile, on every processor, into ``directory``."""

    def compile_one(source: Path) -> Path:
        target = directory / f"{source.stem}.o"
        command: list[str | Path] = [compiler.program(), level, *_COMPILER_FLAGS, *_includes(), *flags, "-c", source, "-o", target]
        compiler.run(command, f"compiling {source.name}", directory)
        return target

    with ThreadPoolExecutor(cores.count()) as pool:
        return list(pool.map(compile_one, sources))


def runtime(*names: str) -> list[Path]:
    """Object files of Verilator's runtime, by the stems of its sources; compiled once for all designs."""
    include = tools.verilator_root() / "include"

    def build(directory: Path) -> None:
        compile_sources([include / f"{name}.cpp" for name in names], directory)

    directory = cache.built("runtime", cache.digest(_compiler_key(), *names), build)
    return [directory / f"{name}.o" for name in names]


def _includes() -> list[str]:
    include = tools.verilator_root() / "include"
    return [f"-I{include}", f"-I{include / 'vltstd'}"]
