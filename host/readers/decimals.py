"""Decimal commas: recognised where they are certain, asked about where they are possible."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from loschmidt.host.errors import DataError

from .choices import COMMA, POINT
from .clock import is_stamp

if TYPE_CHECKING:
    from .table import Row


_WITH_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*|\s*[+-]?\d+,\s*")
_WITH_POINT = re.compile(r"\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?\s*|\s*[+-]?\d+\.\s*")
_WHOLE = re.compile(r"\s*[+-]?\d+\s*")
_DIGITS = re.compile(r"\d+(?:[eE][+-]?\d+)?\s*")

#: From so many rows on, decimals of one width in all of them are no accident.
_ROWS = 5


def with_points(path: Path, body: list[Row], decimal: str, commas: bool) -> tuple[list[Row], bool]:
    """Replace the decimal commas of a table whose columns are not divided by commas.

    Raises
    ------
    DataError
        Some numbers have a decimal comma, others a point.
    """
    if decimal == POINT or commas:
        return body, commas
    comma = next((row for row in body if any("," in cell and _WITH_COMMA.fullmatch(cell) for cell in row.cells)), None)
    point = next((row for row in body if any(map(_WITH_POINT.fullmatch, row.cells))), None)
    if comma is None:
        return body, False
    if point is not None:
        raise DataError(f"{path.name}: row {comma.number} has a decimal comma, row {point.number} a decimal point: write all of them alike")
    return [_replaced(row, [cell.replace(",", ".") if _WITH_COMMA.fullmatch(cell) else cell for cell in row.cells]) for row in body], True


def joined(path: Path, rows: list[Row], delimiter: str, decimal: str) -> tuple[list[Row], bool]:
    """Join numbers that were cut at their decimal commas, as if these were the delimiter.

    It is certain that they are decimal commas if the user says so, if there are half as many names
    as cells, or if decimals begin with a zero or numbers with -0, as no integer does. It is
    possible if all cells are integers and decimals have one width; then the user is asked. Times
    before the numbers, and an index that makes their count odd, are no such pairs.

    Raises
    ------
    DataError
        Decimal commas are possible but not certain; or they are asked for, and the cells do not
        come in pairs.
    """
    if delimiter != "," or decimal == POINT or not rows or any("," in cell for row in rows for cell in row.cells):
        return rows, False
    lead = sum(map(is_stamp, rows[-1].cells))
    start = next((i for i, row in enumerate(rows) if len(row.cells) > lead and _WHOLE.fullmatch(row.cells[lead])), len(rows))
    head, body = rows[:start], rows[start:]
    width = max((len(row.cells) for row in body), default=0)
    lead += (width - lead) % 2 if width - lead > 1 else 0
    pairs = all(len(row.cells) == width and _paired(row.cells[lead:]) for row in body)
    if decimal == COMMA:
        if not body or not (pairs or all(len(row.cells) == lead + 1 or _paired(row.cells[lead:]) for row in body)):
            raise DataError(
                f"{path.name}: --decimal comma: row {rows[-1].number} has {len(rows[-1].cells) - lead} parts between commas, no pairs"
            )
    elif not body or not pairs or width - lead < 2:
        return rows, False
    elif all(2 * (len(row.cells) - lead) != width - lead for row in head):
        if any(len(row.cells) == width for row in head):
            return rows, False
        if not _certain([row.cells[lead:] for row in body]):
            if _possible([row.cells[lead:] for row in body]):
                raise DataError(
                    f"{path.name}: row {body[0].number} may be {width - lead} columns of integers, or {(width - lead) // 2} with decimal "
                    "commas: say which with --decimal point or --decimal comma"
                )
            return rows, False
    return [*head, *(_replaced(row, [*row.cells[:lead], *_pairs(row.cells[lead:])]) for row in body)], True


def _paired(cells: list[str]) -> bool:
    return len(cells) % 2 == 0 and all(map(_WHOLE.fullmatch, cells[::2])) and all(map(_DIGITS.fullmatch, cells[1::2]))


def _certain(body: list[list[str]]) -> bool:
    decimals = [cell for cells in body for cell in cells[1::2]]
    wholes = [cell.strip() for cells in body for cell in cells[::2]]
    return any(len(cell) > 1 and cell.startswith("0") for cell in decimals) or "-0" in wholes


def _possible(body: list[list[str]]) -> bool:
    widths = {tuple(len(cell.strip()) for cell in cells[1::2]) for cells in body}
    return len(body) >= _ROWS and len(widths) == 1


def _pairs(cells: list[str]) -> list[str]:
    return [".".join(cells[i : i + 2]) for i in range(0, len(cells), 2)]


def _replaced(row: Row, cells: list[str]) -> Row:
    return type(row)(row.number, cells)
