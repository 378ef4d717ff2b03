"""Reads a table of numbers, a time step a row: CSV with any of the usual delimiters.

pandas and `csv.Sniffer` are not used. Both take the decimal comma of a single column for two
columns, and an index for data; pandas also turns a damaged cell into a column of text without
saying where.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from loschmidt.host.errors import DataError

from . import clock, source, values
from .axis import without_axis
from .choices import REFUSE
from .decimals import joined, with_points

Floats = NDArray[np.float64]

#: How lines begin that are no data; the last is Excel's.
_COMMENTS = ("#", "%", "//", "sep=")

#: Between columns, in the order in which they are looked for. Spaces come last, as names and time
#: stamps hold them.
_DELIMITERS = (";", "\t", ",", "|")

#: Share of the lines in which a delimiter must be. Titles and comments have none.
_MOST = 0.5


@dataclass(frozen=True)
class How:
    """How a table is to be read.

    Members
    -------
    gaps : str
        What to do about missing values, and about rows that are missing in time: ``refuse`` or
        ``interpolate``.
    index : str
        What to do with columns that count rows or time: ``drop`` or ``keep`` them; ``auto`` drops
        those that say what they are by their name, and asks about others.
    decimal : str
        What stands before the decimals: ``point`` or ``comma``; ``auto`` finds out.
    """

    gaps: str = REFUSE
    index: str = "auto"
    decimal: str = "auto"


@dataclass(frozen=True)
class Table:
    """Columns of numbers.

    Members
    -------
    names : tuple of str
        One for each column; ``column 1`` and so on where the file has none.
    values : (T, C) float64
    notes : tuple of str
        What was left out or mended, for the user to know.
    interval : float, optional
        Step of the time column, in seconds if times are written out; None without one.
    """

    names: tuple[str, ...]
    values: Floats
    notes: tuple[str, ...]
    interval: float | None = None


@dataclass(frozen=True)
class Row:
    """One line's cells, and its number in the file, from 1."""

    number: int
    cells: list[str]


def read(path: Path, how: How | None = None) -> Table:
    """Read a table.

    Comment lines are skipped; names come from the first row without a number, and a row of units
    may follow. A column that counts rows or time is found and left out, as `How.index` says.
    Columns and rows that are empty do not count.

    Raises
    ------
    DataError
        The table is empty, ragged, holds something that is no finite number, has gaps, or a time
        column that is not regular; or it cannot be told whether commas stand before decimals, or
        whether a column is an index. The message names row and column, counted from 1, and the
        option that decides.
    """
    how = how or How()
    lines = source.text(path).splitlines()
    rows, delimiter = _rows(path, lines)
    rows, commas = joined(path, rows, delimiter, how.decimal)
    head, body = _divided(rows)
    if not body:
        raise DataError(f"{path.name}: no rows of numbers")
    body, columns = _even(path, body)
    names, units = _names(lines, head, len(columns), delimiter)
    body, commas = with_points(path, body, how.decimal, commas)
    notes = [note for note, told in (("decimal commas", commas), ("a row of units left out", units)) if told]
    kept = [c for c in columns if (names and names[c]) or any(row.cells[c].strip() for row in body)]
    found = [_column(path, names, body, c, how.gaps) for c in kept]
    named = [names[c] if names else None for c in kept]
    given = [f"column {c + 1}" + (f" ({names[c]})" if names and names[c] else "") for c in kept]
    table, remaining, said, interval = without_axis(path, named, given, found, how.index, how.gaps, [row.number for row in body])
    shown = tuple((names[kept[i]] if names else "") or f"column {kept[i] + 1}" for i in remaining)
    mended, told = _mended(path, table, [given[i] for i in remaining], (*notes, *said))
    return Table(shown, mended, told, interval)


def _rows(path: Path, lines: list[str]) -> tuple[list[Row], str]:
    """Rows that are neither empty nor comments, and the delimiter."""
    clean = ["" if line.lstrip().startswith(_COMMENTS) else line for line in lines]
    full = [line for line in clean if line.strip()]
    delimiter = next((d for d in _DELIMITERS if full and sum(d in line for line in full) >= _MOST * len(full)), "")
    if delimiter in ("", ",") and full and _is_spaced(full[-1].split()):
        delimiter = " "
    try:
        if delimiter == " ":
            cells = [line.split() for line in clean]
        elif delimiter:
            cells = list(csv.reader(clean, delimiter=delimiter))
        else:
            cells = [[line.strip().strip('"')] for line in clean]
    except csv.Error as error:
        raise DataError(f"{path.name}: not a table of numbers ({error})") from error
    return [Row(number, row) for number, row in enumerate(cells, start=1) if any(cell.strip() for cell in row)], delimiter


