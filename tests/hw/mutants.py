"""Deliberately broken gateware: one fault each, written into a copy of a component's source, and the test of a bench that must see it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import ModuleType
from typing import Any

from amaranth.hdl import Mux, Value
from amaranth.lib import wiring

from loschmidt.hw import (
    accumulator,
    activation,
    engine,
    fetch,
    integrator,
    lane,
    multiplier,
    narrow,
    operands,
    parameters,
    program,
    ring,
    rounding,
    sequencer,
    skid,
    tickets,
    tile,
    walk,
)
from loschmidt.spec.shape import Shape

from .parts import BRANCHED, FEW, FULL, MANY, TILES, Part, narrowing, operand_of, shaped, shift, sized, table_input_of

#: Lanes take long to compile, so there are as few as show the fault.
LONE = replace(FEW, lanes=1)


@dataclass(frozen=True)
class Fault:
    """``right``, which must stand once in a module's source, reads ``wrong``; ``needs`` is what the broken source uses beside."""

    right: str
    wrong: str
    needs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mutant:
    """A broken part, and the test of its bench that must fail."""

    part: Part
    caught_by: str


def broken(module: ModuleType, fault: Fault) -> Any:
    """A copy of a module of the gateware with a fault in it."""
    source = inspect.getsource(module)
    if source.count(fault.right) != 1:
        raise ValueError(
            f"{module.__name__} has {fault.right!r} {source.count(fault.right)} times, not once: say anew what is to be broken"
        )
    copy = with_imports(module, **fault.needs)
    exec(compile(source.replace(fault.right, fault.wrong), f"<broken {module.__name__}>", "exec"), vars(copy))
    return copy


def with_imports(module: ModuleType, **imports: Any) -> Any:
    """A copy of a module of the gateware that is as it should be, but has other things than the right ones from those it imports."""
    copy = ModuleType(module.__name__)
    vars(copy)["__package__"] = module.__package__
    exec(compile(inspect.getsource(module), f"<copy of {module.__name__}>", "exec"), vars(copy))
    vars(copy).update(imports)
    return copy


def component(module: ModuleType, name: str, fault: Fault, *arguments: Any, **keywords: Any) -> wiring.Component:
    made: wiring.Component = getattr(broken(module, fault), name)(*arguments, **keywords)
    return made


def saturated(value: Value, width: int) -> Value:
    """The nearest signed number of ``width`` bits."""
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    return Mux(value > high, high, Mux(value < low, low, value[:width].as_signed())).as_signed()


_MORE = "more.eq(quotient[1] | rests.any() | late)"

ROUNDING = {
    "floor_drift": Fault("self.up.eq(half & more)", "self.up.eq(0)"),
    "half_up_drift": Fault("self.up.eq(half & more)", "self.up.eq(half)"),
    "half_down_drift": Fault(_MORE, "more.eq(rests.any() | late)"),
    "half_to_odd": Fault(_MORE, "more.eq(~quotient[1] | rests.any() | late)"),
    "up_without_half": Fault("self.up.eq(half & more)", "self.up.eq(more)"),
    "half_is_a_rest": Fault("self.amount > bit + 1 - base", "self.amount > bit - base"),
    "forgotten_base": Fault("self.amount > bit + 1 - base", "self.amount > bit"),
    "forgotten_sum": Fault(" | rests.any() | late", " | rests.any()"),
    "always_enabled": Fault("Mux(self.enable, quotient >> 1, 0)", "quotient >> 1"),
    "up_from_nothing": Fault("half.eq(self.enable & quotient[0])", "half.eq(quotient[0])"),
}

OPERAND = {
    "silent_clip": Fault("self.clipped.eq(differs)", "self.clipped.eq(0)"),
    "floor_operand": Fault("NONE, half)", "NONE, NONE)"),
    "half_up_operand": Fault("raised[0] & ~tie", "raised[0]"),
    "uneven_clip": Fault("Mux(negative, ~half | exact, half)", "Mux(negative, 0, half)"),
    "late_clip": Fault("Mux(negative, ~half | exact, half)", "Mux(negative, ~half | exact, 0)"),
    "clip_at_half": Fault("Mux(negative, ~half | exact, half)", "Mux(negative, ~half, half)"),
    "far_beyond_unseen": Fault("beyond.any() | (edge", "0 | (edge"),
    "wrapping_operand": Fault("Mux(differs, limit, ", "Mux(NONE, limit, "),
}

