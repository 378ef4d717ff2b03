"""A board at the other end of a line: its shape, its memories that nobody has written, and training through it."""

from __future__ import annotations

import os
import socket
import termios
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from loschmidt.host import board as boards
from loschmidt.host import session
from loschmidt.host.blank import BlankDevice
from loschmidt.host.device import Device
from loschmidt.host.devices import check_name, open_device
from loschmidt.host.echo import Readout
from loschmidt.host.echo_engine import EchoEngine
from loschmidt.host.errors import DeviceError
from loschmidt.host.fitted import FittedDevice
from loschmidt.host.link import LinkError, LinkPort
from loschmidt.host.link.serial_line import split_name
from loschmidt.host.training import Training, begin
from loschmidt.host.verify import verify
from loschmidt.host.word_device import WordDevice
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.golden_device import GoldenDevice
from loschmidt.sim.link import ROUGH, DeviceEnd, Pace, Rates, Rehearsal
from loschmidt.sim.link.terminal import Terminal
from loschmidt.sim.word_server import WordServer
from loschmidt.spec.board import LEAST_DIVISOR
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.pace import run_limit
from loschmidt.spec.protocol import Header, Opcode
from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Run
from loschmidt.spec.shape import Shape
from tests.sim.arrays import ARRAYS
from tests.sim.cases import Case, cases, differences

from . import toy
from .far_end import serving

#: Larger than the toy problem in every respect but contexts and depths.
BOARD = Shape(8, 3, 4, contexts=3, input_depth=24, nudge_depth=16, trace_depth=24)


def rehearsed(shape: Shape, rates: Rates = ROUGH, seed: int = 1, buffer: int = 128) -> Device:
    """An array whose memories are full of anything, behind a rough line."""
    line = Rehearsal(DeviceEnd(WordServer(Emulator, shape), buffer), rates, seed, Pace(baud=12_000_000, latency=0.0001))
    return BlankDevice(WordDevice(LinkPort(line, "rehearsal", 0.01, session=1 + seed), "rehearsal"))


@pytest.mark.parametrize("array", ARRAYS)
def test_board_behaves_like_the_emulator(array: str) -> None:
    """With everything written first, and with nothing."""

    @settings(max_examples=8, database=None, phases=[Phase.generate])
    @given(cases(ARRAYS[array]))
    def agree(case: Case) -> None:
        for tried in (case, Case(case.shape, {}, case.calls)):
            assert not differences(tried.play(rehearsed(case.shape)), tried.play(Emulator(case.shape, workers=1)))

    agree()


def test_board_that_was_not_blanked_is_caught() -> None:
    """The far end's memories do hold something else than zero."""
    shape = ARRAYS["padded"]
    device = WordDevice(LinkPort(Rehearsal(DeviceEnd(WordServer(GoldenDevice, shape))), "rehearsal"), "rehearsal")
    assert all(device.read(region).any() for region in (*Parameter, State.POSITION, Buffer.INPUT, Buffer.TRACE))


def masters(device: Device) -> tuple[dict[str, list[float]], list[dict[str, float]]]:
    """Weights and metrics of a short training run on a device that is closed afterwards."""
    data, config = toy.dataset(), replace(toy.SMALL, epochs=1)
    engine = EchoEngine(device, config.system, config.step, config.readout)
    training = Training(begin(config, data), data, engine, None)
    training.run()
    device.close()
    return {name: value.ravel().tolist() for name, value in training.checkpoint.masters.items()}, [training.last]


def wanted(contexts: int = 16) -> Shape:
    return Shape(6, 2, 6, contexts=contexts, input_depth=200, nudge_depth=200, trace_depth=200)


def test_training_over_a_rough_line_ends_with_the_same_integers() -> None:
    rough, _ = masters(FittedDevice(rehearsed(BOARD, seed=3), wanted()))
    clean, _ = masters(FittedDevice(rehearsed(BOARD, Rates()), wanted()))
    emulator, _ = masters(Emulator(wanted()))
    assert rough == clean == emulator


