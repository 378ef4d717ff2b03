"""A disk that fails at a chosen write, as one does that is full."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any

import pytest


class Disk:
    """Counts the writes of files below a folder, and lets one of them fail.

    Parameters
    ----------
    folder : Path
        Elsewhere nothing fails.
    at : int
        Which write fails, from 0 on; every later one fails, too.
    number : int
        The error, as `errno` has it. A full disk takes half of what is written first; others refuse to open the file.
    """

    def __init__(self, folder: Path, at: int, number: int = errno.ENOSPC) -> None:
        self.folder, self.at, self.number, self.writes = folder, at, number, 0
        self._open = io.open

    def put_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let `pathlib` open files on it."""
        monkeypatch.setattr(io, "open", self.open)

    def fails(self) -> bool:
        """Count a write."""
        self.writes += 1
        return self.writes > self.at

    def error(self, name: str | None = None) -> OSError:
        return OSError(self.number, os.strerror(self.number), name)

    def open(self, file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
        here = not set(mode).isdisjoint("wax+") and self.folder in Path(str(file)).absolute().parents
        if here and self.number != errno.ENOSPC and self.fails():
            raise self.error(str(file))
        opened = self._open(file, mode, *given, **named)
        return Written(opened, self) if here and self.number == errno.ENOSPC else opened


class Written:
    """A file on such a disk."""

    def __init__(self, file: Any, disk: Disk) -> None:
        self._file, self._disk = file, disk

    def write(self, content: Any) -> Any:
        if self._disk.fails():
            self._file.write(content[: len(content) // 2])
            raise self._disk.error()
        return self._file.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> Written:
        return self

    def __exit__(self, *given: Any) -> None:
        self._file.close()
