"""The whole board in simulation, serial pins and all: the same integers through them, a busy line, and the command that serves it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from loschmidt.host import board_command, cli
from loschmidt.host.blank import BlankDevice
from loschmidt.host.checkpoint import Checkpoint
from loschmidt.host.data import Dataset, Split
from loschmidt.host.device import Device
from loschmidt.host.echo_engine import EchoEngine, shape_for
from loschmidt.host.fitted import FittedDevice
from loschmidt.host.link import LinkPort
from loschmidt.host.training import Training, begin
from loschmidt.host.word_device import WordDevice
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.link import ROUGH, FaultyLine, Rates
from loschmidt.sim.link.terminal import KEPT, Terminal
from loschmidt.sim.rtl import BoardLine, BoardPlan, BoardSimulation, SimulationError
from loschmidt.spec import protocol
from loschmidt.spec.board import load
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.protocol import Error, Header, Opcode
from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Run
from loschmidt.spec.shape import Shape

from . import toy

PLAN = BoardPlan(Shape(6, 2, 2, 4, 2, 32, 32, 32), divisor=4, buffer=256)
OPTIONS = ["--oscillators", "6", "--inputs", "2", "--lanes", "2", "--contexts", "4", "--depth", "32", "--buffer", "256"]

#: Seconds of the command in a process of its own, a build of its gateware among them.
DEADLINE = 300

#: The line must be busy for this share of the board's time while words are streamed.
BUSY = 0.9


class RoughBoardLine(BoardLine):
    """A board's line that damages, loses, doubles, reorders and cuts frames, both ways."""

    def __init__(self, board: BoardSimulation, rates: Rates, seed: int) -> None:
        super().__init__(board)
        self.there, self.back = FaultyLine(rates, seed), FaultyLine(rates, seed + 1)
        self._piece = b""

    def write(self, data: bytes) -> None:
        super().write(self.there.carry(data))

    def read(self) -> bytes:
        *frames, self._piece = (self._piece + super().read()).split(b"\0")
        return b"".join(self.back.carry(frame + b"\0") for frame in frames)


def over(line: BoardLine) -> Device:
    return BlankDevice(WordDevice(LinkPort(line, "board", 0.001, session=77), "board"))


ALL = toy.dataset()


def few() -> Dataset:
    """Some of the toy problem's samples."""
    train, test = (Split(part.inputs[:3], part.labels[:3], []) for part in (ALL.train, ALL.test))
    return Dataset("few", train, test, ALL.classes)


CONFIG = replace(toy.SMALL, epochs=1, batch=3)


def trained(device: Device) -> dict[str, list[float]]:
    """Weights after a short training run."""
    data = few()
    training = Training(begin(CONFIG, data), data, EchoEngine(device, CONFIG.system, CONFIG.step, CONFIG.readout), None)
    training.run()
    device.close()
    return {name: value.ravel().tolist() for name, value in training.checkpoint.masters.items()}


def test_training_through_the_pins_ends_with_the_emulators_weights() -> None:
    """Over a clean line, and over one that loses every twentieth frame or so."""
    wanted = shape_for(CONFIG, 2, 20)
    expected = trained(Emulator(wanted))
    assert trained(FittedDevice(over(BoardLine(BoardSimulation(PLAN))), wanted)) == expected
    rough = RoughBoardLine(BoardSimulation(PLAN), ROUGH, 11)
    assert trained(FittedDevice(over(rough), wanted)) == expected
    assert rough.there.met.total() + rough.back.met.total() > 10


def test_line_is_busy_while_words_are_streamed() -> None:
    board = BoardSimulation(PLAN)
    device = WordDevice(LinkPort(BoardLine(board), "board", 0.001, session=77), "board")
    values = np.arange(32 * 6).reshape(32, 6)
    device.write(Buffer.NUDGE, values)
    cycles, busy = board.cycles, board.busy
    for _ in range(12):
        device.write(Buffer.NUDGE, values)
    assert board.busy - busy >= BUSY * (board.cycles - cycles)
    assert np.array_equal(device.read(Buffer.NUDGE, 0, 32), values)
    device.close()


