"""A simulated array behind a port of 32-bit words."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loschmidt.spec.errors import LoschmidtError
from loschmidt.spec.protocol import PAYLOAD_LIMIT

Words = NDArray[np.uint32]

#: Cycles between two looks at Ctrl-C.
SLICE = 50_000

#: Cycles that the longest response takes at most, however it is stalled, in which words move and nothing that was asked for comes about.
LONGEST = 64 * (PAYLOAD_LIMIT + 1)

_FAULTS = {
    2: "the array withdrew a response word that had not been taken",
    3: "the array changed a response word that had not been taken",
}


class SimulationError(LoschmidtError):
    """The simulated array broke the rules of its streams, or hangs."""


@dataclass(frozen=True)
class Stall:
    """How often, in 256ths, a word is held back on its way in and a response word left waiting; from a seed."""

    incoming: int = 0
    outgoing: int = 0
    seed: int = 0


NO_STALL = Stall()


class RtlPort:
    """Words into and out of a library made by `library`.

    Parameters
    ----------
    path : the shared library
    patience : cycles without any word moving that count as a hang
    stall : `Stall`

    `send` and `receive` may be interleaved freely: responses wait in a queue. Raises `SimulationError`.
    """

    def __init__(self, path: Path, patience: int, stall: Stall = NO_STALL) -> None:
        self._library = _load(path)
        self._patience = patience
        self._handle: int | None = self._library.port_create(stall.seed, stall.incoming, stall.outgoing)

    @property
    def cycles(self) -> int:
        """Clock cycles since power-up."""
        return int(self._library.port_cycles(self._open()))

    def send(self, words: ArrayLike) -> None:
        """Clock until the array has taken all words."""
        self._advance(np.ascontiguousarray(words, dtype=np.uint32), 0)

    def receive(self, count: int) -> Words:
        """Clock until ``count`` response words have come; returns them."""
        self._advance(np.empty(0, np.uint32), count)
        result = np.empty(count, np.uint32)
        self._library.port_take(self._open(), result.ctypes.data, count)
        return result

    def allow(self, cycles: int) -> None:
        """Nothing is to be done: its patience is enough for the longest run of its shape."""

    def transact(self, words: ArrayLike, response_words: int) -> Words:
        """`send`, then `receive`."""
        self.send(words)
        return self.receive(response_words)

    def wait(self, cycles: int) -> int:
        """Let time pass; returns how many response words wait."""
        handle, sent = self._open(), ctypes.c_size_t(0)
        unreachable = (1 << 64) - 1
        self._check(self._library.port_advance(handle, None, 0, ctypes.byref(sent), unreachable, cycles))
        return int(self._library.port_queued(handle))

    def close(self) -> None:
        if self._handle is not None:
            self._library.port_destroy(self._handle)
            self._handle = None

    def __enter__(self) -> RtlPort:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _open(self) -> int:
        if self._handle is None:
            raise SimulationError("the simulated array has been closed: open another")
        return self._handle

    def _advance(self, words: Words, wanted: int) -> None:
        handle, sent, more = self._open(), ctypes.c_size_t(0), True
        got, since = (0, 0), 0  # words of what was asked for, and cycles since they were fewer, counted here
        while more:
            status = self._library.port_advance(handle, words.ctypes.data, words.size, ctypes.byref(sent), wanted, SLICE)
            more = self._check(status)
            before, got = got, (sent.value, min(wanted, self._library.port_queued(handle)))
            since = 0 if got != before else since + SLICE
            if more and since > self._patience + LONGEST:
                raise SimulationError(f"the simulated array moves words, but none that was asked for in {since} cycles")
            if more and self._library.port_quiet(handle) > self._patience:
                untaken, missing = words.size - sent.value, wanted - self._library.port_queued(handle)
                left = f"{untaken} request words untaken, {max(missing, 0)} response words missing"
                raise SimulationError(f"the simulated array hangs: no word moved for {self._patience} cycles, {left}")

    def _check(self, status: int) -> bool:
        """Whether there is more to do."""
        if status in _FAULTS:
            raise SimulationError(f"at cycle {self.cycles} {_FAULTS[status]}")
        return status == 1


@cache
def _load(path: Path) -> ctypes.CDLL:
    loaded = ctypes.CDLL(str(path))
    handle, size = ctypes.c_void_p, ctypes.c_size_t
    signatures: dict[str, tuple[type | None, list[type]]] = {
        "port_create": (handle, [ctypes.c_uint64, ctypes.c_uint32, ctypes.c_uint32]),
        "port_destroy": (None, [handle]),
        "port_advance": (ctypes.c_int, [handle, handle, size, ctypes.POINTER(size), size, ctypes.c_uint64]),
        "port_take": (size, [handle, handle, size]),
        "port_queued": (size, [handle]),
        "port_cycles": (ctypes.c_uint64, [handle]),
        "port_quiet": (ctypes.c_uint64, [handle]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, arguments
    return loaded
