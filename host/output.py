"""Standard output and error as the command line writes to them, whatever becomes of their readers."""

from __future__ import annotations

import errno
import io
import os
import sys
import threading
from contextlib import suppress
from typing import TextIO, cast

from . import atomic, interrupt


class Output(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr``, whichever object that is at the time.

    A pipe that nobody reads any more, a terminal that was closed or a full disk make a write fail. Where that is the output, the
    process is asked to stop (`interrupt.ask`), so that work is saved first; what is written later goes nowhere.

    Parameters
    ----------
    name : str
        ``stdout`` or ``stderr``.

    Members
    -------
    lost : bool
        Whether a write has failed.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._broken: TextIO | None = None
        self._owed: int | None = None

    @property
    def lost(self) -> bool:
        return self._broken is not None and self._broken is self._stream

    @property
    def _stream(self) -> TextIO:
        # While a progress bar is shown, rich puts an object there that prints through the console, and so through this one.
        found = getattr(sys, self._name)
        return cast("TextIO", getattr(found, "rich_proxied_file", found))

    # A property of the base class; consoles read it.
    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def write(self, text: str) -> int:
        self._pay()
        if not self.lost:
            try:
                return self._stream.write(text)
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        if not self.lost:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def isatty(self) -> bool:
        return not self.lost and self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()

    def writable(self) -> bool:
        return True

    def _lose(self, error: OSError) -> None:
        stream = self._broken = self._stream
        # What is left in its buffer would fail once more when Python ends.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
        if self._name == "stdout":
            # A reader that has gone, or a terminal, needs no message; a disk that is full does.
            if error.errno not in (errno.EPIPE, errno.EIO):
                with suppress(OSError):
                    print(f"error: the output cannot be written: {error.strerror}{atomic.advice(error)}", file=sys.stderr)
            # A terminal that is gone may be noticed here before its signal is.
            self._owed = interrupt.HUNG_UP if error.errno == errno.EIO else interrupt.UNREAD
            self._pay()

    def _pay(self) -> None:
        """Ask for the end, in the main thread; others, such as a progress bar's, leave it to the next write."""
        if self._owed is not None and threading.current_thread() is threading.main_thread():
            status, self._owed = self._owed, None
            interrupt.ask(status)
