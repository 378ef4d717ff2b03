"""Requests to stop: Ctrl-C, SIGTERM, a terminal that was closed, an output that nobody reads any more.

Where work can be saved, the first request only sets a flag, and what is under way is finished first. A second Ctrl-C does not
wait. Elsewhere a request raises `Stopped`. The exit status is 128 and the number of the signal, as shells have it.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

#: Exit statuses: of Ctrl-C, of a terminal that was closed (SIGHUP's), and of an output that nobody reads any more (SIGPIPE's).
INTERRUPTED, HUNG_UP, UNREAD = 130, 129, 141

#: Signals that ask a process to end; Windows has not all of them.
_ENDING = ("SIGTERM", "SIGHUP", "SIGBREAK")


class Stopped(KeyboardInterrupt):
    """The process is to end, with this exit status."""

    def __init__(self, status: int = INTERRUPTED) -> None:
        super().__init__()
        self.status = status


class Interrupt:
    """Whether the user has asked to stop, and the exit status that says how."""

    def __init__(self) -> None:
        self.wanted, self.status = False, INTERRUPTED

    def __call__(self) -> bool:
        return self.wanted


#: Of the blocks that are being executed, the innermost last.
_waiting: list[Interrupt] = []


def ask(status: int) -> None:
    """Ask for the end: set the flag of the block that is executed by `deferred`, or else raise `Stopped`.

    A second Ctrl-C does not wait, while schedulers may send several signals one after another.
    """
    if not _waiting or (_waiting[-1].wanted and status == INTERRUPTED):
        raise Stopped(status)
    if not _waiting[-1].wanted:
        _waiting[-1].wanted, _waiting[-1].status = True, status


@contextmanager
def heeded() -> Iterator[None]:
    """Within the block, SIGTERM and SIGHUP go to `ask`, as Ctrl-C does in `deferred`; those that are ignored (``nohup``) stay so."""
    with _routed([name for name in _ENDING if _number(name) is not None and signal.getsignal(_number(name) or 0) is not signal.SIG_IGN]):
        yield


@contextmanager
def deferred() -> Iterator[Interrupt]:
    """Within the block, the first request only sets the flag that is handed out."""
    interrupt = Interrupt()
    # Ctrl-C stops in order even what a shell has started with that signal ignored.
    with heeded(), _routed(["SIGINT"]):
        _waiting.append(interrupt)
        try:
            yield interrupt
        finally:
            _waiting.remove(interrupt)


@contextmanager
def _routed(names: Sequence[str]) -> Iterator[None]:
    """Python lets only the main thread handle signals; elsewhere they stay as they are."""

    def handle(number: int, frame: FrameType | None) -> None:
        ask(128 + number)

    here = threading.current_thread() is threading.main_thread()
    numbers = [number for name in names if here and (number := _number(name)) is not None]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _number(name: str) -> signal.Signals | None:
    return getattr(signal, name, None)
