"""Random arrays and what is done to them: the strategies, and the ways to play them on a device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from loschmidt.host.device import Device
from loschmidt.spec.activation import knot_limit, rows_from_knots
from loschmidt.spec.fixed import Format
from loschmidt.spec.formats import PRESETS, Formats
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.region import REGIONS, Buffer, Region, State, Table, entries, entry_shape, has_entries, widths, writable
from loschmidt.spec.run import SHIFT_LIMIT, STEP_LIMIT, Accumulate, Direction, Nudge, Run
from loschmidt.spec.shape import Shape

Ints = NDArray[np.int64]

#: Formats at the edges of what `Formats` allows, beside the named ones.
ODD = (
    Formats(Format(8, 6), Format(8, 6), Format(8, 2), Format(8, 6), 20, 2, 0),  # narrowest; no shift from state to operand
    Formats(Format(15, 8), Format(8, 4), Format(8, 4), Format(8, 6), 33, 16, 2),  # state of 2 m - 1 bits
    Formats(Format(20, 12), Format(12, 0), Format(12, 12), Format(12, 10), 28, 4, 6),  # whole operands, weights below one half
    Formats(Format(24, 16), Format(13, 10), Format(13, 7), Format(13, 11), 30, 8, 1),
    Formats(Format(35, 30), Format(27, 24), Format(27, 23), Format(27, 25), 64, 4096, 3),  # widest multiplier
    Formats(Format(40, 24), Format(21, 15), Format(21, 19), Format(21, 17), 47, 64, 4),  # widest state
    Formats(Format(36, 24), Format(27, 20), Format(27, 20), Format(27, 25), 60, 4, 3),  # sums of 61 bits
)
FORMATS = (*PRESETS.values(), *ODD)

STYLES = ("small", "full", "extreme")


def codes(rng: np.random.Generator, region: Region, shape: Shape, style: str) -> Ints:
    """Values for all of a region: ``small`` moves gently, ``full`` fills the range, ``extreme`` takes its ends and zero."""
    size = ((entries(region, shape),) if has_entries(region) else ()) + entry_shape(region, shape)
    if region is Table.ACTIVATION:
        return rows(rng, shape.formats, style)
    (width,) = widths(region, shape)
    low, high = -(1 << (width - 1)), (1 << (width - 1)) - 1
    match style:
        case "small":
            return rng.integers(low >> 4, (high >> 4) + 1, size)
        case "full":
            return rng.integers(low, high + 1, size)
        case _:
            return rng.choice(np.array([low, low + 1, -1, 0, 1, high - 1, high]), size)


def rows(rng: np.random.Generator, formats: Formats, style: str) -> Ints:
    """An activation table through random knots; ``small`` ones rise like the hyperbolic tangent."""
    limit = knot_limit(formats)
    if style == "small":
        knots = np.round(limit * np.tanh(np.linspace(-3, 3, formats.segments + 1))).astype(np.int64)
    elif style == "full":
        knots = rng.integers(-limit, limit + 1, formats.segments + 1)
    else:
        knots = rng.choice(np.array([-limit, 0, limit]), formats.segments + 1)
    return np.array(rows_from_knots([int(knot) for knot in knots], formats), np.int64)


@dataclass(frozen=True)
class Case:
    """An array, what its memory holds at first, and the calls that follow, by name."""

    shape: Shape
    contents: dict[Region, Ints] = field(repr=False)
    calls: tuple[tuple[str, tuple[Any, ...]], ...]

    def load(self, device: Device) -> None:
        for region, values in self.contents.items():
            device.write(region, values)

    def play(self, device: Device) -> dict[str, Ints]:
        """Load a fresh device of the shape and make the calls; returns all that can be seen of it afterwards."""
        self.load(device)
        for name, arguments in self.calls:
            getattr(device, name)(*arguments)
        return visible(device)


def visible(device: Device) -> dict[str, Ints]:
    """Every region and both flags."""
    seen = {region.value: device.read(region, 0, entries(region, device.shape)) for region in REGIONS}
    status = device.status()
    return seen | {"overflow": np.array(sorted(status.overflow)), "clip": np.array(sorted(status.clip))}


def differences(one: dict[str, Ints], other: dict[str, Ints]) -> list[str]:
    """Names of what is not identical."""
    assert one.keys() == other.keys()
    return [name for name in one if not np.array_equal(one[name], other[name])]


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    return Shape(
        oscillators=draw(st.integers(1, 7)),
        inputs=draw(st.integers(1, 5)),
        contexts=draw(st.integers(1, 4)),
        input_depth=draw(st.integers(1, 12)),
        nudge_depth=draw(st.integers(1, 12)),
        trace_depth=draw(st.integers(1, 12)),
        formats=draw(st.sampled_from(FORMATS)),
        couplings=draw(st.booleans()),
    )


@st.composite
def contents(draw: st.DrawFn, shape: Shape) -> dict[Region, Ints]:
    """Values for all that can be written, each kind in a style of its own."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    styles: dict[type, str] = {kind: draw(st.sampled_from(STYLES)) for kind in (Parameter, State, Buffer, Table)}
    return {region: codes(rng, region, shape, styles[type(region)]) for region in REGIONS if writable(region)}


