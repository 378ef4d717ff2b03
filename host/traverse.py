"""Taking samples through a device that may be smaller than they are many or long.

A trip is one context's way through one sample's inputs. Trips go in groups that fit the contexts and buffers; a sequence longer
than its share of a buffer goes in chunks, in ascending order on the way out and in descending order on the way back. Between the
two, the host keeps a sample's inputs and its state: O(N), whatever the number of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Accumulate, Direction, Nudge, Run

from .device import Device, Ints


class Observe(Enum):
    """Which midpoint positions a journey brings home."""

    NOTHING = "nothing"
    SUM = "sum"  #: (N,), over all steps
    EVERY = "every"  #: (T, N)


class Trip(NamedTuple):
    """Whose inputs a context reads, and how it is nudged and counted on its way.

    Members
    -------
    sample : index into the journey's inputs and nudges
    negate, accumulate, shift : as in `Run`
    """

    sample: int
    negate: bool = False
    accumulate: Accumulate = Accumulate.OFF
    shift: int = 0


@dataclass(frozen=True)
class Journey:
    """What all trips of one call have in common.

    Members
    -------
    direction : of time
    inputs : per sample, (T_b, M) operand codes
    nudge : which kind, and ``nudges`` by sample: (T_b, N) for `Nudge.STREAM`, else (1, N), state codes
    observe : what is wanted of the midpoints; ascending, not nudged, and one trip per sample only
    visit : called with a trip's index, a step's and the midpoints (k, N) from there on, chunk by chunk: nothing of them is kept
    longest : most steps of a chunk, and ``flush`` is called after each: for accumulators that would not hold more
    """

    direction: Direction
    inputs: Sequence[Ints]
    nudge: Nudge = Nudge.NONE
    nudges: Mapping[int, Ints] = field(default_factory=dict)
    observe: Observe = Observe.NOTHING
    visit: Callable[[int, int, Ints], None] | None = None
    longest: int | None = None
    flush: Callable[[], None] | None = None

    @property
    def traced(self) -> bool:
        """Whether each trip needs an entry of the trace for every step."""
        return self.visit is not None or self.observe in (Observe.SUM, Observe.EVERY)


@dataclass
class Arrival:
    """Where trips ended, in their order: (J, N) codes, (J,) flags; observed midpoints, one array per trip."""

    position: Ints
    momentum: Ints
    overflow: NDArray[np.bool_]
    clip: NDArray[np.bool_]
    observed: list[Ints] = field(default_factory=list)


class Traveller:
    """Sends trips through a device, and adds up its counters.

    Members
    -------
    cycles, busy : the device's counters over all journeys so far
    """

    def __init__(self, device: Device) -> None:
        self.device = device
        self.cycles = self.busy = 0
        self._held: tuple[list[Ints], int, int] | None = None  # what the input buffer holds: rows from the second to the third of each

    def forget(self) -> None:
        """Something else has used the device."""
        self._held = None

    def go(self, journey: Journey, trips: Sequence[Trip], position: Ints, momentum: Ints) -> Arrival:
        """Take every trip, from states (J, N), codes; products accumulate on the device."""
        n = self.device.shape.oscillators
        count = len(trips)
        end = Arrival(np.zeros((count, n), np.int64), np.zeros((count, n), np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_))
        if journey.observe is Observe.SUM:
            end.observed = [np.zeros(n, np.int64) for _ in trips]
        elif journey.observe is Observe.EVERY:
            end.observed = [np.zeros((len(journey.inputs[trip.sample]), n), np.int64) for trip in trips]
        for first, last in self._groups(journey, trips):
            self.device.write(State.POSITION, position[first:last])
            self.device.write(State.MOMENTUM, momentum[first:last])
            self._group(journey, trips[first:last], first, end)
        return end

    def _depths(self, journey: Journey) -> list[int]:
        """Of the buffers that hold something for each step of each sample."""
        shape = self.device.shape
        return [shape.input_depth, shape.nudge_depth] if journey.nudge is Nudge.STREAM else [shape.input_depth]

    def _groups(self, journey: Journey, trips: Sequence[Trip]) -> Iterator[tuple[int, int]]:
        """Consecutive trips that fit: a context each, and for each sample at least one entry of every buffer in use; of the trace, for
        each trip."""
        shape = self.device.shape
        contexts, most = shape.contexts, min(self._depths(journey))
        if journey.nudge in (Nudge.HOLD, Nudge.IMPULSE):
            most = min(most, shape.nudge_depth)
        if journey.traced:
            contexts = min(contexts, shape.trace_depth)
        first, samples = 0, set[int]()
        for index, trip in enumerate(trips):
            samples.add(trip.sample)
            if index - first == contexts or len(samples) > most:
                yield first, index
                first, samples = index, {trip.sample}
        if trips:
            yield first, len(trips)

    def _group(self, journey: Journey, trips: Sequence[Trip], first: int, end: Arrival) -> None:
        """Trips from ``first`` on, of which the device holds the states."""
        device, n = self.device, len(trips)
        device.reset_status()
        samples = list(dict.fromkeys(trip.sample for trip in trips))
        longest = max(len(journey.inputs[b]) for b in samples)
        users = [(depth, samples) for depth in self._depths(journey)]
        if journey.traced:
            users.append((device.shape.trace_depth, [trip.sample for trip in trips]))
        whole = all(sum(len(journey.inputs[b]) for b in who) <= depth for depth, who in users)
        chunk = longest if whole else min(depth // len(who) for depth, who in users)
        if journey.longest is not None:
            chunk = min(chunk, journey.longest)
        if journey.nudge in (Nudge.HOLD, Nudge.IMPULSE):
            device.write(Buffer.NUDGE, np.concatenate([journey.nudges[b] for b in samples]))
        begins = range(0, longest, chunk)
        for low in begins if journey.direction is Direction.ASCENDING else reversed(begins):
            self._chunk(journey, trips, samples, low, chunk, first, end)
            if journey.flush is not None:
                journey.flush()
        status = device.status()
        self.cycles += status.cycles
        self.busy += status.busy
        end.position[first : first + n] = device.read(State.POSITION, 0, n)
        end.momentum[first : first + n] = device.read(State.MOMENTUM, 0, n)
        for flags, raised in ((end.overflow, status.overflow), (end.clip, status.clip)):
            flags[[first + context for context in raised if context < n]] = True

    def _chunk(self, journey: Journey, trips: Sequence[Trip], samples: list[int], low: int, chunk: int, first: int, end: Arrival) -> None:
        """Steps ``low`` to ``low + chunk - 1`` of the samples that are that long; the group's trips are those from ``first`` on."""
        inputs, base, total = journey.inputs, dict[int, int](), 0
        for b in samples:
            left = len(inputs[b]) - low
            if left > 0:
                base[b] = total
                total += min(chunk, left)
        self._write_inputs(journey, [inputs[b] for b in base], low, chunk)
        if journey.nudge is Nudge.STREAM:
            self.device.write(Buffer.NUDGE, np.concatenate([journey.nudges[b][low : low + chunk] for b in base]))
        held = {b: entry for entry, b in enumerate(samples)}
        direction, trace, runs, traces, traced = journey.direction, journey.traced, list[Run](), dict[int, tuple[int, int]](), 0
        for context, (sample, negate, accumulate, shift) in enumerate(trips):
            if sample not in base:
                continue
            start, left = base[sample], len(inputs[sample]) - low
            steps = min(chunk, left)
            nudge = Nudge.NONE if journey.nudge is Nudge.IMPULSE and left > chunk else journey.nudge
            entry = start if nudge is Nudge.STREAM else held[sample]
            runs.append(Run(context, steps, start, direction, accumulate, shift, nudge, entry, negate, trace, traced))
            if trace:
                traces[context] = traced, traced + steps
                traced += steps
        self.device.run(runs)
        if traced:
            midpoints = self.device.read(Buffer.TRACE, 0, traced)
            for context, (begin, stop) in traces.items():
                self._seen(journey, first + context, low, midpoints[begin:stop], end)

    def _write_inputs(self, journey: Journey, inputs: list[Ints], low: int, chunk: int) -> None:
        """A way back finds what the way out has left, if all of it fitted."""
        if journey.direction is Direction.DESCENDING and self._held is not None:
            held, first, count = self._held
            if (first, count) == (low, chunk) and len(held) == len(inputs) and all(a is b for a, b in zip(held, inputs, strict=True)):
                return
        self.forget()  # a write that fails may have changed some of it
        self.device.write(Buffer.INPUT, np.concatenate([rows[low : low + chunk] for rows in inputs]))
        self._held = inputs, low, chunk

    @staticmethod
    def _seen(journey: Journey, index: int, low: int, midpoints: Ints, end: Arrival) -> None:
        """Midpoints of the trip ``index`` from step ``low`` on."""
        if journey.visit is not None:
            journey.visit(index, low, midpoints)
        if journey.observe is Observe.SUM:
            end.observed[index] += midpoints.sum(axis=0)
        elif journey.observe is Observe.EVERY:
            end.observed[index][low : low + len(midpoints)] = midpoints