def test_line_is_not_counted_busy_when_it_rests() -> None:
    board = BoardSimulation(PLAN)
    board.advance(1000)
    assert board.busy == 0
    board.send(bytes([1, 2]))
    board.advance(1000)
    assert board.busy == 2 * 10 * PLAN.divisor
    board.close()
    with pytest.raises(SimulationError, match=r"^the simulated board has been closed: open another$"):
        board.advance(1)


def test_waiting_for_nothing_is_noticed() -> None:
    line = BoardLine(BoardSimulation(PLAN))
    with pytest.raises(SimulationError, match=r"^the simulated board has nothing more to say"):
        line.wait(None, False)
    line.close()


class Board(BoardSimulation):
    """A board in which nothing is simulated: what it says of itself after each slice is what a test says."""

    def __init__(self, slices: Iterator[tuple[int, int, bytes]]) -> None:
        """Cycles that pass, bytes that wait after that, and what the board sends."""
        self.plan, self._slices, self._unsent, self._cycles = PLAN, slices, 100, 0

    cycles = property(lambda self: self._cycles)
    unsent = property(lambda self: self._unsent)
    resting = property(lambda self: False)

    def advance(self, cycles: int) -> bytes:
        passed, self._unsent, said = next(self._slices)
        self._cycles += passed
        return said


#: Cycles of one wait for the board; and how many of these it has, which is more than any deadline leaves it.
SLICE, SLICES = 4 * 10 * PLAN.divisor, 1000


@pytest.mark.parametrize("seconds", [None, 1.0])
@pytest.mark.parametrize("writable", [False, True])
@pytest.mark.parametrize(
    ("slices", "message"),
    [
        (repeat((0, 0, b""), SLICES), rf"^the simulated board's clock went from 0 to 0 in {SLICE} cycles$"),
        (repeat((SLICE, 100, b""), SLICES), rf"^the line to the simulated board took none of 100 bytes in {SLICE} cycles$"),
        (repeat((SLICE, 0, b""), SLICES), r"^the simulated board was waited for 10,080 cycles: more than can be right$"),
    ],
)
def test_a_board_that_does_nothing_is_not_waited_for(
    seconds: float | None, writable: bool, slices: Iterator[tuple[int, int, bytes]], message: str
) -> None:
    line = BoardLine(Board(slices), depth=-1, limit=10_000)
    with pytest.raises(SimulationError, match=message):
        line.wait(seconds, writable)


def test_a_board_that_only_babbles_is_not_listened_to_for_ever() -> None:
    line = BoardLine(Board(repeat((SLICE, 0, b"babble"), SLICES)), limit=100_000)

    def listen() -> None:
        while line.read() != b"peace":
            line.wait(None, False)

    with pytest.raises(SimulationError, match=r"^the simulated board was waited for 100,160 cycles"):
        listen()


@contextmanager
def virtual_board(folder: Path) -> Iterator[str]:
    """The command, in a process of its own; the path that it prints."""
    command = [sys.executable, "-m", "loschmidt.host.cli", "board", *OPTIONS]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        # Neither a board that says nothing nor one that goes on must keep the tests waiting.
        alarm = threading.Timer(DEADLINE, process.kill)
        alarm.start()
        try:
            first = process.stdout.readline()
            found = re.search(r"^a board of 6 oscillators, 2 inputs and 2 lanes at (/dev/\S+)$", first)
            assert found, first
            yield found[1]
        finally:
            process.send_signal(signal.SIGINT)
            rest = process.stdout.read()
            alarm.cancel()
        assert re.search(r"cycles, .* a second; [\d,]+ bytes in, [\d,]+ out; the line to the board was busy \d+ %", rest), rest
    assert process.returncode == 0


