"""Forward, flip, back, flip: is it the start, to the last bit?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Direction, Run
from loschmidt.spec.shape import Shape

from .device import Device, Ints
from .echo import Echo
from .problem import Problem
from .report import Row


def states(shape: Shape, rng: np.random.Generator) -> dict[str, tuple[Ints, Ints]]:
    """Where reversal is tried from: anywhere, so that states wrap, and from extreme codes."""
    state, n = shape.formats.state, shape.oscillators
    extremes = np.array([state.lowest, state.lowest + 1, -1, 0, 1, state.highest])
    anywhere = rng.integers(state.lowest, state.highest, (2, n), endpoint=True)
    mixed = rng.choice(extremes, (2, n))
    return {
        "random state": (anywhere[0], anywhere[1]),
        "extreme codes": (mixed[0], mixed[1]),
        "most negative momenta": (anywhere[0], np.full(n, state.lowest)),
    }


def reversal(problem: Problem, device: Device, steps: int, seed: int, tell: Callable[[str, float], None]) -> Iterator[Row]:
    """One row for each kind of state. Runs longer than the problem's inputs take them again and again.

    Parameters
    ----------
    steps : T, there and back again
    seed : of the states
    tell : given what is being done, and how much of it is done
    """
    name = problem.hamiltonian.name.lower()
    Echo(device, problem.hamiltonian, problem.s).load(problem.codes)
    starts = states(problem.shape, np.random.default_rng([seed, 1])) | {"ordinary state": (problem.position0, problem.momentum0)}
    before = [np.stack([pair[i] for pair in starts.values()]) for i in range(2)]
    for region, values in zip(State, before, strict=True):
        device.write(region, values)
    period = len(problem.inputs)
    depth = min(period, problem.shape.input_depth)
    windows = range(0, steps, depth)
    loaded, done = -1, 0
    for direction in Direction:
        for low in windows if direction is Direction.ASCENDING else reversed(windows):
            if low % period != loaded:
                loaded = low % period
                device.write(Buffer.INPUT, problem.inputs[loaded : loaded + depth])
            count = min(depth, steps - low, period - loaded)
            device.run([Run(context, count, direction=direction) for context in range(len(starts))])
            done += count
            tell(f"{name}: reversal", done / (2 * steps))
        if direction is Direction.ASCENDING:
            moved = device.read(State.POSITION, 0, len(starts))
        for context in range(len(starts)):
            device.flip(context)
    after = [device.read(region, 0, len(starts)) for region in State]
    for context, kind in enumerate(starts):
        wrong = sum(int(np.count_nonzero(after[i][context] != before[i][context])) for i in range(2))
        left = bool(np.any(moved[context] != before[0][context]))
        measured: dict[str, float] = {"steps": steps, "different": wrong}
        yield Row(name, "reversal", kind, measured, "returns to the last bit", wrong == 0 and left)