_NUDGE = "self.nudge, 0).as_signed() ^ negates.replicate(w).as_signed()"

INTEGRATOR = {
    "no_rule_for_lowest": Fault("~sign | rest.any()", "~sign | sign"),
    "saturating_momentum": Fault("momentum = kicked[:w].as_signed()", "momentum = saturated(kicked, w)", {"saturated": saturated}),
    "kick_lacks_one": Fault("~kick_shift.up, minus))", "0, minus))"),
    "one_sided_nudge": Fault(_NUDGE, "self.nudge, 0).as_signed()"),
    "single_drift": Fault("Mux(at[8].ticket.double, Cat(up, floor).as_signed(), floor)", "floor"),
    "rounded_once_of_twice": Fault("Cat(up, floor)", "Cat(0, floor)"),
    "second_rounding_unseen": Fault("double & later(m, up", "0 & later(m, up"),
    "silent_overflow": Fault("(total[w:] != total[w - 1].replicate(len(total) - w))", "(total[w] != total[w - 1])"),
    "vast_kick_unseen": Fault("(kicked, vast, 3, kicks)", "(kicked, NONE, 3, kicks)"),
    "second_half_unseen": Fault("(twice, NONE, 10, drifts)", "(twice, NONE, 10, [0] * 11)"),
    "flip_forgotten": Fault("Mux(host.flip, -self.momentum, self.momentum)", "self.momentum"),
    "kick_without_time_step": Fault("kick_shift.amount.eq(self.s)", "kick_shift.amount.eq(0)"),
    "late_state": Fault('place(6, "state")', "of_lane(at[7].lane, at[6].ticket.state, lanes)"),
    "untimely_trace": Fault("trace.write.eq(drifts[9] & at[9].ticket.trace)", "trace.write.eq(drifts[9])"),
}

ACTIVATION = {
    "neighbouring_segment": Fault("segment = Cat(z[unit:-1], ~z[-1])", "segment = Cat(z[unit:-1], ~z[-1]) + 1"),
    "wrapping_z": Fault("narrow.value.eq(self.sum)", "narrow.value.eq(self.sum[: f.table_shift + f.table_width].as_signed())"),
    "early_conjugate": Fault('"knot", self.live, 4, 11', '"knot", self.live, 4, 10'),
    "conjugate_of_the_value": Fault("self.y - carried(", "self.y + carried("),
    "conjugate_once_along": Fault("Cat(z[bits:unit], NONE, z[unit:])", "Cat(z[bits:unit], z[unit:], z[-1])"),
    "coarse_z": Fault("z = narrow.code", "z = narrow.code & ~1"),
    "moving_padding": Fault("Mux(self.rests, 0, plus_nearest", "Mux(0, 0, plus_nearest"),
}

ACCUMULATOR = {
    "always_accumulating": (Fault("op.age_9.valid & op.age_9.accumulate", "op.age_9.valid"), "sums"),
    "early_word": (Fault("op.age_5.accumulator", "op.age_8.accumulator"), "sums"),
    "carry_ignored": (Fault("plus(memory.word, self.term, self.carry)", "memory.word + self.term"), "sums"),
    "answers_unasked": (Fault("clears | ~self.asked", "clears"), "sums"),
    "any_bank_cleared": (Fault("host.writes[Bank.ACCUMULATOR]", "host.writes.any()"), "host_clears_its_own_bank"),
}