@st.composite
def runs(draw: st.DrawFn, shape: Shape, context: int) -> Run:
    steps = draw(st.integers(1, shape.input_depth))
    nudge = draw(st.sampled_from([n for n in Nudge if n is not Nudge.STREAM or steps <= shape.nudge_depth]))
    trace = draw(st.booleans()) and steps <= shape.trace_depth
    return Run(
        context=context,
        steps=steps,
        input_base=draw(st.integers(0, shape.input_depth - steps)),
        direction=draw(st.sampled_from(Direction)),
        accumulate=draw(st.sampled_from(Accumulate)),
        shift=draw(st.integers(0, SHIFT_LIMIT)),
        nudge=nudge,
        nudge_base=draw(st.integers(0, shape.nudge_depth - (steps if nudge is Nudge.STREAM else 1))),
        negate=draw(st.booleans()),
        trace=trace,
        trace_base=draw(st.integers(0, shape.trace_depth - steps)) if trace else 0,
    )


@st.composite
def batches(draw: st.DrawFn, shape: Shape) -> list[Run]:
    """Runs for one call; of those whose traces would overlap, the first is traced."""
    batch: list[Run] = []
    for context in draw(st.lists(st.integers(0, shape.contexts - 1), unique=True, min_size=1)):
        run = draw(runs(shape, context))
        taken = {entry for other in batch if other.trace for entry in range(other.trace_base, other.trace_base + other.steps)}
        batch.append(run if taken.isdisjoint(range(run.trace_base, run.trace_base + run.steps)) else run._replace(trace=False))
    return batch


@st.composite
def configurations(draw: st.DrawFn, shape: Shape) -> tuple[Hamiltonian, int]:
    """A Hamiltonian that the array knows and a time step 2^-s, mostly a long one."""
    return draw(st.sampled_from(shape.hamiltonians)), draw(st.one_of(st.integers(0, 3), st.integers(0, STEP_LIMIT)))


@st.composite
def rewrites(draw: st.DrawFn, shape: Shape) -> tuple[Region, Ints]:
    """New values for all of one region."""
    region = draw(st.sampled_from([region for region in REGIONS if writable(region)]))
    return region, codes(np.random.default_rng(draw(st.integers(0, 2**32 - 1))), region, shape, draw(st.sampled_from(STYLES)))


@st.composite
def cases(draw: st.DrawFn, fixed: Shape | None = None) -> Case:
    """A few calls of every kind between two that run, on any array or on one of a fixed shape."""
    shape = fixed or draw(shapes())
    context = st.integers(0, shape.contexts - 1)
    run = st.tuples(st.just("run"), st.tuples(batches(shape)))
    call = st.one_of(
        run,
        st.tuples(st.just("copy"), st.tuples(context, context)),
        st.tuples(st.just("flip"), st.tuples(context)),
        st.tuples(st.just("clear"), st.just(())),
        st.tuples(st.just("reset_status"), st.just(())),
        st.tuples(st.just("configure"), configurations(shape)),
        st.tuples(st.just("write"), rewrites(shape)),
    )
    calls = [("configure", draw(configurations(shape))), draw(run), *draw(st.lists(call, max_size=5)), draw(run)]
    return Case(shape, draw(contents(shape)), tuple(calls))


@st.composite
def returns(draw: st.DrawFn) -> Case:
    """There and back: a run either way, nudged or not, a flip, the same run the other way, a flip."""
    shape = draw(shapes())
    there = draw(runs(shape, draw(st.integers(0, shape.contexts - 1))))._replace(trace=False)
    back = there._replace(direction=Direction(1 - there.direction), accumulate=Accumulate.OFF)
    flip = ("flip", (there.context,))
    calls = (("configure", draw(configurations(shape))), ("run", ([there],)), flip, ("run", ([back],)), flip)
    return Case(shape, draw(contents(shape)), calls)
