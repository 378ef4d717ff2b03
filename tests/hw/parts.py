"""The components that benches try, each with the bench that tries it. Those of one kind are simulated side by side, in one bay."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from amaranth.lib import wiring

from loschmidt.hw.accumulator import Accumulator
from loschmidt.hw.multiplier import Multiplier
from loschmidt.hw.narrow import Narrow
from loschmidt.hw.program import assemble
from loschmidt.hw.ring import Ring
from loschmidt.hw.rounding import NearestShift
from loschmidt.hw.sequencer import Sequencer
from loschmidt.hw.walk import Walk
from loschmidt.sim.bench import bay as bay_module
from loschmidt.sim.bench.array_bench import SHAPE
from loschmidt.sim.bench.pins import PART
from loschmidt.sim.bench.simulator import run_bench
from loschmidt.sim.native import cache
from loschmidt.sim.rtl.compile import QUICK
from loschmidt.sim.rtl.design import apart
from loschmidt.sim.rtl.open import kept
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
#: One row; enough lanes to tell one way round from the other.
TURN = replace(FEW, lanes=3, ways=3)
#: Two tiles, the second with lanes missing, and a last row of which most lanes are padded.
TILES = replace(FEW, oscillators=10, inputs=1, lanes=9, ways=1, contexts=2, input_depth=2, nudge_depth=2, trace_depth=2)
#: Only in a full tile may an x and a y that are a ticket apart meet; and enough steps for a sequencer.
MANY = replace(TILES, contexts=4, ways=2, input_depth=8, nudge_depth=8, trace_depth=8)
#: Three tiles, which hang on two branches.
BRANCHED = replace(TILES, oscillators=18, lanes=17)
#: As a real array is built, but for the table's size.
WIDE = replace(FEW, formats=replace(PRESETS["18"], segments=16))

#: What most parts of a bay have inside: inlined in each, compiling them takes half as long again.
INSIDE = apart("lane", "tile", "tickets", "integrator", "activation", "parameters")

SHAPES = {"few": FEW, "one": ONE, "full": FULL, "turn": TURN}


@dataclass(frozen=True)
class Part:
    """How to make a component, the module of its bench without ``_bench``, and what the bench must know of it."""

    make: Callable[[], wiring.Component]
    bench: str
    settings: Mapping[str, Any]


def shaped(make: Callable[[Shape], wiring.Component], bench: str, shape: Shape, **settings: Any) -> Part:
    return Part(partial(make, shape), bench, {"shape": shape.to_json(), **settings})


def sized(make: Callable[[int], wiring.Component], bench: str, width: int) -> Part:
    return Part(partial(make, width), bench, {"width": width})


def lane_parts() -> dict[str, Part]:
    """What lanes and integrators are made of, and rings of them."""
    parts = {
        "narrow_shift": shift(7, 0, 6),
        "based_shift": shift(8, 3, 4),
        "wide_shift": shift(53, 6, 15),
        "shift_of_two": shift(8, 2, 5, 4),
        "wide_shift_of_two": shift(45, 13, 15, 15),
        "narrow_multiplier": sized(Multiplier, "multiplier", 8),
        "wide_multiplier": sized(Multiplier, "multiplier", 18),
    }
    for name, shape in (("narrow", FEW), ("wide", WIDE)):
        parts |= {
            f"{name}_operand": narrowing(*operand_of(shape)),
            f"{name}_table_input": narrowing(*table_input_of(shape)),
            f"{name}_accumulator": shaped(Accumulator, "accumulator", shape),
        }
    rings = {"narrow": TURN, "wide": WIDE, "single": ONE, "tiles": TILES, "branched": BRANCHED}
    return parts | {f"{name}_ring": shaped(Ring, "ring", shape) for name, shape in rings.items()}


def operand_of(shape: Shape) -> tuple[int, int, int]:
    """How a state becomes an operand: bits before, shift, bits after."""
    f = shape.formats
    return f.state.width, f.operand_shift, f.operand.width


def table_input_of(shape: Shape) -> tuple[int, int, int]:
    """Likewise of a sum, which becomes a table's input."""
    return shape.sum_width, shape.formats.table_shift, shape.formats.table_width


def narrowing(before: int, shift: int, width: int) -> Part:
    return Part(partial(Narrow, before, shift, width), "narrow", {"before": before, "shift": shift, "width": width})


def shift(width: int, base: int, limit: int, apart: int | None = None) -> Part:
    settings = {"width": width, "base": base, "limit": limit, "apart": apart}
    return Part(partial(NearestShift, width, base, limit, apart), "rounding", settings)


def control_parts() -> dict[str, Part]:
    """What issues operations."""

    def walk(shape: Shape) -> Walk:
        return Walk(shape, assemble(shape)[0])

    # Of several tiles it has a register more.
    shapes = SHAPES | {"many": MANY}
    walks = {f"{name}_walk": shaped(walk, "walk", shape) for name, shape in shapes.items()}
    return walks | {f"{name}_sequencer": shaped(Sequencer, "sequencer", shape) for name, shape in shapes.items()}


def bay(parts: Mapping[str, Part]) -> str:
    """Verilog of all parts side by side, kept under the sources here: to elaborate many rings takes Amaranth a minute."""
    sources = [path.read_text() for path in (Path(bay_module.__file__), *sorted(Path(__file__).parent.glob("*.py")))]
    key = cache.digest(*parts, *sources)
    return kept(lambda: bay_module.Bay({name: part.make() for name, part in parts.items()}), "bay", key)


def run(name: str, part: Part, design: str, directory: Path, only: str = "") -> int:
    """Try one part of a bay with its bench, or with the tests of it whose names begin with ``only``, until one fails.

    Returns how many tests ran; `BenchError` if one failed.
    """
    settings = {PART: json.dumps({"name": name, **part.settings}), "COCOTB_TEST_FILTER": rf"_bench\.{only}", "COCOTB_MAX_FAILURES": "1"}
    if "shape" in part.settings:
        settings[SHAPE] = json.dumps(part.settings["shape"])
    # A bench of one part takes seconds, to optimise a bay takes minutes.
    return run_bench(f"loschmidt.sim.bench.{part.bench}_bench", design, directory, settings, control=INSIDE, level=QUICK)