def _is_spaced(words: list[str]) -> bool:
    """Whether the words of a line, between spaces, are numbers (decimal commas, too) and times."""
    numbers = [values.is_number(word.replace(",", ".", 1)) and not word.endswith(",") for word in words]
    return len(words) > 1 and any(numbers) and all(number or clock.is_stamp(word) for number, word in zip(numbers, words, strict=True))


def _divided(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Rows of names and units at the top, in which no cell is a number or a time; and the data."""
    start = 0
    while start < len(rows) and _is_head(rows[start]):
        start += 1
    if start == 0 and _is_numbered(rows):
        start = 1
    return rows[:start], rows[start:]


def _is_head(row: Row) -> bool:
    words = [cell for cell in row.cells if cell.strip()]
    if any(values.is_number(cell.replace(",", ".")) or clock.is_stamp(cell) for cell in words):
        return False
    return any(values.parse(cell) is None for cell in words)


def _is_numbered(rows: list[Row]) -> bool:
    """Whether the first row numbers the columns 0, 1, ..., as pandas does if they have no names."""
    first = [cell.strip() for cell in rows[0].cells] if rows else []
    names = first[1:] if first and not first[0] else first
    if len(rows) < 2 or len(names) < 2 or names != [str(number) for number in range(len(names))]:
        return False
    return not first[0] or not any(cell.strip().isdecimal() for row in rows[1:] for cell in row.cells)


def _even(path: Path, body: list[Row]) -> tuple[list[Row], list[int]]:
    """The data, without an empty cell after a last delimiter, and the columns' numbers."""
    width = len(body[0].cells)
    if width > 1 and all(len(row.cells) in (width - 1, width) and not "".join(row.cells[width - 1 :]).strip() for row in body):
        width -= 1
        body = [Row(row.number, row.cells[:width]) for row in body]
    # Numbers with and without decimals, cut at their commas: some rows of one cell, some of two.
    whole_numbers = all(sum(len(row.cells) == count for row in body) > 1 for count in (1, 2))
    for row in body:
        if len(row.cells) != width:
            raise DataError(
                f"{path.name}: row {row.number} has {len(row.cells)} columns, the first has {width}: the file is truncated or ragged"
                + (", or has decimal commas (--decimal comma)" if whole_numbers else "")
            )
    return body, list(range(width))


def _names(lines: list[str], head: list[Row], columns: int, delimiter: str) -> tuple[list[str] | None, bool]:
    """One name for each column, or None; and whether a row of units followed.

    A row that has one name fewer leaves out that of the index, as R writes it. Where no row is
    left, the last comment before the data is looked at, as NumPy writes names into one.
    """
    fitting = [row for row in head if len(row.cells) >= columns and not "".join(row.cells[columns:]).strip()]
    short = [row for row in head if len(row.cells) == columns - 1 and columns > 2]
    if fitting:
        return [cell.strip() for cell in fitting[0].cells[:columns]], len(fitting) > 1
    if short:
        return ["", *(cell.strip() for cell in short[0].cells)], False
    comments = [line.strip().lstrip("#%/ ") for line in _before_data(lines)]
    words = comments[-1].split(delimiter if delimiter.strip() else None) if comments else []
    if len(words) == columns and not any(values.is_number(word) for word in words):
        return [word.strip() for word in words], False
    return None, False


def _before_data(lines: list[str]) -> list[str]:
    found = []
    for line in lines:
        if line.lstrip().startswith(_COMMENTS):
            found.append(line)
        elif line.strip():
            break
    return found


def _column(path: Path, names: list[str] | None, body: list[Row], column: int, gaps: str) -> Floats | list[str]:
    """One column's numbers, NaN where one is missing; or its words, if they are times."""
    words = [row.cells[column] for row in body]
    if clock.is_stamp(words[0]):
        if clock.seconds(words) is None:
            odd = next((i for i, word in enumerate(words) if clock.seconds([words[0], word]) is None), 0)
            raise DataError(
                f"{path.name}: row {body[odd].number}, column {column + 1} is no time like those before it: {words[odd].strip()[:30]!r}"
            )
        return words
    found = values.numbers(words, lambda i: f"{path.name}: row {body[i].number}, column {column + 1}")
    for i in np.flatnonzero(~(np.abs(found) <= values.LARGEST)):
        where = f"{path.name}: row {body[i].number}, column {column + 1}"
        values.check(float(found[i]), where)
        if np.isnan(found[i]) and gaps == REFUSE:
            raise values.refuse_gap(where)
    return found


def _mended(path: Path, table: Floats, names: list[str], notes: tuple[str, ...]) -> tuple[Floats, tuple[str, ...]]:
    missing = int(np.count_nonzero(np.isnan(table)))
    if not missing:
        return table, notes
    steps = np.arange(len(table), dtype=np.float64)
    filled = values.interpolated(table, steps, steps, [f"{path.name}: {name}" for name in names])
    return filled, (*notes, f"{missing} {'gap' if missing == 1 else 'gaps'} interpolated")
