"""The bytes and the text of a data file, unpacked where it is compressed by gzip."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from loschmidt.host.errors import DataError

PACKED = ".gz"

#: How a gzip stream begins, whatever the file's name.
_GZIP = b"\x1f\x8b"


def ending(path: Path) -> str:
    """Return the lower-case suffix that says the format, such as ``.ts`` of ``X_TRAIN.ts.gz``."""
    inner = path.with_suffix("") if path.suffix.lower() == PACKED else path
    return inner.suffix.lower()


def stem(path: Path) -> str:
    """Return the file's name without the suffixes of its format and of its compression."""
    inner = path.with_suffix("") if path.suffix.lower() == PACKED else path
    return inner.stem


def content(path: Path) -> bytes:
    """Read a file.

    Returns
    -------
    bytes
        What the file holds, unpacked if it is compressed by gzip.

    Raises
    ------
    DataError
        The file cannot be read, or its gzip stream is damaged.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if not raw.startswith(_GZIP):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name}: its gzip stream is truncated or damaged ({error})") from error


def text(path: Path) -> str:
    """Read a text file in UTF-8, or in UTF-16 if its byte order mark says so.

    Raises as `content` does.
    """
    raw = content(path)
    encoding = "utf-16" if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    return raw.decode(encoding, errors="replace")
