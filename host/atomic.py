"""Files that are either old or new, never half: written beside the target, flushed to the disk, then renamed over it."""

from __future__ import annotations

import errno
import glob
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import StorageError

#: What a file under way is called: hidden, after the first letters of its target, with the writer's process.
_SUFFIX = ".part"
_LETTERS = 40

#: Seconds after which a file under way has been left behind by a process that was killed: a write takes seconds.
_ABANDONED = 3600.0

#: What to do about the usual causes.
_ADVICE = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), "free some space"),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), "allow it, or choose another place"),
    **dict.fromkeys((errno.ENOTDIR, errno.EISDIR, errno.ENOENT, errno.EEXIST), "choose another place"),
    errno.ENAMETOOLONG: "choose a shorter name",
}


@contextmanager
def storing(path: Path) -> Iterator[None]:
    """Turn an `OSError` within the block into a `StorageError` that names ``path``, the cause and what to do."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{shortened(path)}: cannot be written ({error.strerror or error}){advice(error)}") from error


def advice(error: OSError) -> str:
    """What to do about it, with a colon before; nothing where the cause says it all."""
    known = _ADVICE.get(error.errno or 0)
    return "" if known is None else f": {known}"


def shortened(path: Path | str) -> str:
    """A path for a message: its middle is left out where it is too long to be read."""
    text = str(path)
    return text if len(text) <= 200 else f"{text[:80]}...{text[-80:]}"


def folder(path: Path) -> None:
    """Make a folder and those above it, as far as they are missing. Raises `StorageError`."""
    with storing(path):
        path.mkdir(parents=True, exist_ok=True)


def write(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``; after a crash at any point it holds what it held or all of ``content``.

    A link is followed. What is no regular file, such as ``/dev/null``, is written to and not replaced.

    Raises
    ------
    StorageError
        If that is impossible. The file holds what it held.
    """
    if not path.name:
        raise StorageError(f"{path} is a folder: give the name of a file")
    with storing(path):
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)
            return
        _replace(path.resolve() if path.is_symlink() else path, content)


def append(path: Path, content: bytes) -> None:
    """Add to the end of a file: all of ``content``, or nothing.

    Raises
    ------
    StorageError
        If that is impossible. The file holds what it held.
    """
    with storing(path), path.open("ab", buffering=0) as file:
        before = file.seek(0, os.SEEK_END)
        try:
            while content:
                content = content[file.write(content) :]
        except OSError:
            # A disk that is full takes a part of it.
            file.truncate(before)
            raise


def _replace(path: Path, content: bytes) -> None:
    stem = f".{path.name[:_LETTERS]}."
    partial = path.with_name(f"{stem}{os.getpid()}{_SUFFIX}")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    # Windows opens no folders, and keeps their entries by itself.
    if os.name != "nt":
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    sweep(path.parent, stem, _ABANDONED)


def sweep(place: Path, stem: str = ".", older: float = 0.0) -> None:
    """Remove files that a killed process has left half-written in a folder.

    Parameters
    ----------
    stem : str
        How their names begin.
    older : float
        Their least age in seconds; 0 where the caller knows that nobody else writes there.
    """
    for left in place.glob(f"{glob.escape(stem)}*{_SUFFIX}"):
        # Another process may remove it, too; and one that cannot be removed does no harm.
        with suppress(OSError):
            if not older or left.stat().st_mtime < time.time() - older:
                left.unlink()