def test_fitted_device_takes_the_boards_shape() -> None:
    device = FittedDevice(Emulator(BOARD), wanted())
    assert device.shape == replace(BOARD, oscillators=6, inputs=2)
    assert FittedDevice(Emulator(BOARD), Shape(2)).shape.lanes == 2


def test_fitted_device_changes_no_integer() -> None:
    @settings(max_examples=25, database=None, phases=[Phase.generate])
    @given(cases(replace(ARRAYS["padded"], lanes=1)))
    def agree(case: Case) -> None:
        large = replace(case.shape, oscillators=8, inputs=4, lanes=4)
        fitted = FittedDevice(Emulator(large, workers=1), case.shape)
        assert not differences(case.play(fitted), case.play(Emulator(case.shape, workers=1)))

    agree()


@pytest.mark.parametrize(
    ("shape", "complaint"),
    [
        (replace(BOARD, oscillators=9), "9 oscillators instead of at most 8"),
        (replace(BOARD, inputs=5), "5 inputs instead of at most 3"),
        (replace(BOARD, formats=PRESETS["16"]), "state .* instead of "),
    ],
)
def test_what_a_board_cannot_hold_is_said(shape: Shape, complaint: str) -> None:
    with pytest.raises(DeviceError, match=f"^emulator cannot hold what is asked for: .*{complaint}"):
        FittedDevice(Emulator(BOARD), shape)


@contextmanager
def served(shape: Shape) -> Iterator[str]:
    """A far end behind a real socket; its URL."""
    end = DeviceEnd(WordServer(Emulator, shape))
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    while data := connection.recv(4096):
                        connection.sendall(end.answer(data))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    assert not thread.is_alive()


def test_board_by_its_url() -> None:
    with served(BOARD) as url:
        device = open_device(url, wanted())
        assert (device.name, device.shape.contexts) == (url, BOARD.contexts)
        device.write(State.POSITION, np.full((1, 6), 5))
        device.run([Run(0, 3)])
        assert np.array_equal(device.read(State.POSITION), np.full((1, 6), 5))
        device.close()
        with pytest.raises(DeviceError, match=rf"^{url} cannot hold what is asked for: 9 oscillators instead of at most 8: "):
            open_device(url, Shape(9))


def test_training_through_a_socket() -> None:
    with served(BOARD) as url:
        found, _ = masters(open_device(url, wanted()))
    expected, _ = masters(Emulator(wanted()))
    assert found == expected


def test_session_trains_on_a_board_with_fewer_contexts_than_a_batch_needs() -> None:
    with served(BOARD) as url:
        engine = session.echo_engine(toy.SMALL, url, toy.dataset())
        assert isinstance(engine, EchoEngine)
        engine.close()


def test_verify_on_a_board_with_fewer_contexts_and_depths() -> None:
    """It takes the board's, and its rows are those of a device that has all that was asked for."""
    options: dict[str, Any] = {"oscillators": 6, "inputs": 2, "steps": 60, "hamiltonians": [Hamiltonian.LINEAR], "checks": ("reversal",)}
    with served(BOARD) as url:
        found = verify(partial(open_device, url), **options)
    assert found.rows == verify(Emulator, **options).rows
    assert found.passed
    options["checks"] = ("agreement",)
    options["readouts"] = [Readout.LAST]
    with served(BOARD) as url:
        board = partial(open_device, url)
        for one, other in ((board, Emulator), (Emulator, board)):
            (row,) = verify(one, against=other, **options).rows
            assert row.passed
            assert row.measured["integers"] > 0


def test_nobody_at_the_other_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "LATENCY", 0.001)
    controller, terminal = os.openpty()
    name = os.ttyname(terminal)
    check_name(name)
    try:
        with pytest.raises(LinkError, match=rf"^{name} at 10000000 baud: the board does not answer \(7 times asked\): "):
            open_device(f"{name}?baud=10000000", wanted())
    finally:
        os.close(controller)
        os.close(terminal)


