"""Ctrl-C asks for an orderly end: what is under way is finished first. A second Ctrl-C does not wait."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupt:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.wanted = False

    def __call__(self) -> bool:
        return self.wanted


@contextmanager
def deferred() -> Iterator[Interrupt]:
    """Within the block, the first SIGINT only sets the flag that is handed out. Main thread only."""
    interrupt = Interrupt()

    def handle(signal_number: int, frame: FrameType | None) -> None:
        if interrupt.wanted:
            raise KeyboardInterrupt
        interrupt.wanted = True

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)
