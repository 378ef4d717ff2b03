"""One process at a time writes to a run. The operating system drops the lock of a process that ends, however it ends."""

from __future__ import annotations

import json
import os
import platform
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from . import atomic
from .errors import StorageError

#: The file that is locked, and the one that says who holds the lock. Both may be left behind, and mean nothing then.
LOCK, HOLDER = ".lock", ".holder"

#: How often the holder's name is looked for, and seconds between.
_LOOKS, _PAUSE = 20, 0.02


class Lock:
    """The lock of a folder, or of a file that is replaced now and then.

    Parameters
    ----------
    path : Path
        The folder, which must exist, or a file in a folder that does.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(self._beside(LOCK))

    def take(self) -> None:
        """Take the lock, or raise `StorageError` with who holds it; it does not wait."""
        with atomic.storing(self._beside(LOCK)):
            try:
                self._lock.acquire(timeout=0)
            except Timeout as error:
                what = f"{atomic.shortened(self._path)} is being written to by {self._who()}"
                raise StorageError(f"{what}: wait for its end, or stop it") from error
        about = {"process": os.getpid(), "host": platform.node(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        try:
            atomic.write(self._beside(HOLDER), json.dumps(about).encode())
        except StorageError:
            self._lock.release()
            raise

    def release(self) -> None:
        """Let others write. May be called again."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._beside(HOLDER).unlink(missing_ok=True)
            self._lock.release()

    def _beside(self, name: str) -> Path:
        return self._path / name if self._path.is_dir() else self._path.with_name(f".{self._path.name}{name}")

    def _who(self) -> str:
        for _ in range(_LOOKS):
            try:
                about = json.loads(self._beside(HOLDER).read_text(encoding="utf-8"))
                return f"process {about['process']} on {about['host']}, since {about['since']}"
            except (OSError, ValueError, LookupError, TypeError):
                # It may have taken the lock just now.
                time.sleep(_PAUSE)
        return "another process"
