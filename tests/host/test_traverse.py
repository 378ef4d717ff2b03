"""Trips on a device that is too small for them in one respect or another: the same integers, and no more pieces than it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from loschmidt.host.device import Ints
from loschmidt.host.traverse import Arrival, Journey, Observe, Traveller, Trip
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter, Product
from loschmidt.spec.region import Buffer
from loschmidt.spec.run import Accumulate, Direction, Nudge, Status
from loschmidt.spec.shape import Shape

from .watched import Watched, raising

N, M = 3, 2
LENGTHS = (5, 2, 1, 4)
ROOMY = Shape(N, M, contexts=16, input_depth=64, nudge_depth=64, trace_depth=64)
PAIRS = [Trip(b, negate, Accumulate.SUBTRACT if negate else Accumulate.ADD, b) for b in range(len(LENGTHS)) for negate in (False, True)]


def journey(nudge: Nudge, **more: Any) -> Journey:
    """The way back of `LENGTHS`."""
    rng = np.random.default_rng(2)
    inputs = [rng.integers(-20_000, 20_000, (length, M)) for length in LENGTHS]
    rows = LENGTHS if nudge is Nudge.STREAM else (1,) * len(LENGTHS)
    nudges = {b: rng.integers(-(1 << 20), 1 << 20, (count, N)) for b, count in enumerate(rows)} if nudge is not Nudge.NONE else {}
    return replace(Journey(Direction.DESCENDING, inputs, nudge, nudges), **more)


def travel(shape: Shape, what: Journey, trips: list[Trip]) -> tuple[Watched, Arrival]:
    rng = np.random.default_rng(4)
    device = Watched(shape)
    device.configure(Hamiltonian.LINEAR, 2)
    device.write(Parameter.STIFFNESS, np.array([9000, 20_000, 30_000]))
    device.write(Parameter.INVERSE_MASS, np.array([16_000, 12_000, 20_000]))
    device.write(Parameter.INPUT_WEIGHT, rng.integers(-9000, 9000, (N, M)))
    position, momentum = rng.integers(-(1 << 24), 1 << 24, (2, len(trips), N))
    return device, Traveller(device).go(what, trips, position, momentum)


def products(device: Emulator) -> list[Ints]:
    return [device.read(product) for product in (Product.KINETIC, Product.STIFFNESS, Product.INPUT_WEIGHT)]


SMALL: dict[str, dict[str, Any]] = {
    "one context": {"contexts": 1},
    "three contexts": {"contexts": 3},
    "one input": {"input_depth": 1},
    "two inputs": {"input_depth": 2},
    "seven inputs": {"input_depth": 7},
    "one nudge": {"nudge_depth": 1},
    "two nudges": {"nudge_depth": 2},
    "three nudges": {"nudge_depth": 3},
    "one entry of the trace": {"trace_depth": 1},
    "three entries of the trace": {"trace_depth": 3},
    "little of all": {"contexts": 5, "input_depth": 3, "nudge_depth": 2, "trace_depth": 4},
}


@pytest.mark.parametrize("nudge", Nudge)
@pytest.mark.parametrize("small", SMALL)
def test_small_device_gives_the_same_integers(small: str, nudge: Nudge) -> None:
    seen: list[dict[tuple[int, int], list[int]]] = []

    def visit(trip: int, low: int, midpoints: Ints) -> None:
        for step, row in enumerate(midpoints.tolist(), low):
            assert (trip, step) not in seen[-1]
            seen[-1][trip, step] = row

    found = []
    for shape in (ROOMY, replace(ROOMY, **SMALL[small])):
        seen.append({})
        found.append(travel(shape, journey(nudge, visit=visit), PAIRS))
    (roomy, wanted), (device, end) = found
    assert len(roomy.calls) == 1
    assert np.array_equal(end.position, wanted.position)
    assert np.array_equal(end.momentum, wanted.momentum)
    assert np.array_equal(end.overflow, wanted.overflow)
    assert np.array_equal(end.clip, wanted.clip)
    assert seen[0] == seen[1]
    assert len(seen[0]) == 2 * sum(LENGTHS)
    assert all(np.array_equal(a, b) for a, b in zip(products(roomy), products(device), strict=True))


def sizes(device: Watched) -> list[list[int]]:
    """Steps of the runs of each call."""
    return [[run.steps for run in runs] for runs in device.calls]


@pytest.mark.parametrize(
    ("small", "nudge", "calls"),
    [
        ({}, Nudge.HOLD, [[5, 5, 2, 2, 1, 1, 4, 4]]),
        ({"contexts": 4}, Nudge.HOLD, [[5, 5, 2, 2], [1, 1, 4, 4]]),
        # As many samples as there are entries for their nudges, or for a step of their inputs, or of their nudges.
        ({"nudge_depth": 3}, Nudge.HOLD, [[5, 5, 2, 2, 1, 1], [4, 4]]),
        ({"nudge_depth": 2}, Nudge.IMPULSE, [[5, 5, 2, 2], [1, 1, 4, 4]]),
        ({"nudge_depth": 1}, Nudge.HOLD, [[5, 5], [2, 2], [1, 1], [4, 4]]),
        ({"nudge_depth": 1}, Nudge.NONE, [[5, 5, 2, 2, 1, 1, 4, 4]]),
        ({"nudge_depth": 7}, Nudge.STREAM, [[1] * 2, [1] * 4, [1] * 4, [1] * 6, [1] * 8]),
        ({"input_depth": 12}, Nudge.HOLD, [[5, 5, 2, 2, 1, 1, 4, 4]]),
        ({"input_depth": 11}, Nudge.HOLD, [[1, 1], [2, 2, 2, 2], [2, 2, 2, 2, 1, 1, 2, 2]]),
        ({"input_depth": 3}, Nudge.NONE, [[1] * 2, [1] * 2, [1] * 2, [1] * 4, [1] * 6, [1] * 2, [3] * 2]),
    ],
)
def test_pieces_are_as_large_as_fit(small: dict[str, Any], nudge: Nudge, calls: list[list[int]]) -> None:
    device, _ = travel(replace(ROOMY, **small), journey(nudge), PAIRS)
    assert sizes(device) == calls


def test_what_trips_share_is_written_once() -> None:
    device, _ = travel(replace(ROOMY, contexts=4), journey(Nudge.STREAM), PAIRS)
    for buffer in (Buffer.INPUT, Buffer.NUDGE):
        assert [len(values) for region, values, _ in device.writes if region is buffer] == [7, 5]


@pytest.mark.parametrize("contexts", [1, 3, 16])
def test_chunks_are_no_longer_than_asked_for_and_each_is_flushed(contexts: int) -> None:
    flushed: list[int] = []
    what = journey(Nudge.HOLD, longest=2, flush=lambda: flushed.append(len(flushed)))
    device, _ = travel(replace(ROOMY, contexts=contexts), what, PAIRS)
    assert max(max(steps) for steps in sizes(device)) == 2
    assert len(flushed) == len(device.calls)
    unlimited, _ = travel(replace(ROOMY, contexts=contexts), journey(Nudge.HOLD, longest=99), PAIRS)
    assert max(max(steps) for steps in sizes(unlimited)) == 5


@pytest.mark.parametrize("observe", Observe)
@pytest.mark.parametrize("small", SMALL)
def test_midpoints_of_the_way_out(small: str, observe: Observe) -> None:
    what = journey(Nudge.NONE, direction=Direction.ASCENDING, observe=observe)
    trips = [Trip(b) for b in range(len(LENGTHS))]
    rows: dict[int, list[Ints]] = {b: [] for b in range(len(LENGTHS))}
    every = replace(what, observe=Observe.NOTHING, visit=lambda trip, low, midpoints: rows[trip].append(midpoints))
    travel(ROOMY, every, trips)
    device, end = travel(replace(ROOMY, **SMALL[small]), what, trips)
    if observe is Observe.NOTHING:
        assert not end.observed
        assert not any(run.trace for runs in device.calls for run in runs)
        return
    for b, (found, length) in enumerate(zip(end.observed, LENGTHS, strict=True)):
        midpoints = np.concatenate(rows[b])
        assert len(midpoints) == length
        assert np.array_equal(found, midpoints if observe is Observe.EVERY else midpoints.sum(axis=0))


@pytest.mark.parametrize("kind", ["overflow", "clip"])
@pytest.mark.parametrize("context", range(3))
@pytest.mark.parametrize("group", range(3))
def test_flag_is_that_of_its_trip(group: int, context: int, kind: str) -> None:
    """Eight trips in groups of three: the last group leaves a context unused, whose old flag is nobody's."""
    device = Watched(replace(ROOMY, contexts=3))
    device.configure(Hamiltonian.LINEAR, 2)
    device.raised = {group: raising(kind, context)}
    zero = np.zeros((len(PAIRS), N), np.int64)
    end = Traveller(device).go(journey(Nudge.NONE), PAIRS, zero, zero)
    wanted = [index == 3 * group + context for index in range(len(PAIRS))]
    assert end.overflow.tolist() == (wanted if kind == "overflow" else [False] * len(PAIRS))
    assert end.clip.tolist() == (wanted if kind == "clip" else [False] * len(PAIRS))