def test_train_on_the_virtual_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user types: the board in one terminal, the training in another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(toy, "dataset", few)
    toy.write_ts(tmp_path)
    options = ["toy.ts", "--oscillators", "6", "--batch", "3", "--lr", "0.02", "--epochs", "1"]
    with virtual_board(tmp_path) as path:
        result = CliRunner().invoke(cli.app, ["train", *options, "--device", path])
        assert result.exit_code == 0, result.output
        refused = CliRunner().invoke(cli.app, ["train", *options, "--oscillators", "7", "--device", path])
        assert refused.exit_code == 2
        assert refused.stderr.startswith(f"error: {path} cannot hold what is asked for: 7 oscillators instead of at most 6")
        brought = CliRunner().invoke(cli.app, ["bringup", path, "--soak", "0", "--json", "board.json"])
        assert brought.exit_code == 0, brought.output
        checks = [row["check"] for row in json.loads((tmp_path / "board.json").read_text())["rows"]]
        assert {"identify", "link", "exact return", "gradient", "throughput", "soak"} == set(checks)
    assert CliRunner().invoke(cli.app, ["train", *options]).exit_code == 0
    board, emulator = (Checkpoint.load(tmp_path / "runs" / f"toy-{k}").masters for k in range(2))
    assert board.keys() == emulator.keys()
    assert all(np.array_equal(board[name], emulator[name]) for name in board)


def test_terminal_keeps_only_so_much_for_nobody() -> None:
    terminal = Terminal()
    for _ in range(100):
        terminal.write(bytes(4096))
    assert terminal.read() == b""
    assert terminal.written_bytes < 100 * 4096 - KEPT
    terminal.close()


def test_board_of_a_name_is_that_of_its_bitstream() -> None:
    board = load("icebreaker")
    assert board_command.plan_of("icebreaker") == BoardPlan(board.shape, board.link.divisor, board.link.buffer)


def test_board_tells_the_hash_of_its_build() -> None:
    for build in (0, 0x1234_ABCD, 0xFFFF_FFFF):
        board = BoardSimulation(replace(PLAN, build=build))
        device = WordDevice(LinkPort(BoardLine(board), "board"), "board")
        assert (device.build, device.shape) == (build, PLAN.shape)
        device.close()


class WatchedBoard(BoardSimulation):
    """Remembers whether a run was under way when somebody looked."""

    ran = False

    def advance(self, cycles: int) -> bytes:
        data = super().advance(cycles)
        self.ran |= self.running
        return data


def test_board_shows_runs_and_errors() -> None:
    """What its LEDs are given."""
    board = WatchedBoard(PLAN)
    port = LinkPort(BoardLine(board), "board")
    device = WordDevice(port, "board")
    assert (board.ran, board.fault) == (False, False)
    device.configure(Hamiltonian.DENSE, 2)
    device.run([Run(context, PLAN.shape.input_depth) for context in range(4)])
    assert board.ran
    device.read(State.POSITION, 0)
    assert not board.running
    device.reset_status()
    assert not board.fault
    port.send(protocol.request(Opcode.CONFIGURE, [99]))
    assert Header.parse(int(port.receive(1)[0])).code == Error.VALUE
    assert board.fault
    device.status()
    assert board.fault
    device.reset_status()
    assert not board.fault
    device.close()


def test_wrong_options() -> None:
    for words, complaint in (
        (["--formats", "19"], "--formats must be one of"),
        (["--lanes", "9", "--oscillators", "8"], "lanes must not outnumber oscillators"),
        (["a-board-that-is-not-there"], "a-board-that-is-not-there"),
        (["--buffer", "100", "--oscillators", "4"], "buffer"),
    ):
        result = CliRunner().invoke(cli.app, ["board", *words])
        assert result.exit_code == 2, result.output
        assert complaint in result.stderr
        assert result.stderr.count("\n") == 1
