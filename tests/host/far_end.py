"""The board's end of a line that is real to this program: a far end in software behind a pseudo-terminal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from loschmidt.sim.link import DeviceEnd
from loschmidt.sim.link.terminal import Terminal


@contextmanager
def serving(end: DeviceEnd, terminal: Terminal, hears: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Answer whoever opens the terminal, which is closed in the end; only what is said while ``hears`` is heard."""
    going = True

    def serve() -> None:
        while going:
            terminal.wait(0.01)
            data = terminal.read()
            terminal.write(end.answer(data) if data and hears() else b"")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        going = False
        thread.join(5)
        terminal.close()
    assert not thread.is_alive()
