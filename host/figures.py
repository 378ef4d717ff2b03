"""Figures without a window: made as objects, drawn into bytes, and written whole or not at all."""

from __future__ import annotations

import io
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import atomic
from .errors import ConfigError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What chooses how matplotlib shows windows. In a notebook it names a module that another Python may lack.
_BACKEND = "MPLBACKEND"

#: Endings that a figure's file may have.
ENDINGS = ("png", "svg", "pdf")


def new(width: float, height: float) -> Figure:
    """An empty figure, in inches.

    Matplotlib refuses to be imported where the environment names a backend that it does not know. No window is opened here, so
    that name is kept from it, and given back afterwards for those who do open some.
    """
    wanted = os.environ.pop(_BACKEND, None)
    try:
        import matplotlib
        from matplotlib.figure import Figure
    finally:
        if wanted is not None:
            os.environ[_BACKEND] = wanted
    if wanted:
        with suppress(ValueError):
            matplotlib.rcParams["backend"] = wanted
    return Figure(figsize=(width, height), layout="constrained")


def drawn(figure: Figure, ending: str, **options: Any) -> bytes:
    """The content of a file with that ending, one of `ENDINGS`; ``options`` are those of ``Figure.savefig``."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=ending, **options)
    return buffer.getvalue()


def check(path: Path) -> None:
    """Raise `ConfigError` unless the path's ending names a format."""
    if path.suffix.removeprefix(".") not in ENDINGS:
        raise ConfigError(f"{atomic.shortened(path)}: a figure's name must end in .png, .svg or .pdf")


def save(figure: Figure, path: Path) -> None:
    """Write the figure, as the path's ending says. Raises `ConfigError` for another ending, `StorageError` if that is impossible."""
    check(path)
    atomic.write(path, drawn(figure, path.suffix.removeprefix("."), dpi=150))
