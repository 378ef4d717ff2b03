"""A directory of finished builds, each under the hash of everything that went into it. Those that nobody asks for any more are removed."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from loschmidt.spec.errors import LoschmidtError

#: Seconds after which a build goes if nobody has asked for it: a month.
KEPT = 30 * 24 * 3600


class CacheError(LoschmidtError):
    """The cache directory cannot be used."""


def root() -> Path:
    """``$XDG_CACHE_HOME/loschmidt``, or ``~/.cache/loschmidt``."""
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "loschmidt"


def digest(*parts: str) -> str:
    """One hash of several texts; their boundaries count."""
    return hashlib.sha256(b"".join(hashlib.sha256(part.encode()).digest() for part in parts)).hexdigest()[:32]


def built(kind: str, key: str, build: Callable[[Path], None]) -> Path:
    """The directory of the build ``kind``/``key``; if there is none yet, what ``build`` leaves in an empty directory.

    It appears whole or not at all, and is built once however many processes ask for it at the same time. A build that raises
    leaves nothing. Raises `CacheError` if the cache cannot be written.
    """
    parent = root() / kind
    final = parent / key
    if final.is_dir():
        # A cache that others filled, and that cannot be written, serves as well.
        with suppress(PermissionError):
            os.utime(final)
        return final
    try:
        parent.mkdir(parents=True, exist_ok=True)
        with FileLock(parent / f"{key}.lock"):
            if not final.is_dir():
                _fill(parent, final, build)
                _forget(parent)
    except OSError as error:
        reason = f"the build cache {parent} cannot be used ({error.strerror or error})"
        raise CacheError(f"{reason}: free or allow that directory, or set XDG_CACHE_HOME to another") from error
    return final


def _fill(parent: Path, final: Path, build: Callable[[Path], None]) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="build-", dir=parent))
    try:
        build(scratch)
        scratch.rename(final)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _forget(parent: Path) -> None:
    """Remove what has not been asked for lately, and what a process that was killed has left behind."""
    for entry in parent.iterdir():
        # Another process may be at it, too.
        with suppress(FileNotFoundError):
            if entry.is_dir() and entry.stat().st_mtime < time.time() - KEPT:
                shutil.rmtree(entry, ignore_errors=True)
