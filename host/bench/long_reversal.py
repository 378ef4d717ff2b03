"""A run of very many steps, there and back, to the last bit; it can be stopped anywhere and gone on with from a file.

    (phi, pi) -- T steps --> flip -- the same T steps, descending --> flip  =  (phi, pi)

Inputs repeat every `PERIOD` steps, so that the device holds all of them at once. Between two pieces the state is all there is: the file
holds that, the count of steps, and what must be the same for the integers to mean the same.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loschmidt.host import atomic
from loschmidt.host.device import Device
from loschmidt.host.echo import Echo
from loschmidt.host.errors import CheckpointError
from loschmidt.host.experiments.experiment import Tell
from loschmidt.host.problem import Problem, random_problem
from loschmidt.spec.protocol import VERSION
from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Direction, Run
from loschmidt.spec.shape import Shape

from .workload import HAMILTONIAN, SEED, S

INPUTS, PERIOD = 4, 1 << 14

#: Seconds between two writes of the file.
EVERY = 20.0


@dataclass
class Progress:
    """Where a reversal is.

    Members
    -------
    steps : T, one way
    done : of ``2 T``
    position, momentum : (N,) codes now
    seconds : spent so far, over all its parts
    same : `fingerprint` of the system
    """

    steps: int
    done: int
    position: list[int]
    momentum: list[int]
    seconds: float
    same: str

    def save(self, path: Path) -> None:
        """Replace ``path`` atomically. Raises `StorageError` if it cannot be written."""
        atomic.folder(path.parent)
        atomic.write(path, (json.dumps(asdict(self)) + "\n").encode())

    @classmethod
    def load(cls, path: Path, fresh: Progress) -> Progress:
        """Read a file, which must belong to the same run as ``fresh``. Raises `CheckpointError` if it is damaged or does not."""
        try:
            found = cls(**json.loads(path.read_text()))
            sound = 0 <= found.done <= 2 * found.steps and len(found.position) == len(found.momentum)
        except (OSError, TypeError, ValueError) as error:
            raise CheckpointError(f"{path}: not the state of a reversal, or damaged ({error}): remove it to begin anew") from error
        if not sound:
            raise CheckpointError(f"{path}: the state of a reversal, but damaged: remove it to begin anew")
        if (found.same, found.steps) != (fresh.same, fresh.steps):
            raise CheckpointError(f"{path}: of another run, with {found.steps:,} steps: give its options, or another place with --state")
        return found


def shape(oscillators: int) -> Shape:
    return Shape(oscillators, INPUTS, contexts=1, ways=1, input_depth=PERIOD)


def problem(oscillators: int) -> Problem:
    return random_problem(HAMILTONIAN, S, shape(oscillators), PERIOD, SEED)


def fingerprint(system: Problem) -> str:
    """Digest of all integers that decide where the run goes."""
    parts = [*system.codes.values(), system.inputs, system.position0, system.momentum0]
    about = f"{VERSION} {system.hamiltonian.name} {system.s} {system.shape.to_json()}".encode()
    return hashlib.sha256(about + b"".join(np.ascontiguousarray(part).tobytes() for part in parts)).hexdigest()


def begin(system: Problem, steps: int) -> Progress:
    return Progress(steps, 0, system.position0.tolist(), system.momentum0.tolist(), 0.0, fingerprint(system))


def piece(progress: Progress) -> tuple[Direction, int]:
    """The next piece: which way, and how many steps. Pieces end where inputs do, and so start with the buffer's first entry."""
    left = progress.steps - progress.done
    if left > 0:
        return Direction.ASCENDING, min(PERIOD - progress.done % PERIOD, left)
    above = progress.steps + left
    return Direction.DESCENDING, (above - 1) % PERIOD + 1


def advance(device: Device, system: Problem, progress: Progress, path: Path, stopped: Callable[[], bool], tell: Tell) -> bool:
    """Go on until the start is reached again, or ``stopped``; true if it is. The file is written now and then, and in the end."""
    Echo(device, system.hamiltonian, system.s).load(system.codes)
    device.write(Buffer.INPUT, system.inputs)
    device.write(State.POSITION, np.array([progress.position]))
    device.write(State.MOMENTUM, np.array([progress.momentum]))
    clock = written = time.monotonic()
    while progress.done < 2 * progress.steps and not stopped():
        direction, count = piece(progress)
        device.run([Run(0, count, direction=direction)])
        progress.done += count
        if progress.done in (progress.steps, 2 * progress.steps):
            device.flip(0)
        now = time.monotonic()
        progress.seconds += now - clock
        clock = now
        tell("there and back", progress.done / (2 * progress.steps))
        if now - written > EVERY:
            _keep(device, progress, path)
            written = now
    _keep(device, progress, path)
    return progress.done == 2 * progress.steps


def _keep(device: Device, progress: Progress, path: Path) -> None:
    progress.position, progress.momentum = (device.read(region)[0].tolist() for region in State)
    progress.save(path)


def result(system: Problem, progress: Progress) -> dict[str, Any]:
    """What a finished run has shown."""
    ends = [(progress.position, system.position0), (progress.momentum, system.momentum0)]
    different = sum(int(np.count_nonzero(np.array(now) != start)) for now, start in ends)
    return {
        "N": system.shape.oscillators,
        "steps": progress.steps,
        "different": different,
        "passed": different == 0,
        "seconds": round(progress.seconds, 1),
        "us per step": 1e6 * progress.seconds / (2 * progress.steps),
    }
