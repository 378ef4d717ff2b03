"""Reads one file of the UEA/UCR archive: ``.ts``, a header of ``@`` lines, then a sample a line, ``channel:channel:...:label``.

Format: https://www.aeon-toolkit.org, "the .ts file format". Nothing is repaired or filled in: what cannot be used is refused with
the file, the sample, the channel and the step, all counted from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class TsFile:
    """Samples in the file's order.

    Members
    -------
    samples : one (T_b, M) array per sample, lengths may differ
    labels : one class name per sample; none of a regression file
    classes : class names that the header declares, in its order; none of a regression file
    values : of a regression file, (B,), what is to be predicted of each sample; else empty
    """

    samples: list[Floats]
    labels: list[str]
    classes: tuple[str, ...]
    values: Floats

    @property
    def channels(self) -> int:
        return int(self.samples[0].shape[1])


def header(path: Path) -> dict[str, list[str]]:
    """Words after each ``@key`` (lower case) up to ``@data``."""
    keys: dict[str, list[str]] = {}
    for line in _lines(path):
        if line.startswith("@"):
            key, *words = line.split()
            keys[key[1:].lower()] = words
            if key.lower() == "@data":
                return keys
    raise DataError(f"{path.name}: no @data line: the file is truncated or is not a .ts file")


def truth(keys: dict[str, list[str]], key: str) -> bool:
    """Whether a header says ``@key true``."""
    return [word.lower() for word in keys.get(key, [])[:1]] == ["true"]


def read(path: Path, regression: bool = False) -> TsFile:
    """Read a classification file, or a regression file (``@targetLabel true``) where that is wanted, too. Raises `DataError` if any part
    of it is missing, malformed or not finite."""
    keys = header(path)
    if truth(keys, "timestamps"):
        raise DataError(f"{path.name}: samples with time stamps are not supported: resample them to a fixed step")
    valued = regression and truth(keys, "targetlabel")
    if not valued and not truth(keys, "classlabel"):
        only = "" if regression else ": only classification sets can be trained"
        raise DataError(f"{path.name}: the file declares no classes (@classLabel true ...){only}")
    classes = () if valued else tuple(keys["classlabel"][1:])
    channels = _dimensions(path, keys)
    samples, last = [], []
    for number, line in enumerate(_data_lines(path), start=1):
        where = f"{path.name}: sample {number}"
        *fields, name = line.split(":")
        if channels is None:
            channels = len(fields)
        if not fields or len(fields) != channels:
            raise DataError(f"{where} has {len(fields)} of {channels} channels and a label: the file is truncated or damaged there")
        name = name.strip()
        if not valued and name not in classes:
            raise DataError(f"{where} has the class {name!r}, which the header does not declare: the file is truncated or damaged there")
        samples.append(_sample(fields, where))
        last.append(name)
    if not samples:
        raise DataError(f"{path.name}: no samples after @data: the file is truncated")
    if not valued:
        return TsFile(samples, last, classes, np.zeros(0))
    values = [_channel(text, f"{path.name}: sample {number}, target") for number, text in enumerate(last, start=1)]
    for number, value in enumerate(values, start=1):
        if len(value) != 1:
            raise DataError(f"{path.name}: sample {number} has {len(value)} targets, where one number is expected")
    return TsFile(samples, [], (), np.array(values)[:, 0])


def _dimensions(path: Path, keys: dict[str, list[str]]) -> int | None:
    """Channels, if the header names them."""
    if "dimensions" not in keys:
        return None
    text = " ".join(keys["dimensions"])
    if not text.isdecimal() or int(text) < 1:
        raise DataError(f"{path.name}: @dimensions must be a positive number, not {text!r}")
    return int(text)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    return [line for raw in text.splitlines() if (line := raw.strip()) and not line.startswith("#")]


def _data_lines(path: Path) -> list[str]:
    lines = _lines(path)
    start = next(i for i, line in enumerate(lines) if line.split()[0].lower() == "@data")
    return lines[start + 1 :]


def _sample(fields: list[str], where: str) -> Floats:
    rows = [_channel(field, f"{where}, channel {channel}") for channel, field in enumerate(fields, start=1)]
    for channel, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise DataError(f"{where}, channel {channel} has {len(row)} steps, channel 1 has {len(rows[0])}: all channels must agree")
    return np.array(rows, dtype=np.float64).T.copy()


def _channel(field: str, where: str) -> list[float]:
    row = []
    for step, text in enumerate(field.split(","), start=1):
        try:
            value = float("nan") if text.strip() == "?" else float(text)
        except ValueError as error:
            raise DataError(f"{where}, step {step} is not a number: {text.strip()[:20]!r}") from error
        if not np.isfinite(value):
            raise DataError(f"{where}, step {step} is {value}: missing and infinite values must be filled in or removed first")
        row.append(value)
    return row