LANE = {
    "stuck_ring": (Fault("held.eq(Mux(moves, self.ring_i, ring))", "held.eq(ring)"), FEW),
    "idle_ring_moves": (Fault("op.age_0.valid & op.age_0.ring_move", "op.age_0.ring_move"), FEW),
    "no_hop": (Fault('"hop": "sum_hop"', '"hop": "sum_first"'), FEW),
    "sum_never_fresh": (Fault('"first": "sum_first"', '"first": "sum_hop"'), LONE),
    "late_sum": (Fault("told = self.operation.age_5", "told = op.age_5"), LONE),
    "sign_ignored": (Fault("op.age_5.negate.replicate(len(aligned)).as_signed()", "0"), LONE),
    "sign_lacks_one": (Fault("accumulator.carry.eq(carry)", "accumulator.carry.eq(0)"), LONE),
    "never_aligned": (Fault("op.age_5, aligns)", "op.age_5, [])"), LONE),
    "shift_ignored": (Fault("op.age_7, others[2:], ", "op.age_7, [], "), LONE),
    "zeros_come_in": (Fault("op.age_7, others[2:], op.age_7.negate)", "op.age_7, others[2:])"), LONE),
}

OPERANDS = {
    "one_buffer": Fault("left.addr.eq(Cat(left_y, now.buffer & ~left_y, now.file))", "left.addr.eq(Cat(left_y, 0, now.file))"),
    "high_digit_lost": Fault("Mux(then_code[0], high, low)", "low"),
}

PARAMETERS = {
    "pair_of_one": Fault("Cat(self.address, 1)", "Cat(self.address, 0)"),
}

TILE = {
    "lost_clip": (Fault(" | x_clips", ""), LONE),
    "flag_leak": (Fault("self.overflow[way] | integrator.overflow[way]", "self.overflow[way] | integrator.overflow.any()"), LONE),
    "wrong_buffer": (Fault("before_x.ticket.out_buffer", "0"), LONE),
    "all_tiles_answer": (Fault("1 if alone else later(", "1 if 1 else later("), TILES),
    "padding_of_all": (Fault("padded.bit_select(stages[STORE_Y - 1].lane, 1)", "padded.any()"), FEW),
}

TICKETS = {
    "ticket_for_ever": (Fault("coming & (lane != lanes - 1)", "coming"), LONE),
    "ticket_of_one_lane": (Fault("lane.eq(Mux(begins[-2], 0, lane + 1))", "lane.eq(0)"), FEW),
    "ticket_too_long": (Fault("while use + lanes - first > apart:", "while use - first > apart:"), TILES),
}

RING = {
    "ring_the_other_way": Fault("tile.ring_i.eq(following.ring_o)", "tile.ring_i.eq(tiles[number].ring_o)"),
    "sums_the_other_way": Fault("tile.sum_i.eq(following.sum_o)", "tile.sum_i.eq(tiles[number].sum_o)"),
    "padding_moves": Fault("tile.padded.eq(padded)", "tile.padded.eq(0)"),
    "flags_of_one_tile": Fault("[getattr(tile, name) for tile in tiles])", "[getattr(tile, name) for tile in tiles[1:]])"),
    "uneven_branches": Fault("branch.i.eq(root)", "branch.i.eq(root if first else told)"),
    "answers_of_one_tile": Fault("[tile.host.answer for tile in tiles]", "[tile.host.answer for tile in tiles[:1]]"),
}

_DOUBLE = "op.double.eq(kicks & ~last)"
_IMPULSE = "Mux(back, of_way(first_step), last)"
_BACK = "Mux(runs[w].direction == Direction.DESCENDING, Const(-shape.{0}, signed(32)), shape.{0})"