@pytest.mark.parametrize("context", range(5))
def test_flag_of_a_context_that_is_not_in_use_is_nobodys(context: int) -> None:
    """One nudge makes groups of two trips, whatever the number of contexts."""
    device = Watched(replace(ROOMY, nudge_depth=1))
    device.configure(Hamiltonian.LINEAR, 2)
    device.raised = {1: raising("overflow", context), 2: raising("clip", context)}
    zero = np.zeros((len(PAIRS), N), np.int64)
    end = Traveller(device).go(journey(Nudge.HOLD), PAIRS, zero, zero)
    assert np.flatnonzero(end.overflow).tolist() == [2 + context] * (context < 2)
    assert np.flatnonzero(end.clip).tolist() == [4 + context] * (context < 2)


def test_flags_are_cleared_before_each_group() -> None:
    """A state that wrapped in one group is not that of the group after."""
    highest = ROOMY.formats.state.highest
    device = Watched(replace(ROOMY, contexts=1))
    device.configure(Hamiltonian.LINEAR, 0)
    device.write(Parameter.INVERSE_MASS, np.full(N, ROOMY.formats.weight.highest))
    states = np.zeros((3, N), np.int64)
    states[1] = highest
    end = Traveller(device).go(journey(Nudge.NONE), [Trip(0), Trip(0), Trip(0)], states, states)
    assert end.overflow.tolist() == [False, True, False]
    assert end.clip.tolist() == [False, True, False]


