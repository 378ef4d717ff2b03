"""A simulated board: all of its logic, spoken to through its serial pins."""

from __future__ import annotations

import ctypes
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from loschmidt.hw.soc import Soc
from loschmidt.spec.shape import Shape

from .library import library
from .open import kept, lane_control, patience
from .port import SimulationError

HARNESS = Path(__file__).with_name("board.cpp")

#: Bits of a byte on the line.
BITS = 10

#: Cycles of one line after which whoever speaks through it has come to nothing: a training of a few samples takes a million, what is
#: measured of a netlist two.
LIMIT = 50_000_000


@dataclass(frozen=True)
class BoardPlan:
    """What a board is built with.

    Members
    -------
    shape : of the array
    divisor : clock cycles of a bit
    buffer : words that the link keeps, each way
    build : the hash of a build that the board tells, 32 bits; 0 is that of no bitstream. A netlist has its own
    """

    shape: Shape
    divisor: int = 4
    buffer: int = 1024
    build: int = 0


class BoardSimulation:
    """A board of a plan, powered up; built first if the cache has none (`ToolError` if that is impossible).

    Members
    -------
    plan : `BoardPlan`

    Parameters
    ----------
    path : of a library around `HARNESS` that acts as such a board; its gateware's if there is none
    """

    def __init__(self, plan: BoardPlan, path: Path | None = None) -> None:
        self.plan = plan
        self._library = _load(path or _gateware(plan))
        self._handle: int | None = self._library.board_create(plan.divisor, plan.build)

    @property
    def cycles(self) -> int:
        """Clock cycles since power-up."""
        return int(self._library.board_cycles(self._open()))

    @property
    def busy(self) -> int:
        """Cycles in which the line to the board carried a byte."""
        return int(self._library.board_busy(self._open()))

    @property
    def unsent(self) -> int:
        """Bytes that wait to go to the board, with the one under way."""
        return int(self._library.board_unsent(self._open()))

    @property
    def resting(self) -> bool:
        """Whether both lines have been quiet for longer than the array can be busy."""
        quiet = int(self._library.board_quiet(self._open()))
        return not self.unsent and quiet > patience(self.plan.shape)

    @property
    def in_session(self) -> bool:
        return bool(self._library.board_open(self._open()))

    @property
    def running(self) -> bool:
        """Whether a run is under way, as LEDs show it; a netlist does not say."""
        return bool(self._library.board_running(self._open()))

    @property
    def fault(self) -> bool:
        """Whether there was an error since the last RESET_STATUS, as LEDs show it; a netlist does not say."""
        return bool(self._library.board_fault(self._open()))

    def send(self, data: bytes) -> None:
        """Put bytes on the line to the board, behind those that wait already."""
        self._library.board_send(self._open(), data, len(data))

    def advance(self, cycles: int) -> bytes:
        """Let time pass; what the board has sent."""
        handle = self._open()
        self._library.board_advance(handle, cycles)
        result = np.empty(self._library.board_received(handle), np.uint8)
        self._library.board_receive(handle, result.ctypes.data, result.size)
        return result.tobytes()

    def close(self) -> None:
        if self._handle is not None:
            self._library.board_destroy(self._handle)
            self._handle = None

    def _open(self) -> int:
        if self._handle is None:
            raise SimulationError("the simulated board has been closed: open another")
        return self._handle


class BoardLine:
    """A line (`host.link.port.Line`) to a simulated board whose time is the board's own, so that nothing depends on the machine's speed.

    Parameters
    ----------
    board : closed with the line
    frequency : of its clock, in Hz
    depth : bytes that wait before the line says that it is full
    limit : cycles after which it cannot still be right

    Every wait ends, whatever the board does. Raises `SimulationError` when the limit has passed, when nothing will ever be said again,
    and when the board's clock or its line stands still.
    """

    def __init__(self, board: BoardSimulation, frequency: float = 50e6, depth: int = 512, limit: int = LIMIT) -> None:
        self.board, self._frequency, self._depth, self._limit = board, frequency, depth, limit
        self._slice = 4 * BITS * board.plan.divisor
        self._came = b""
        self._passed = 0  # cycles, counted here

    def now(self) -> float:
        return self.board.cycles / self._frequency

    def read(self) -> bytes:
        data, self._came = self._came, b""
        return data

    def writable(self) -> bool:
        return self.board.unsent < self._depth

    def write(self, data: bytes) -> None:
        self.board.send(data)

    def wait(self, seconds: float | None, writable: bool) -> None:
        board = self.board
        end = None if seconds is None else board.cycles + seconds * self._frequency + 1
        while not self._came and not (writable and self.writable()) and (end is None or board.cycles < end):
            cycles, unsent = board.cycles, board.unsent
            self._came += board.advance(self._slice)
            self._passed += self._slice
            if board.cycles != cycles + self._slice:
                raise SimulationError(f"the simulated board's clock went from {cycles} to {board.cycles} in {self._slice} cycles")
            if unsent and board.unsent >= unsent:
                raise SimulationError(f"the line to the simulated board took none of {unsent} bytes in {self._slice} cycles")
            if end is None and board.resting:
                raise SimulationError("the simulated board has nothing more to say, and the host waits for it")
            if self._passed > self._limit:
                raise SimulationError(f"the simulated board was waited for {self._passed:,} cycles: more than can be right")

    def close(self) -> None:
        self.board.close()


def _gateware(plan: BoardPlan) -> Path:
    key = json.dumps([plan.shape.to_json(), plan.divisor, plan.buffer])
    return library(kept(lambda: Soc(plan.shape, plan.divisor, plan.buffer), "board", key), lane_control(plan.shape), HARNESS)


@cache
def _load(path: Path) -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(path))
    handle, size, count = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint64
    signatures: dict[str, tuple[type | None, list[type]]] = {
        "board_create": (handle, [ctypes.c_uint32, ctypes.c_uint32]),
        "board_destroy": (None, [handle]),
        "board_advance": (None, [handle, count]),
        "board_send": (None, [handle, ctypes.c_char_p, size]),
        "board_receive": (size, [handle, handle, size]),
        "board_unsent": (size, [handle]),
        "board_received": (size, [handle]),
        "board_cycles": (count, [handle]),
        "board_busy": (count, [handle]),
        "board_quiet": (count, [handle]),
        "board_open": (ctypes.c_int, [handle]),
        "board_running": (ctypes.c_int, [handle]),
        "board_fault": (ctypes.c_int, [handle]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded
