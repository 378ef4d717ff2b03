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
    pieces = list(windows(steps, len(problem.inputs), device.shape.input_depth))
    kinds, contexts = list(starts), device.shape.contexts
    groups = [kinds[k : k + contexts] for k in range(0, len(kinds), contexts)]
    for done, group in enumerate(groups):
        before = [np.stack([starts[kind][i] for kind in group]) for i in range(2)]

        def share(part: float, done: int = done) -> None:
            tell(f"{name}: reversal", (done + part) / len(groups))

        moved, after = there_and_back(problem, device, pieces, before, share)
        for context, kind in enumerate(group):
            wrong = sum(int(np.count_nonzero(after[i][context] != before[i][context])) for i in range(2))
            left = bool(np.any(moved[context] != before[0][context]))
            measured: dict[str, float] = {"steps": steps, "different": wrong}
            yield Row(name, "reversal", kind, measured, "returns to the last bit", wrong == 0 and left)


def windows(steps: int, period: int, depth: int) -> Iterator[tuple[int, int]]:
    """Pieces (first step, steps) of a run that the input buffer holds and that do not go past the end of the inputs."""
    low = 0
    while low < steps:
        count = min(depth, period - low % period, steps - low)
        yield low, count
        low += count


def there_and_back(
    problem: Problem, device: Device, pieces: list[tuple[int, int]], before: list[Ints], share: Callable[[float], None]
) -> tuple[Ints, list[Ints]]:
    """Each start in a context of its own: positions half way, and positions and momenta in the end."""
    for region, values in zip(State, before, strict=True):
        device.write(region, values)
    count, period, loaded, done = len(before[0]), len(problem.inputs), (-1, 0), 0
    for direction in Direction:
        for low, steps in pieces if direction is Direction.ASCENDING else reversed(pieces):
            if (low % period, steps) != loaded:
                loaded = low % period, steps
                device.write(Buffer.INPUT, problem.inputs[loaded[0] : loaded[0] + steps])
            device.run([Run(context, steps, direction=direction) for context in range(count)])
            done += 1
            share(done / (2 * len(pieces)))
        if direction is Direction.ASCENDING:
            moved = device.read(State.POSITION, 0, count)
        for context in range(count):
            device.flip(context)
    return moved, [device.read(region, 0, count) for region in State]
