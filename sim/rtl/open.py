"""From a shape to a port: the array's gateware, built if need be, powered up."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from amaranth.lib import wiring

import loschmidt.hw
import loschmidt.hw.boards
import loschmidt.hw.flow
import loschmidt.hw.link
import loschmidt.spec
from loschmidt.hw.array import Array
from loschmidt.sim.native import cache
from loschmidt.spec.pace import run_limit, sweep_limit
from loschmidt.spec.shape import Shape

from .design import apart
from .library import library
from .port import NO_STALL, RtlPort, Stall
from .verilog import verilog

#: Arrays up to this many lanes are compiled for speed, larger ones for the time it takes to compile them.
INLINED_LANES = 8


def patience(shape: Shape) -> int:
    """Cycles without any word moving after which an array must have hung.

    The longest silence is a few runs of a whole input buffer, or a sweep of all accumulators, each far below this.
    """
    longest = run_limit([shape.input_depth] * (shape.ways + 2), shape)
    return 2 * longest + sweep_limit(shape)


def gateware(shape: Shape) -> str:
    """Verilog of the array."""
    return kept(lambda: Array(shape), "array", json.dumps(shape.to_json()))


def kept(make: Callable[[], wiring.Component], name: str, key: str) -> str:
    """Verilog of the component that ``make`` gives.

    Kept under ``key`` and the hash of all gateware's sources, as to elaborate many lanes takes Amaranth a while.
    """

    def build(directory: Path) -> None:
        (directory / f"{name}.v").write_text(verilog(make()))

    return (cache.built("gateware", cache.digest(name, key, *sources()), build) / f"{name}.v").read_text()


def sources() -> list[str]:
    """All that gateware is made from: its language's version, and the sources of `loschmidt.hw`, `loschmidt.spec` and this package."""
    packages = (loschmidt.hw, loschmidt.hw.boards, loschmidt.hw.flow, loschmidt.hw.link, loschmidt.spec)
    folders = [Path(__file__).parent, *(Path(place) for package in packages for place in package.__path__)]
    return [version("amaranth"), *(path.read_text() for folder in folders for path in sorted(folder.glob("*.py")))]


def lane_control(shape: Shape) -> str:
    """How Verilator is to treat the lanes."""
    return apart("lane", "tile") if shape.lanes > INLINED_LANES else ""


def open_rtl(shape: Shape, stall: Stall = NO_STALL) -> RtlPort:
    """Power up the gateware of a shape, building it first if the cache has none (`ToolError` if that is impossible)."""
    return RtlPort(library(gateware(shape), lane_control(shape)), patience(shape), stall)