SEQUENCER = {
    "stale_accumulator": (Fault("(lonely & lately) | ", ""), FEW, "many_runs/hamiltonian=DIAGONAL"),
    "tickets_meet": (Fault(" | (consumer.as_value()[1] & kick_will_wait)", ""), FEW, "one_run"),
    "x_meets_y": (
        Fault("Mux(op.consumer == Consumer.Z, spacing(shape), kick_to_z(shape)) - 1", "spacing(shape) - 1"),
        MANY,
        "many_runs",
    ),
    "context_leak": (Fault("op.state.eq(Array(bases)[way] + row)", "op.state.eq(row)"), FEW, "many_runs"),
    "way_leak": (Fault("op.out_file.eq(own + row)", "op.out_file.eq(row)"), FEW, "many_runs"),
    "subtract_adds": (Fault("(slot.place_accumulator & (run.accumulate == Accumulate.SUBTRACT))", "0"), FEW, "one_run/.*SUBTRACT"),
    "late_input": (Fault("run.input_address + walk.column", "run.input_address + walk.column - 1"), FEW, "one_run"),
    "input_stands_still": (Fault(_BACK.format("inputs"), "0"), FEW, "one_run"),
    "always_forward": (Fault(_BACK.format("rows"), "shape.rows"), FEW, "nudged_and_traced/nudge=STREAM"),
    "impulse_at_start": (Fault(_IMPULSE, "of_way(first_step)"), FEW, "nudged_and_traced/nudge=IMPULSE"),
    "single_drift_within": (Fault(_DOUBLE, "op.double.eq(0)"), FEW, "one_run"),
    "double_drift_at_end": (Fault(_DOUBLE, "op.double.eq(kicks)"), FEW, "one_run"),
    "same_buffer": (Fault("odd[w].eq(~odd[w])", "odd[w].eq(odd[w])"), FULL, "one_run"),
    "early_end": (Fault("timers[w].eq(drain(shape))", "timers[w].eq(6)"), FEW, "one_run"),
    "context_in_two_ways": (Fault("~active.all() & ~clash", "~active.all()"), FEW, "many_runs"),
    "end_of_another_group": (Fault("alone[w].eq(following_ends)", "alone[w].eq(alone[w])"), FEW, "one_run"),
    "ready_too_long": (Fault("self.run_valid & ~self.run_ready & ", "self.run_valid & "), FEW, "many_runs"),
}

#: Of the program that a sequencer walks.
PROGRAM = {
    "activation_not_awaited": Fault('"y": activation_latency(shape)', '"y": 0'),
    "position_not_awaited": Fault("midpoint = end - 1 + latency[name]", "midpoint = end - 2 + latency[name]"),
    "kinetic_after_only": Fault("slots=(*kinetic, *groups[0].slots)", "slots=groups[0].slots"),
}

WALK = {
    "sums_not_home": (engine, "Engine", Fault("start = 1 % shape.lanes", "start = 0"), FULL, "without_pause"),
    "loops_go_on": (engine, "Engine", Fault("with m.If(self.item.first):", "with m.If(0):"), FULL, "without_pause"),
    "turn_too_many": (engine, "Engine", Fault("self.column == columns - 2", "self.column == columns - 1"), FULL, "without_pause"),
    "column_past_the_last": (engine, "Engine", Fault("wraps.eq(last_but_one(shape.lanes))", "wraps.eq(0)"), MANY, "without_pause"),
    "row_of_another_part": (fetch, "Fetch", Fault("part.eq(counter >> len(read.addr))", "part.eq(0)"), MANY, "without_pause"),
    "one_row": (fetch, "Fetch", Fault("last.eq(ends & (row == shape.rows - 1))", "last.eq(ends)"), FULL, "without_pause"),
    "first_row_never_ends": (fetch, "Fetch", Fault("ends.eq(ends_first)", "ends.eq(0)"), FULL, "without_pause"),
    "row_ends_late": (fetch, "Fetch", Fault("(*self.rows[1:], self.rows[0])", "self.rows"), FULL, "without_pause"),
    "spare_forgotten": (skid, "Skid", Fault("self.o.payload.eq(spare)", "self.o.payload.eq(self.i.payload)"), MANY, "with_pauses"),
}