def test_port_that_is_closed_at_the_other_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"socket://127.0.0.1:{server.getsockname()[1]}"

        def hang_up() -> None:
            connection, _ = server.accept()
            connection.recv(10)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(LinkError, match=rf"^{url} has failed \(.*\): is the board still plugged in\?"):
            open_device(url, wanted())
        thread.join()


@pytest.mark.parametrize(
    ("name", "address", "baud"),
    [
        ("/dev/ttyUSB0", "/dev/ttyUSB0", None),
        ("/dev/ttyUSB0?baud=3000000", "/dev/ttyUSB0", 3_000_000),
        ("rfc2217://host:1?baud=9600&timeout=3", "rfc2217://host:1?timeout=3", 9600),
    ],
)
def test_names(name: str, address: str, baud: int | None) -> None:
    assert split_name(name) == (address, baud)


@pytest.mark.parametrize("name", ["/dev/ttyNONE", "socket://localhost:1", "nonsense://x", "/dev/null"])
def test_port_that_cannot_be_opened(name: str) -> None:
    with pytest.raises(LinkError, match=f"^{name} cannot be opened \\(.+\\): is it plugged in, free, and yours to use\\?$"):
        open_device(name, wanted())


@pytest.mark.parametrize("name", ["/dev/x?baud=", "/dev/x?baud=0", "/dev/x?baud=1&baud=2", "/dev/x?speed=3"])
def test_option_that_is_wrong(name: str) -> None:
    with pytest.raises(LinkError, match=r"baud"):
        split_name(name)


class Hanging(WordServer):
    """An array that takes requests of one kind and is never heard of again, while its link goes on."""

    kind: Opcode | None = None

    def serve(self, words: Sequence[int]) -> list[int]:
        said = list[int]()
        for word in words:
            if self.kind is not None and not self._pending and Header.parse(word).code == self.kind:
                self._hung = True
            said += [] if getattr(self, "_hung", False) else super().serve([word])
        return said


class Taking(DeviceEnd):
    """A board whose array stops taking words, so that they fill the link's buffer."""

    stopped = False

    def work(self, most: int) -> int:
        return 0 if self.stopped else super().work(most)


REQUESTS: dict[Opcode, Callable[[Device], object]] = {
    Opcode.CONFIGURE: lambda device: device.configure(Hamiltonian.DENSE, 3),
    Opcode.WRITE: lambda device: device.write(State.POSITION, np.zeros((3, 8), np.int64)),
    Opcode.READ: lambda device: device.read(State.POSITION, 0, 3),
    Opcode.RUN: lambda device: device.run([Run(0, 24), Run(1, 24)]),
    Opcode.COPY: lambda device: device.copy(0, 1),
    Opcode.FLIP: lambda device: device.flip(0),
    Opcode.CLEAR: lambda device: device.clear(),
    Opcode.STATUS: lambda device: device.status(),
    Opcode.RESET_STATUS: lambda device: device.reset_status(),
}


@pytest.mark.parametrize("rates", [Rates(), ROUGH])
@pytest.mark.parametrize("kind", [Opcode.IDENTIFY, *REQUESTS])
def test_an_array_that_hangs_is_given_up(kind: Opcode, rates: Rates) -> None:
    """Whatever it hangs in: the link answers, but no word comes, and the host says so after a time that follows from what it asked."""
    server = Hanging(Emulator, BOARD)
    line = Rehearsal(DeviceEnd(server, 128), rates, 5)
    port = LinkPort(line, "rehearsal", 0.01, session=1)
    if kind is Opcode.IDENTIFY:
        server.kind = kind
        with pytest.raises(LinkError, match=r"^rehearsal: the board's link answers, but its array has not for [\d.]+ seconds"):
            WordDevice(port)
        return
    device = WordDevice(port)
    REQUESTS[kind](device)
    server.kind, before = kind, line.now()
    with pytest.raises(LinkError, match=r"^rehearsal: the board's link answers, but its array has not for [\d.]+ seconds") as caught:
        REQUESTS[kind](device)
    assert "\n" not in str(caught.value)
    assert line.now() - before < 60


