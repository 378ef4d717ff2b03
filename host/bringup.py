"""A board that has just been built: does it answer, return to the last bit, and give the golden model's gradients, for a while?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

import numpy as np

from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.spec import protocol
from loschmidt.spec.errors import LoschmidtError
from loschmidt.spec.formats import name_of
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.pace import step_limit
from loschmidt.spec.region import Buffer
from loschmidt.spec.run import Accumulate, Run

from .blank import BlankDevice
from .device import Device
from .echo import Readout
from .link import LinkPort
from .problem import by_echo, random_problem
from .recorder import Recorder
from .report import Report, Row
from .reversal import reversal
from .word_device import WordDevice

#: Steps of a run that is compared, s of its time step, and times that the input buffer is written and read.
STEPS, S, PASSES = 24, 5, 8

Tell = Callable[[str, float], None]


def bring_up(call: Callable[[], LinkPort], name: str, soak: float, tell: Tell) -> Report:
    """Everything that a board must do, from its first word on; never raises what `LoschmidtError` says, but reports it.

    Parameters
    ----------
    call : opens a session with the board; it is closed in the end
    name : of the board's port
    soak : seconds for which gradients are compared in the end; at least one of each Hamiltonian is
    tell : called now and then with what is being done, and how much of it is done

    Returns
    -------
    Report, whose settings are what the board says of itself and what its line has cost; what could not be done is its last row, and fails
    """
    rows: list[Row] = []
    settings: dict[str, object] = {"device": name, "soak": soak}
    try:
        port = call()
        settings["port"] = port.where
        device = WordDevice(port, name)
        try:
            settings |= described(device)
            for row in _rows(BlankDevice(device), port, soak, tell):
                rows.append(row)  # noqa: PERF402 what came before a fault is kept
        finally:
            settings["line"] = asdict(port.tally)
            device.close()
    except LoschmidtError as error:
        rows.append(Row("-", "fault", " ".join(str(error).split()), {}, "none", False))
    return Report(settings, rows)


def described(device: WordDevice) -> dict[str, object]:
    """What a board says of itself: protocol, build, formats by their name, shape."""
    return {
        "protocol": protocol.VERSION,
        "build": f"{device.build:08x}",
        "formats": name_of(device.shape.formats),
        "shape": device.shape.to_json(),
    }


def _rows(board: Device, port: LinkPort, soak: float, tell: Tell) -> Iterator[Row]:
    shape = board.shape
    size: dict[str, float] = {"oscillators": shape.oscillators, "inputs": shape.inputs, "lanes": shape.lanes}
    yield Row("-", "identify", "what the board says of itself", size, "answers", True)
    yield _link(board, port, tell)
    for done, hamiltonian in enumerate(shape.hamiltonians):
        tell(f"{hamiltonian.name.lower()}: beside the golden model", done / len(shape.hamiltonians))
        yield from _beside_golden(board, hamiltonian)
    for accumulate in (Accumulate.OFF, Accumulate.ADD):
        tell("throughput", 0.0)
        yield _throughput(board, accumulate)
    yield _soaked(board, port, soak, tell)


def _link(board: Device, port: LinkPort, tell: Tell) -> Row:
    """Anything there and back again, as fast as it goes."""
    rng, operand, wrong, began = np.random.default_rng(1), board.shape.formats.operand, 0, time.monotonic()
    values = rng.integers(operand.lowest, operand.highest, (PASSES, board.shape.input_depth, board.shape.inputs), endpoint=True)
    for done, block in enumerate(values):
        tell("link", done / PASSES)
        board.write(Buffer.INPUT, block)
        wrong += int(np.count_nonzero(board.read(Buffer.INPUT, 0, len(block)) != block))
    seconds = time.monotonic() - began
    measured = {"values": values.size, "different": wrong, "values a second": 2 * values.size / seconds, "sent again": port.tally.resent}
    return Row("-", "link", "input buffer, written and read", measured, "none differ", wrong == 0)


def _beside_golden(board: Device, hamiltonian: Hamiltonian) -> Iterator[Row]:
    """Exact return, and every integer of a gradient, by every readout."""
    name, shape = hamiltonian.name.lower(), board.shape
    problem = random_problem(hamiltonian, S, shape, STEPS, 0)
    mine, golden = Recorder(board, True), Recorder(GoldenDevice(shape), True)
    try:
        found = list(reversal(problem, mine, STEPS, 0, lambda what, share: None))
        list(reversal(problem, golden, STEPS, 0, lambda what, share: None))
        compared, wrong = mine.differences(golden)
        away: dict[str, float] = {"integers": compared, "different": wrong, "did not return": sum(not row.passed for row in found)}
        passed = wrong == 0 and all(row.passed for row in found)
        yield Row(name, "exact return", f"{STEPS} steps, {len(found)} states", away, "to the last bit, as the golden model", passed)
        for readout in Readout:
            by_echo(problem, mine, readout)
            by_echo(problem, golden, readout)
        compared, wrong = mine.differences(golden)
        yield Row(name, "gradient", f"{STEPS} steps", {"integers": compared, "different": wrong}, "the golden model's integers", wrong == 0)
    finally:
        golden.close()


def _throughput(board: Device, accumulate: Accumulate) -> Row:
    """As many runs as it holds, each of a full buffer: by the clock on the wall, and by the array's own."""
    shape, s = board.shape, S
    hamiltonian = shape.hamiltonians[-1]
    board.configure(hamiltonian, s)
    runs = [Run(context, shape.input_depth, accumulate=accumulate) for context in range(shape.contexts)]
    board.run(runs)
    board.reset_status()
    began = time.monotonic()
    board.run(runs)
    seconds = time.monotonic() - began
    steps = len(runs) * shape.input_depth
    cycles = board.status().cycles / steps
    measured = {"steps a second": steps / seconds, "cycles a step": cycles, "million cycles a second": cycles * steps / seconds / 1e6}
    item = "echo" if accumulate else "forward"
    return Row(hamiltonian.name.lower(), "throughput", item, measured, "as many cycles as there can be", 0 < cycles <= step_limit(shape))


def _soaked(board: Device, port: LinkPort, seconds: float, tell: Tell) -> Row:
    """Gradients of other systems again and again, beside the emulator's."""
    began, before, compared, wrong, rounds = time.monotonic(), port.tally.resent, 0, 0, 0
    mine, emulator = Recorder(board, True), Recorder(Emulator(board.shape), True)
    hamiltonians = board.shape.hamiltonians
    try:
        while rounds < len(hamiltonians) or time.monotonic() < began + seconds:
            tell("soak", min(1.0, (time.monotonic() - began) / seconds) if seconds else 0.0)
            problem = random_problem(hamiltonians[rounds % len(hamiltonians)], S, board.shape, STEPS, 1 + rounds)
            for device in (mine, emulator):
                by_echo(problem, device, Readout.EVERY)
            more, different = mine.differences(emulator)
            compared, wrong, rounds = compared + more, wrong + different, rounds + 1
    finally:
        emulator.close()
    measured: dict[str, float] = {"gradients": rounds, "integers": compared, "different": wrong, "sent again": port.tally.resent - before}
    return Row("-", "soak", f"{time.monotonic() - began:.0f} seconds", measured, "the emulator's integers", wrong == 0)