def deep(name: str, module: ModuleType, fault: Fault, shape: Shape) -> wiring.Component:
    """A ring in which the component ``name`` is broken, wherever it is."""
    parts = {name: getattr(broken(module, fault), name)}
    for outer, inside, module_ in (
        ("Lane", ("Operands", "Accumulator"), lane),
        ("Tile", ("Integrator", "Activation", "Parameters", "Lane", "Tickets"), tile),
    ):
        if name in inside or (outer == "Tile" and "Lane" in parts):
            found = {part: parts[part] for part in inside if part in parts}
            parts[outer] = getattr(with_imports(module_, **found), outer)
    made: wiring.Component = parts["Ring"](shape) if "Ring" in parts else with_imports(ring, Tile=parts["Tile"]).Ring(shape)
    return made


def lane_mutants() -> dict[str, Mutant]:
    """Broken parts of a lane or an integrator, and rings with one of them."""

    def shifts(fault: Fault, base: int, apart: int | None) -> Part:
        return replace(shift(7, base, 6 - base, apart), make=partial(component, rounding, "NearestShift", fault, 7, base, 6 - base, apart))

    found = {
        name: Mutant(shifts(fault, 2 * ("base" in name), 3 if "sum" in name else None), "every_value") for name, fault in ROUNDING.items()
    }
    early = Fault("pipeline.eq(left * right)", "pipeline.eq(self.left * self.right)")
    found["early_product"] = Mutant(sized(partial(component, multiplier, "Multiplier", early), "multiplier", 8), "extremes")

    for name, fault in OPERAND.items():
        # Of an operand this narrow there are no bits to be far beyond.
        sizes = table_input_of(FEW) if name == "far_beyond_unseen" else operand_of(FEW)
        found[name] = Mutant(replace(narrowing(*sizes), make=partial(component, narrow, "Narrow", fault, *sizes)), "every_value")
    for name, (fault, test) in ACCUMULATOR.items():
        found[name] = Mutant(shaped(partial(component, accumulator, "Accumulator", fault), "accumulator", FEW), test)

    rings: dict[str, tuple[str, ModuleType, Fault, Shape]] = {
        **{name: ("Integrator", integrator, fault, FEW if name == "late_state" else LONE) for name, fault in INTEGRATOR.items()},
        **{
            name: ("Activation", activation, fault, FEW if name in ("moving_padding", "early_conjugate") else LONE)
            for name, fault in ACTIVATION.items()
        },
        **{name: ("Lane", lane, fault, shape) for name, (fault, shape) in LANE.items()},
        **{name: ("Operands", operands, fault, LONE) for name, fault in OPERANDS.items()},
        **{name: ("Parameters", parameters, fault, FEW) for name, fault in PARAMETERS.items()},
        **{name: ("Tickets", tickets, fault, shape) for name, (fault, shape) in TICKETS.items()},
        **{name: ("Tile", tile, fault, shape) for name, (fault, shape) in TILE.items()},
        **{name: ("Ring", ring, fault, BRANCHED if "branches" in name else TILES) for name, fault in RING.items()},
    }
    for name, (part, module, fault, shape) in rings.items():
        found[name] = Mutant(shaped(partial(deep, part, module, fault), "ring", shape), "any_operations")
    return found


def control_mutants() -> dict[str, Mutant]:
    """Broken sequencers, sequencers with a broken program, and broken walks."""

    def misled(fault: Fault, shape: Shape) -> wiring.Component:
        made: wiring.Component = with_imports(sequencer, assemble=broken(program, fault).assemble).Sequencer(shape)
        return made

    def astray(module: ModuleType, name: str, fault: Fault, shape: Shape) -> wiring.Component:
        made: wiring.Component = with_imports(walk, **{name: getattr(broken(module, fault), name)}).Walk(shape, program.assemble(shape)[0])
        return made

    found = {
        name: Mutant(shaped(partial(component, sequencer, "Sequencer", fault), "sequencer", shape), test)
        for name, (fault, shape, test) in SEQUENCER.items()
    }
    found |= {name: Mutant(shaped(partial(misled, fault), "sequencer", FULL), "one_run") for name, fault in PROGRAM.items()}
    return found | {
        name: Mutant(shaped(partial(astray, module, part, fault), "walk", shape), test)
        for name, (module, part, fault, shape, test) in WALK.items()
    }
