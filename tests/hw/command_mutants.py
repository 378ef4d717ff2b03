"""Command ports in several shapes, and deliberately broken ones."""

from __future__ import annotations

from dataclasses import replace

from loschmidt.hw.command import CommandPort
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.shape import Shape

from .mutants import Mutant
from .parts import FEW, Part, shaped

SHAPES = {
    "few": replace(FEW, oscillators=5, inputs=3, lanes=3),
    "lone": Shape(
        3, inputs=1, lanes=1, contexts=1, ways=1, input_depth=6, nudge_depth=3, trace_depth=4, formats=replace(PRESETS["25"], segments=16)
    ),
    "many": Shape(
        11,
        inputs=2,
        lanes=11,
        contexts=35,
        ways=3,
        input_depth=5,
        nudge_depth=5,
        trace_depth=2,
        formats=replace(PRESETS["18"], segments=16),
    ),
}


def command_parts() -> dict[str, Part]:
    return {name: shaped(CommandPort, "command", shape) for name, shape in SHAPES.items()}


def command_mutants() -> dict[str, Mutant]:
    return {}