class _Clocked(Watched):
    def status(self) -> Status:
        return replace(super().status(), cycles=1000, busy=7)


def test_counters_are_those_of_all_groups_of_all_journeys() -> None:
    device = _Clocked(replace(ROOMY, contexts=3))
    device.configure(Hamiltonian.LINEAR, 2)
    traveller = Traveller(device)
    zero = np.zeros((len(PAIRS), N), np.int64)
    for _ in range(2):
        traveller.go(journey(Nudge.NONE), PAIRS, zero, zero)
    assert (traveller.cycles, traveller.busy) == (6000, 42)


def test_inputs_that_are_still_there_are_those_of_the_same_samples() -> None:
    """A way back over other samples, or another part of them, finds nothing that it could use."""
    device = Watched(ROOMY)
    device.configure(Hamiltonian.LINEAR, 2)
    traveller, what = Traveller(device), journey(Nudge.NONE)
    back, zero = replace(what, direction=Direction.DESCENDING), np.zeros((1, N), np.int64)

    def written(trip: Trip, journey: Journey) -> int:
        device.writes.clear()
        traveller.go(journey, [trip], zero, zero)
        return sum(region is Buffer.INPUT for region, _, _ in device.writes)

    out = replace(what, direction=Direction.ASCENDING)
    assert written(Trip(0), out) == 1
    assert written(Trip(0), back) == 0
    assert written(Trip(0), back) == 0
    # What is the same array may hold other numbers by the time of the next way out.
    assert written(Trip(0), out) == 1
    assert written(Trip(0), replace(back, inputs=[rows.copy() for rows in back.inputs])) == 1
    assert written(Trip(3), back) == 1
    assert written(Trip(3), back) == 0
    assert written(Trip(3), replace(back, longest=3)) == 2
    assert written(Trip(3), out) == 1
    traveller.forget()
    assert written(Trip(3), back) == 1
