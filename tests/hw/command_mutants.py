"""Command ports in several shapes, and deliberately broken ones: one fault each, and the test of the bench that must see it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import ModuleType
from typing import Any

from amaranth.lib import wiring

from loschmidt.hw import addresses, command, status, tally, walker
from loschmidt.hw.command import CommandPort
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.shape import Shape

from .mutants import Fault, Mutant, broken, component, with_imports
from .parts import FEW, Part, shaped

SMALL = {width: replace(PRESETS[width], segments=16) for width in ("18", "25")}

SHAPES = {
    # Lanes and rows that are no powers of two; several rows of padding.
    "few": replace(FEW, oscillators=7, inputs=3, lanes=3),
    # One of everything; values of two words that can be written.
    "lone": Shape(3, inputs=1, lanes=1, contexts=1, ways=1, input_depth=6, nudge_depth=3, trace_depth=4, formats=SMALL["25"]),
    # More contexts than a word has bits, more lanes than a tile.
    "many": Shape(11, inputs=2, lanes=11, contexts=35, ways=3, input_depth=5, nudge_depth=5, trace_depth=2, formats=SMALL["18"]),
}

_ANY, _WRONG, _EVERY = "any_requests", "wrong_requests", "every_word"

COMMAND = {
    "impatient": (Fault("self.idle | kind.immediate", "1"), _ANY),
    "early_answer": (Fault('("MORE", READ_LATENCY)', '("MORE", READ_LATENCY - 4)'), _EVERY),
    "early_move": (Fault('("MADE", MOVE_BEFORE), ("HELD", MOVE_BEFORE)', '("MADE", 2), ("HELD", 1)'), _EVERY),
    "part_of_an_address": (Fault("full & ~when.even", "0"), _WRONG),
    "address_cut_off": (Fault("misplaced.eq(high)", "misplaced.eq(0)"), _WRONG),
    "refused_in_silence": (Fault('step["RESPOND"] & (error != Error.OK)', "0"), _WRONG),
    "changed_for_nothing": (Fault('starts.eq(step["PLACED"] & ~unfit & ~misplaced)', 'starts.eq(step["PLACED"])'), _WRONG),
}

#: By module: the name that `CommandPort` imports from it, a fault, and the test.
PARTS: dict[str, tuple[ModuleType, str, Fault, str]] = {
    "always_forward": (addresses, "Addresses", Fault("Mux(of_run & ~self.descending, bit, highest)", "Mux(of_run, bit, highest)"), _ANY),
    "past_the_buffer": (addresses, "Addresses", Fault("Mux(highest == limit, self.inside, limit)", "1"), _WRONG),
    "cut_address": (walker, "Walker", Fault("self.past.eq(address >= traits.depth)", "self.past.eq(address > traits.depth)"), _WRONG),
    "flags_of_one_way": (status, "Status", Fault("self.done_context[w] == context", "self.done_context[0] == context"), _ANY),
    "fault_without_clip": (status, "Status", Fault("self.overflow | self.clip)", "self.overflow)"), _ANY),
    "fault_for_ever": (status, "Status", Fault("self.refused) & ~clear", "self.refused)"), _WRONG),
}


def command_parts() -> dict[str, Part]:
    return {name: shaped(CommandPort, "command", shape) for name, shape in SHAPES.items()}


def command_mutants() -> dict[str, Mutant]:
    """All broken ones, in one shape."""

    def with_part(module: ModuleType, name: str, fault: Fault, shape: Shape) -> wiring.Component:
        made: wiring.Component = with_imports(command, **{name: getattr(broken(module, fault), name)}).CommandPort(shape)
        return made

    def forgetful(shape: Shape) -> wiring.Component:
        """Loses what happens in the last cycle of a turn."""
        wrong: Any = broken(tally, Fault("[recent.eq(self.event), addend", "[recent.eq(0), addend"))
        made: wiring.Component = with_imports(command, Status=with_imports(status, Tally=wrong.Tally).Status).CommandPort(shape)
        return made

    shape = SHAPES["few"]
    found = {
        name: Mutant(shaped(partial(component, command, "CommandPort", fault), "command", shape), test)
        for name, (fault, test) in COMMAND.items()
    }
    for name, (module, part_name, fault, test) in PARTS.items():
        found[name] = Mutant(shaped(partial(with_part, module, part_name, fault), "command", shape), test)
    found["forgetful_tally"] = Mutant(shaped(forgetful, "command", shape), _ANY)
    return found
