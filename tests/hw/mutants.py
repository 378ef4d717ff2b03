"""Deliberately broken gateware: one fault each, written into a copy of a component's source, and the test of a bench that must see it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import ModuleType
from typing import Any

from amaranth.lib import wiring

from loschmidt.hw import accumulator, activation, integrator, lane, multiplier, operand, program, ring, rounding, sequencer
from loschmidt.spec.shape import Shape

from .parts import FEW, FULL, TURN, Part, shaped, sized

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


_UP = "up.eq(half & (rest | value[0]))"

ROUNDING = {
    "floor_drift": Fault(_UP, "up.eq(0)"),
    "half_up_drift": Fault(_UP, "up.eq(half)"),
    "half_down_drift": Fault(_UP, "up.eq(half & rest)"),
    "forgotten_rest": Fault("new_rest.eq(Mux(take, rest | half | lower, rest))", "new_rest.eq(Mux(take, half | lower, rest))"),
}

#: Of what an operand file takes from `hw.rounding`.
OPERAND_ROUNDING = {
    "floor_operand": Fault("return floor + (half & (rest | floor[0]))", "return floor"),
    "uneven_clip": Fault("value > highest, value < -highest", "value > highest, value < -highest - 1"),
    "wrapping_operand": Fault("Mux(above, highest, Mux(below, -highest, value[:width].as_signed()))", "value[:width].as_signed()"),
}

OPERAND = {
    "silent_clip": (Fault("self.clip.eq(self.write & differs)", "self.clip.eq(0)"), "every_value"),
    "eager_clip": (Fault("self.clip.eq(self.write & differs)", "self.clip.eq(differs)"), "storage"),
    "always_stored": (Fault("write.en.eq(self.write)", "write.en.eq(1)"), "storage"),
}

_NUDGE = "Mux(op.age_8.nudge, Mux(op.age_8.nudge_negate, -self.nudge, self.nudge), 0)"
_SATURATED = {"saturated": rounding.saturated}

INTEGRATOR = {
    "no_rule_for_lowest": (Fault("Mux(lowest, 0, issue.data >> digit)", "issue.data >> digit"), "digits_of_every_momentum"),
    "saturating_momentum": (
        Fault("write_p.data.eq(kicked[:w].as_signed())", "write_p.data.eq(saturated(kicked, w)[0])", _SATURATED),
        "kicks",
    ),
    "saturating_position": (
        Fault("write_q.data.eq(twice[:w].as_signed())", "write_q.data.eq(saturated(twice, w)[0])", _SATURATED),
        "drifts",
    ),
    "kick_sign": (Fault("read_p.data - self.change + nudge", "read_p.data + self.change + nudge"), "kicks"),
    "nudge_sign": (Fault(_NUDGE, "Mux(op.age_8.nudge, Mux(op.age_8.nudge_negate, self.nudge, -self.nudge), 0)"), "nudges"),
    "one_sided_nudge": (Fault(_NUDGE, "Mux(op.age_8.nudge, self.nudge, 0)"), "nudges"),
    "always_nudged": (Fault(_NUDGE, "Mux(op.age_8.nudge_negate, -self.nudge, self.nudge)"), "kicks"),
    "single_drift": (Fault("Mux(op.age_9.double, half, 0)", "0"), "double_drifts"),
    "always_double_drift": (Fault("Mux(op.age_9.double, half, 0)", "half"), "drifts"),
    "silent_overflow": (Fault("return total[w:] != total[w - 1].replicate(len(total) - w)", "return total[w] != total[w - 1]"), "kicks"),
    "flip_forgotten": (Fault("Mux(host.flip, -read_p.data, read_p.data)", "read_p.data"), "flip_and_copy"),
    "saturating_flip": (Fault("host.flip, -read_p.data,", "host.flip, saturated(-read_p.data, w)[0],", _SATURATED), "flip_and_copy"),
    "late_state": (Fault("host.address, op.age_7.state", "host.address, op.age_9.state"), "kicks"),
}

ACTIVATION = {
    "neighbouring_segment": Fault("return Cat(top[:-1], ~top[-1])", "return Cat(top[:-1], ~top[-1]) + 1"),
    "wrapping_z": Fault("(z, code, Consumer.Z", "(z, self.result, Consumer.Z"),
    "pair_of_knots": Fault("(pair, value[2] + value_of_z", "(pair, value[2] + value[2]"),
    "early_integral": Fault("integral[2] + self.result", "integral[1] + self.result"),
    "one_file": Fault("write.addr.eq(op.age_8.out_file)", "write.addr.eq(0)"),
}

ACCUMULATOR = {
    "shift_ignored": Fault("(self.term << op.age_5.shift)[:width]", "self.term"),
    "always_accumulating": Fault("op.age_8.valid & op.age_8.accumulate", "op.age_8.valid"),
    "early_word": Fault("op.age_6.accumulator", "op.age_8.accumulator"),
}

_RESULT = """m.d.comb += [
            nearest.amount.eq(op.age_6.amount),
            integrator.change.eq(nearest.result),"""
_FLOORED_KICK = """floor = [Signal(signed(shape.sum_width), name=f"floor_{age}") for age in (7, 8)]
        m.d.sync += [floor[0].eq(nearest.value >> op.age_6.amount), floor[1].eq(floor[0])]
        m.d.comb += [
            nearest.amount.eq(op.age_6.amount),
            integrator.change.eq(Mux(op.age_8.consumer == Consumer.KICK, floor[1], nearest.result)),"""

LANE = {
    "kick_not_rounded": (Fault(_RESULT, _FLOORED_KICK), LONE),
    "stuck_ring": (Fault("held.eq(self.ring_i)", "held.eq(ring)"), FEW),
    "no_hop": (Fault("Mux(op.age_5.sum_hop, self.sum_i, total)", "total"), FEW),
    "sum_not_home": (Fault("Source.NEIGHBOUR: self.sum_i", "Source.NEIGHBOUR: total"), FEW),
    "sum_never_fresh": (Fault("Mux(op.age_5.sum_first, 0, ", "Mux(op.age_5.sum_first, total, "), LONE),
    "scratch_into_sum": (Fault("op.age_5.valid & op.age_5.sum_add)", "op.age_5.valid & (op.age_5.sum_add | op.age_5.scratch_add))"), LONE),
    "sign_ignored": (Fault("Mux(op.age_4.negate, -aligned, aligned)", "aligned"), LONE),
    "lost_clip": (Fault("(op.age_11.check_x & x.clip & (op.age_11.way == way))", "0"), LONE),
    "flag_leak": (Fault("self.overflow[way] | integrator.overflow[way]", "self.overflow[way] | integrator.overflow.any()"), LONE),
    "flag_for_good": (Fault("~self.restart[way] & (self.clip[way] | clips)", "self.clip[way] | clips"), LONE),
    "trace_of_one_way": (Fault("op.age_10.valid & op.age_10.trace)", "op.age_10.valid & op.age_10.trace & ~op.age_10.way[0])"), LONE),
    "old_operand": (Fault("p.value.eq(integrator.momentum)", "p.value.eq(integrator.host_momentum)"), LONE),
}

_DOUBLE = "drifts & ~slot.prologue & ~last_step"
_HIGHEST = "Mux(run.direction == Direction.DESCENDING, first_step, last_step)"
_BACK = "Mux(back, Const(-shape.{0}, signed(32)), shape.{0})"

SEQUENCER = {
    "stale_accumulator": (Fault("(quick.valid | long.valid) & ~stale", "quick.valid | long.valid"), FEW, "one_run/hamiltonian=DIAGONAL"),
    "context_leak": (Fault("op.state.eq(run.context * shape.rows + row)", "op.state.eq(row)"), FEW, "many_runs"),
    "way_leak": (Fault("op.out_file.eq(way * shape.rows + row)", "op.out_file.eq(row)"), FEW, "many_runs"),
    "subtract_adds": (Fault("(adds & (run.accumulate == Accumulate.SUBTRACT))", "0"), FEW, "one_run/.*SUBTRACT"),
    "kick_without_time_step": (Fault("f.kick_shift(0) + self.s", "f.kick_shift(0)"), FEW, "one_run"),
    "late_input": (Fault("+ long.column", "+ long.column - 1"), FEW, "one_run"),
    "input_stands_still": (Fault(_BACK.format("inputs"), "0"), FEW, "one_run"),
    "always_forward": (Fault(_BACK.format("rows"), "shape.rows"), FEW, "nudged_and_traced/nudge=STREAM"),
    "impulse_at_start": (Fault(_HIGHEST, "first_step"), FEW, "nudged_and_traced/nudge=IMPULSE"),
    "single_drift_within": (Fault(_DOUBLE, "drifts & slot.prologue"), FEW, "one_run"),
    "double_drift_at_end": (Fault(_DOUBLE, "drifts & ~slot.prologue"), FEW, "one_run"),
    "early_end": (Fault("timers[w].eq(DRAIN)", "timers[w].eq(6)"), FEW, "one_run"),
    "engine_taken_over": (Fault("waiting.any() & engine.free", "waiting.any()"), TURN, "many_runs"),
    "context_in_two_ways": (Fault("~active.all() & ~clash", "~active.all()"), FEW, "many_runs"),
}

#: Of the program that a sequencer walks.
PROGRAM = {
    "activation_not_awaited": Fault('"z": ACTIVATION_LATENCY', '"z": 0'),
    "position_not_awaited": Fault('"x": OPERAND_LATENCY', '"x": OPERAND_LATENCY - 1'),
    "momentum_not_awaited": Fault('"pi": MOMENTUM_LATENCY', '"pi": MOMENTUM_LATENCY - 1'),
    "kinetic_after_only": Fault("groups += kinetic\n    for", "for"),
}

RING = {
    "ring_the_other_way": Fault("lane.ring_i.eq(following.ring_o)", "lane.ring_i.eq(lanes[number - 1].ring_o)"),
    "sums_the_other_way": Fault("lane.sum_i.eq(following.sum_o)", "lane.sum_i.eq(lanes[number - 1].sum_o)"),
    "padding_moves": Fault("lane.padded.eq(int(", "lane.padded.eq(0 * int("),
    "flags_of_one_lane": Fault("(getattr(lane, name) for lane in lanes)", "(getattr(lane, name) for lane in lanes[:1])"),
}


def lane_mutants() -> dict[str, Mutant]:
    """Broken parts of a lane, and broken lanes."""
    found = {
        name: Mutant(sized(partial(component, rounding, "NearestShift", fault), "rounding", 7), "every_value")
        for name, fault in ROUNDING.items()
    }
    early = Fault("pipeline.eq(left * right)", "pipeline.eq(self.left * self.right)")
    found["early_product"] = Mutant(sized(partial(component, multiplier, "Multiplier", early), "multiplier", 8), "extremes")

    def misrounded(fault: Fault, shape: Shape) -> wiring.Component:
        wrong = broken(rounding, fault)
        made: wiring.Component = with_imports(operand, nearest=wrong.nearest, saturated=wrong.saturated).OperandFile(shape, ports=2)
        return made

    def lanes(fault: Fault, shape: Shape) -> wiring.Component:
        made: wiring.Component = with_imports(ring, Lane=broken(lane, fault).Lane).Ring(shape)
        return made

    for name, fault in OPERAND_ROUNDING.items():
        found[name] = Mutant(shaped(partial(misrounded, fault), "operand", FEW, ports=2), "every_value")
    for name, (fault, test) in OPERAND.items():
        found[name] = Mutant(shaped(partial(component, operand, "OperandFile", fault, ports=2), "operand", FEW, ports=2), test)
    for name, (fault, test) in INTEGRATOR.items():
        found[name] = Mutant(shaped(partial(component, integrator, "Integrator", fault), "integrator", FEW), test)
    for name, fault in ACTIVATION.items():
        found[name] = Mutant(shaped(partial(component, activation, "Activation", fault), "activation", FEW), "segment_borders")
    for name, fault in ACCUMULATOR.items():
        found[name] = Mutant(shaped(partial(component, accumulator, "Accumulator", fault), "accumulator", FEW), "sums")
    for name, (fault, shape) in LANE.items():
        found[name] = Mutant(shaped(partial(lanes, fault), "ring", shape), "any_operations")
    for name, fault in RING.items():
        found[name] = Mutant(
            shaped(partial(component, ring, "Ring", fault), "ring", FEW if name == "padding_moves" else TURN), "any_operations"
        )
    return found


def control_mutants() -> dict[str, Mutant]:
    """Broken sequencers, and sequencers with a broken program."""

    def misled(fault: Fault, shape: Shape) -> wiring.Component:
        made: wiring.Component = with_imports(sequencer, assemble=broken(program, fault).assemble).Sequencer(shape)
        return made

    found = {
        name: Mutant(shaped(partial(component, sequencer, "Sequencer", fault), "sequencer", shape), test)
        for name, (fault, shape, test) in SEQUENCER.items()
    }
    return found | {name: Mutant(shaped(partial(misled, fault), "sequencer", FULL), "one_run") for name, fault in PROGRAM.items()}
