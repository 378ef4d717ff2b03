"""The C++ kernel, compiled for one kind of vector unit and kept: which kinds there are, and which of them this processor has."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Mapping
from functools import cache as once
from importlib.resources import files
from pathlib import Path

from loschmidt.sim.native import cache, compiler

_AVX512VNNI = ("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512_vnni", "avx2", "bmi2", "fma")

#: Kind -> what /proc/cpuinfo must list, and the compiler's flags; the fastest first. `plain` is whatever the compiler takes by default.
#: `-DTILES` lets sixteen walks go in step: on a matrix unit, or without one by hand, which is slow and there for tests.
KINDS: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "amx": (
        frozenset((*_AVX512VNNI, "amx_tile", "amx_int8")),
        ("-march=x86-64-v4", "-mavx512vnni", "-mamx-tile", "-mamx-int8", "-mprefer-vector-width=512", "-DTILES"),
    ),
    "avx512vnni": (
        frozenset(_AVX512VNNI),
        ("-march=x86-64-v4", "-mavx512vnni", "-mprefer-vector-width=512"),
    ),
    "avx2": (frozenset(("avx2", "bmi2", "fma")), ("-march=x86-64-v3",)),
    "plain": (frozenset(), ()),
}

#: Where Linux lists what a processor has.
_LISTED = Path("/proc/cpuinfo")

#: Linux's `arch_prctl`, what it is asked, and the number of the tiles among the states of a processor.
_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_DATA = 158, 0x1023, 18

_FLAGS = ("-std=c++17", "-fwrapv", "-fPIC", "-shared", "-O2")
_NAME = "kernel.so"
_SOURCES = (
    *("lanes.h", "codes.h", "memory.h", "matrix.h", "outer.h", "own.h", "plan.h", "walk.h", "steps.cpp"),
    *("constants.h", "in_lanes.h", "single.h", "split.h", "split_constants.h"),
    *("tiles.h", "sixteen.h", "bytes.h", "in_step.h", "history.h", "squares.h", "lane_steps.h", "cohort.h"),
    *("turned.h", "crossed.h", "cohorts.h"),
)


@once
def has(kind: str) -> bool:
    """Whether this processor executes the kind."""
    needed, _ = KINDS[kind]
    if not needed:
        return True
    if platform.machine() != "x86_64":
        return False
    try:
        listed = _LISTED.read_text()
    except OSError:
        # Another system than Linux: only `plain`, which takes what the compiler takes for this processor by default.
        return False
    for line in listed.splitlines():
        if line.startswith("flags"):
            return needed <= set(line.split()) and ("amx_tile" not in needed or _lends_tiles())
    return False


def _lends_tiles() -> bool:
    """Ask the operating system for the tiles of the matrix unit, which it lends to a process that asks; all its threads then have them."""
    system = ctypes.CDLL(None, use_errno=True)
    return bool(system.syscall(_ARCH_PRCTL, _REQUEST_PERMISSION, _TILE_DATA) == 0)


def sources() -> dict[str, str]:
    """The kernel's text, by the names of its files."""
    return {name: (files(__package__) / name).read_text() for name in _SOURCES}


@once
def library(kind: str) -> ctypes.CDLL:
    """The kernel of that kind, compiled at first use. Raises what `compiled` raises."""
    return compiled(kind, sources())


def compiled(kind: str, texts: Mapping[str, str], *more: str) -> ctypes.CDLL:
    """A library of these texts, with the kind's flags and those that are given, from the cache if it was made before.

    Raises
    ------
    ToolError : there is no compiler, or it fails
    CacheError : there is no place to keep what it makes
    """
    flags = (*_FLAGS, *KINDS[kind][1], *more)

    def build(directory: Path) -> None:
        for name, text in texts.items():
            (directory / name).write_text(text)
        compiler.run([compiler.program(), *flags, "steps.cpp", "-o", _NAME], "compiling the emulator", directory)

    key = cache.digest(compiler.version(), platform.machine(), *flags, *texts.values())
    loaded = ctypes.CDLL(str(cache.built("emulator", key, build) / _NAME))
    pointer = ctypes.c_void_p
    loaded.plan_create.restype, loaded.plan_create.argtypes = pointer, [pointer, pointer]
    loaded.plan_destroy.restype, loaded.plan_destroy.argtypes = None, [pointer]
    loaded.plan_advance.restype, loaded.plan_advance.argtypes = ctypes.c_int, [pointer, pointer, ctypes.c_int64, pointer]
    return loaded
