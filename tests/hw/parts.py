"""The components that benches try, each with the bench that tries it; all are simulated side by side in one bay."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from amaranth.lib import wiring

from loschmidt.hw.accumulator import Accumulator
from loschmidt.hw.activation import Activation
from loschmidt.hw.integrator import Integrator
from loschmidt.hw.multiplier import Multiplier
from loschmidt.hw.operand import OperandFile
from loschmidt.hw.rounding import NearestShift
from loschmidt.hw.sequencer import Sequencer
from loschmidt.sim.bench.bay import Bay
from loschmidt.sim.bench.pins import PART
from loschmidt.sim.bench.simulator import run_bench
from loschmidt.sim.rtl.verilog import verilog
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.shape import Shape

#: Narrow enough that every code can be tried.
NARROW = Formats(Format(12, 8), Format(8, 4), Format(8, 4), Format(8, 6), accumulator=24, segments=8, table_range=2)
FEW = Shape(3, 2, 2, contexts=3, ways=2, input_depth=4, nudge_depth=3, trace_depth=3, formats=NARROW)
#: Nothing is left to count: every loop has one turn.
ONE = replace(FEW, oscillators=1, inputs=1, lanes=1)
#: Every loop has several; nothing is padded; one way.
FULL = replace(FEW, oscillators=6, inputs=3, ways=1)
#: One row.
RING = replace(FEW, lanes=3, ways=3)
#: As a real array is built, but for the table's size.
WIDE = replace(FEW, formats=replace(PRESETS["18"], segments=16))


@dataclass(frozen=True)
class Part:
    """A component, the module of its bench without ``_bench``, and what the bench must know of it."""

    component: wiring.Component
    bench: str
    settings: Mapping[str, Any]


def shaped(component: wiring.Component, bench: str, shape: Shape, **settings: Any) -> Part:
    return Part(component, bench, {"shape": shape.to_json(), **settings})


def honest() -> dict[str, Part]:
    """The gateware as it is."""
    parts = {
        "narrow_shift": Part(NearestShift(7), "rounding", {"width": 7}),
        "wide_shift": Part(NearestShift(53), "rounding", {"width": 53}),
        "narrow_multiplier": Part(Multiplier(8), "multiplier", {"width": 8}),
        "wide_multiplier": Part(Multiplier(18), "multiplier", {"width": 18}),
    }
    for name, shape in (("narrow", FEW), ("wide", WIDE)):
        parts |= {
            f"{name}_operand": shaped(OperandFile(shape, ports=2), "operand", shape, ports=2),
            f"{name}_integrator": shaped(Integrator(shape), "integrator", shape),
            f"{name}_activation": shaped(Activation(shape), "activation", shape),
            f"{name}_accumulator": shaped(Accumulator(shape), "accumulator", shape),
        }
    for name, shape in (("few", FEW), ("one", ONE), ("full", FULL), ("ring", RING)):
        parts |= {f"{name}_sequencer": shaped(Sequencer(shape), "sequencer", shape)}
    return parts


def bay(parts: Mapping[str, Part]) -> str:
    """Verilog of all parts side by side."""
    return verilog(Bay({name: part.component for name, part in parts.items()}))


def run(name: str, part: Part, design: str, directory: Path) -> int:
    """Try one part of a bay: how many tests ran. `BenchError` if one fails."""
    settings = json.dumps({"name": name, **part.settings})
    return run_bench(f"loschmidt.sim.bench.{part.bench}_bench", design, directory, {PART: settings})