def test_an_array_that_takes_no_words_is_given_up() -> None:
    """Before a single answer is due: there are more words than its buffer holds."""
    shape = replace(BOARD, input_depth=256)
    end = Taking(WordServer(Emulator, shape), 128)
    device = WordDevice(LinkPort(Rehearsal(end), "rehearsal", 0.01, session=1))
    end.stopped = True
    with pytest.raises(LinkError, match=r"array has not for"):
        device.write(Buffer.INPUT, np.zeros((256, 3), np.int64))


def test_an_array_that_is_slow_is_waited_for() -> None:
    """As slow as the bound of its run allows, by a clock as slow as the line that it answers on."""
    shape = Shape(64, 3, 1, contexts=3, input_depth=256)
    cycle = 1 / (LEAST_DIVISOR * 1_000_000)
    runs = [Run(context, 256) for context in range(3)]
    slowest = cycle * run_limit((run.steps for run in runs), shape)
    for nap, late in ((slowest, False), (2 * slowest, True)):
        line = Rehearsal(DeviceEnd(WordServer(Emulator, shape), 1024), pace=Pace(baud=1_000_000))
        device = WordDevice(LinkPort(line, "rehearsal", 0.01, session=1, cycle=cycle))
        # It sleeps after whatever it does: so long before it looks at the runs.
        vars(line)["_pace"] = Pace(baud=1_000_000, naps=100.0, nap=nap)
        device.flip(0)
        assert 0.6 * slowest > 64 * 0.01
        if late:
            with pytest.raises(LinkError, match=r"array has not for"):
                device.run(runs)
        else:
            device.run(runs)


SPEEDS = {1_000_000: termios.B1000000, 3_000_000: termios.B3000000}


@pytest.mark.parametrize("baud", [1_000_000, 3_000_000])
def test_the_rate_is_found(baud: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A board that hears nothing at any other rate, behind a port that nobody says the rate of."""
    monkeypatch.setattr(boards, "LATENCY", 0.005)
    monkeypatch.setattr(boards, "QUEUE", 1000)
    monkeypatch.setattr(boards, "has_rate", lambda address: True)
    assert boards.rates() == [3_000_000, 1_000_000]
    terminal = Terminal()
    speed = os.open(terminal.path, os.O_RDWR | os.O_NOCTTY)
    try:
        with serving(DeviceEnd(WordServer(Emulator, BOARD)), terminal, lambda: termios.tcgetattr(speed)[5] == SPEEDS[baud]):
            device = open_device(terminal.path, wanted())
            assert device.shape.oscillators == 6
            device.close()
            other = sum(SPEEDS) - baud
            with pytest.raises(LinkError, match=rf"^{terminal.path} at {other} baud: the board does not answer"):
                open_device(f"{terminal.path}?baud={other}", wanted())
    finally:
        os.close(speed)


def test_no_board_at_any_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "LATENCY", 0.0)
    monkeypatch.setattr(boards, "QUEUE", 10)
    monkeypatch.setattr(boards, "has_rate", lambda address: True)
    terminal = Terminal()
    with pytest.raises(LinkError, match=rf"^{terminal.path}: no board answers at 3000000 or 1000000 baud: check its power"):
        open_device(terminal.path, wanted())
    terminal.close()


def test_a_second_program_is_refused_and_the_first_goes_on() -> None:
    terminal = Terminal()
    with serving(DeviceEnd(WordServer(Emulator, BOARD)), terminal):
        first = open_device(terminal.path, wanted())
        first.write(State.POSITION, np.full((1, 6), 5))
        for _ in range(2):
            with pytest.raises(LinkError, match=rf"^{terminal.path} is in use by another program: wait for its end, or end it$"):
                open_device(terminal.path, wanted())
        first.run([Run(0, 3)])
        assert np.array_equal(first.read(State.POSITION), np.full((1, 6), 5))
        first.close()
        open_device(terminal.path, wanted()).close()
