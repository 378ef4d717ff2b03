"""The folder of a training run: ``config.json``, ``metrics.jsonl``, the checkpoint and the pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from . import atomic, events
from .checkpoint import NAME
from .errors import CheckpointError, ConfigError, StorageError
from .lock import Lock

#: Where runs go, below the working directory.
RUNS = Path("runs")


class RunFolder:
    """One run's files. One process at a time may write to them: see `lock`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock(path)

    @classmethod
    def create(cls, name: str | None, prefix: str, root: Path = RUNS) -> RunFolder:
        """Make a new folder, locked: ``name``, which must be free, or the first free number after ``prefix``.

        Raises
        ------
        ConfigError
            If the name is no folder's, or there is a run of that name.
        StorageError
            If the folder cannot be made, or another process is writing to it.
        """
        if name is None:
            path = _numbered(root, re.sub(r"[^a-z0-9]+", "-", prefix.lower()).strip("-"))
        elif not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
            raise ConfigError(f"--name is a folder below {root}/: letters, digits, '-', '_' and '.' only, not {name!r}")
        else:
            path = root / name
            atomic.folder(path)
        found = cls(path)
        _refuse_another(path)
        found.lock()
        try:
            # It may have been made while this process waited for the disk.
            _refuse_another(path)
        except ConfigError:
            found.release()
            raise
        return found

    def lock(self) -> None:
        """Keep other processes from writing, and remove what one that was killed has left half-written.

        Raises
        ------
        StorageError
            If another process is writing to the folder, or this one cannot.
        """
        self._lock.take()
        atomic.sweep(self.path)

    def release(self) -> None:
        """Let other processes write. May be called again."""
        self._lock.release()

    @property
    def checkpoint(self) -> Path:
        return self.path / NAME

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    def write_config(self, config: dict[str, Any]) -> None:
        atomic.write(self.path / "config.json", (json.dumps(config, indent=2) + "\n").encode())

    def append(self, line: dict[str, Any]) -> None:
        """Add one epoch to the metrics: all of its line, or nothing; and to TensorBoard's events, where that is installed.

        Raises `StorageError`.
        """
        atomic.append(self.metrics, (json.dumps(line) + "\n").encode())
        events.append(self.path, line)

    def lines(self) -> list[dict[str, Any]]:
        """Metrics of the epochs so far; a last line that was cut off by a crash is left out."""
        if not self.metrics.exists():
            return []
        found = []
        for text in self.metrics.read_text(encoding="utf-8").splitlines(keepends=True):
            if not text.endswith("\n"):
                break
            try:
                found.append(json.loads(text))
            except ValueError as error:
                raise CheckpointError(f"{self.metrics}: line {len(found) + 1} is not JSON: move the file away") from error
        return found

    def rewind(self, epochs: int) -> None:
        """Drop what was written after the checkpoint, which ``epochs`` epochs came before."""
        kept = [line for line in self.lines() if line["epoch"] <= epochs]
        atomic.write(self.metrics, "".join(json.dumps(line) + "\n" for line in kept).encode())
        events.rewrite(self.path, kept)


def _numbered(root: Path, slug: str) -> Path:
    """A new folder with the first free number. Of several processes that ask at once, each gets its own."""
    atomic.folder(root)
    number = 0
    while True:
        path = root / f"{slug}-{number}"
        try:
            with atomic.storing(path):
                path.mkdir()
        except StorageError as error:
            if not isinstance(error.__cause__, FileExistsError):
                raise
            number += 1
        else:
            return path


def _refuse_another(path: Path) -> None:
    if (path / NAME).exists():
        raise ConfigError(f"{path} holds a run already: go on with --resume {path}, or choose another --name")
