"""The folder of a training run: ``config.json``, ``metrics.jsonl``, the checkpoint and the pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from . import atomic, events
from .checkpoint import NAME
from .errors import CheckpointError, ConfigError

#: Where runs go, below the working directory.
RUNS = Path("runs")


class RunFolder:
    """One run's files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, name: str | None, prefix: str, root: Path = RUNS) -> RunFolder:
        """A new folder: ``name``, which must be free, or the first free number after ``prefix``."""
        if name is None:
            slug = re.sub(r"[^a-z0-9]+", "-", prefix.lower()).strip("-")
            number = 0
            while (root / f"{slug}-{number}").exists():
                number += 1
            name = f"{slug}-{number}"
        elif not re.fullmatch(r"[\w.-]+", name) or name.startswith("."):
            raise ConfigError(f"--name is a folder below {root}/: letters, digits, '-', '_' and '.' only, not {name!r}")
        path = root / name
        if (path / NAME).exists():
            raise ConfigError(f"{path} holds a run already: go on with --resume {path}, or choose another --name")
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be made: {error.strerror}") from error
        return cls(path)

    @property
    def checkpoint(self) -> Path:
        return self.path / NAME

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    def write_config(self, config: dict[str, Any]) -> None:
        atomic.write(self.path / "config.json", (json.dumps(config, indent=2) + "\n").encode())

    def append(self, line: dict[str, Any]) -> None:
        """Add one epoch to the metrics, and to TensorBoard's events where that is installed."""
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
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
