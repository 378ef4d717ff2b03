"""A board at the other end of a line: its shape, its memories that nobody has written, and training through it."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
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
from loschmidt.sim.word_server import WordServer
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian, Parameter
from loschmidt.spec.region import Buffer, State
from loschmidt.spec.run import Run
from loschmidt.spec.shape import Shape
from tests.sim.arrays import ARRAYS
from tests.sim.cases import Case, cases, differences

from . import toy

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
        ("/dev/ttyUSB0", "/dev/ttyUSB0", 1_000_000),
        ("/dev/ttyUSB0?baud=3000000", "/dev/ttyUSB0", 3_000_000),
        ("rfc2217://host:1?baud=9600&timeout=3", "rfc2217://host:1?timeout=3", 9600),
    ],
)
def test_names(name: str, address: str, baud: int) -> None:
    assert split_name(name) == (address, baud)


@pytest.mark.parametrize("name", ["/dev/ttyNONE", "socket://localhost:1", "nonsense://x", "/dev/null"])
def test_port_that_cannot_be_opened(name: str) -> None:
    with pytest.raises(LinkError, match=f"^{name} cannot be opened \\(.+\\): is it plugged in, free, and yours to use\\?$"):
        open_device(name, wanted())


@pytest.mark.parametrize("name", ["/dev/x?baud=", "/dev/x?baud=0", "/dev/x?baud=1&baud=2", "/dev/x?speed=3"])
def test_option_that_is_wrong(name: str) -> None:
    with pytest.raises(LinkError, match=r"baud"):
        split_name(name)
