"""Reads a waveform to track from a CSV file: a time step a row, columns inputs then targets; or one column, to be predicted."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

Floats = NDArray[np.float64]


def read(path: Path, targets: int) -> tuple[Floats, Floats]:
    """Inputs (T, M) and targets (T, P), P the last ``targets`` columns.

    A single column x is its own task: input x[k], target x[k+1]. A first row that is not numeric is taken for names. Raises
    `DataError` for anything ragged, not numeric or not finite (rows and columns counted from 1).
    """
    rows = _rows(path)
    table = np.array([_numbers(path, number, row, len(rows[0][1])) for number, row in rows])
    if table.shape[1] == 1:
        if len(table) < 2:
            raise DataError(f"{path.name}: one row of one column leaves nothing to predict")
        return table[:-1], table[1:]
    if not 1 <= targets < table.shape[1]:
        raise DataError(f"{path.name}: {table.shape[1]} columns cannot hold inputs and {targets} targets: check --targets")
    return table[:, :-targets], table[:, -targets:]


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            rows = [(number, row) for number, row in enumerate(csv.reader(file), start=1) if any(cell.strip() for cell in row)]
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if rows and not any(_is_number(cell) for cell in rows[0][1]):
        rows = rows[1:]
    if not rows:
        raise DataError(f"{path.name}: no rows of numbers")
    return rows


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(path: Path, number: int, row: list[str], columns: int) -> list[float]:
    if len(row) != columns:
        raise DataError(f"{path.name}: row {number} has {len(row)} columns, the first has {columns}: the file is truncated or ragged")
    for column, text in enumerate(row, start=1):
        if not _is_number(text):
            raise DataError(f"{path.name}: row {number}, column {column} is not a number: {text.strip()[:20]!r}")
        if not np.isfinite(float(text)):
            raise DataError(f"{path.name}: row {number}, column {column} is {text.strip()}: values must be finite")
    return [float(text) for text in row]
