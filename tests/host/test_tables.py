"""Tables of numbers as people have them: what is in them is recognised, or asked about."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from loschmidt.host import data
from loschmidt.host.errors import DataError
from loschmidt.host.readers.table import How, Table, read

ROWS = 12

Line = Callable[[int], str]


def x(k: int) -> str:
    return f"{math.sin(k):.3f}"


def y(k: int) -> str:
    return f"{math.sin(2 * k):.3f}"


def comma(text: str) -> str:
    return text.replace(".", ",")


WANTED = [[float(x(k)), float(y(k))] for k in range(ROWS)]


def table(folder: Path, head: str, line: Line, how: How | None = None, encoding: str = "utf-8") -> Table:
    path = folder / "wave.csv"
    path.write_text(head + "".join(f"{line(k)}\n" for k in range(ROWS)), encoding=encoding)
    return read(path, how)


#: What stands in the file -> its two columns' names, and what is said about it.
READ: dict[str, tuple[str, Line, tuple[str, str], tuple[str, ...]]] = {
    "commas": ("x,y\n", lambda k: f"{x(k)},{y(k)}", ("x", "y"), ()),
    "semicolons": ("x;y\n", lambda k: f"{x(k)};{y(k)}", ("x", "y"), ()),
    "tabs": ("x\ty\n", lambda k: f"{x(k)}\t{y(k)}", ("x", "y"), ()),
    "bars": ("x|y\n", lambda k: f"{x(k)}|{y(k)}", ("x", "y"), ()),
    "spaces": ("", lambda k: f"  {x(k)}   {y(k)}", ("column 1", "column 2"), ()),
    "names in a comment": ("# by hand\n# x y\n", lambda k: f"{x(k)} {y(k)}", ("x", "y"), ()),
    "comments": ("% a logger\n// of ours\nx,y\n", lambda k: f"{x(k)},{y(k)}" + ("\n# pause" if k == 3 else ""), ("x", "y"), ()),
    "title": ("Recorded at noon\n\nx,y\n", lambda k: f"{x(k)},{y(k)}", ("x", "y"), ()),
    "units": ("x,y\n(m/s),(N)\n", lambda k: f"{x(k)},{y(k)}", ("x", "y"), ("a row of units left out",)),
    "Excel's hint": ("sep=;\nx;y\n", lambda k: f"{x(k)};{y(k)}", ("x", "y"), ()),
    "chemistry": ("Na,K\n", lambda k: f"{x(k)},{y(k)}", ("Na", "K"), ()),
    "numbers for names": ("0,1\n", lambda k: f"{x(k)},{y(k)}", ("0", "1"), ()),
    "last delimiter": ("x,y,\n", lambda k: f"{x(k)},{y(k)},", ("x", "y"), ()),
    "decimal commas, semicolons": ("x;y\n", lambda k: f"{comma(x(k))};{comma(y(k))}", ("x", "y"), ("decimal commas",)),
    "decimal commas, tabs": ("", lambda k: f"{comma(x(k))}\t{comma(y(k))}", ("column 1", "column 2"), ("decimal commas",)),
    "decimal commas, spaces": ("", lambda k: f"{comma(x(k))} {comma(y(k))}", ("column 1", "column 2"), ("decimal commas",)),
    "decimal commas, quoted": ('"x","y"\n', lambda k: f'"{comma(x(k))}","{comma(y(k))}"', ("x", "y"), ("decimal commas",)),
    "decimal commas, commas": ("x,y\n", lambda k: f"{comma(x(k))},{comma(y(k))}", ("x", "y"), ("decimal commas",)),
    "pandas": (",x,y\n", lambda k: f"{k},{x(k)},{y(k)}", ("x", "y"), ("index column 1 left out",)),
    "pandas without names": (",0,1\n", lambda k: f"{k},{x(k)},{y(k)}", ("0", "1"), ("index column 1 left out",)),
    "R": ('"x","y"\n', lambda k: f'"{k + 1}",{x(k)},{y(k)}', ("x", "y"), ("index column 1 left out",)),
    "named index": ("id,x,y\n", lambda k: f"{k + 7},{x(k)},{y(k)}", ("x", "y"), ("index column 1 (id) left out",)),
    "last index": ("x,y,n\n", lambda k: f"{x(k)},{y(k)},{k}", ("x", "y"), ("index column 3 (n) left out",)),
    "time": ("time [s],x,y\n", lambda k: f"{k / 3:.2f},{x(k)},{y(k)}", ("x", "y"), ("time column 1 (time [s]) left out, every 0.33",)),
    "milliseconds": ("time_ms,x,y\n", lambda k: f"{10 * k},{x(k)},{y(k)}", ("x", "y"), ("time column 1 (time_ms) left out, every 10",)),
    "months": ("day,x,y\n", lambda k: f"{k + 1} Apr 2014,{x(k)},{y(k)}", ("x", "y"), ("time column 1 (day) left out, every 86400 s",)),
    "epoch": ("timestamp,x,y\n", lambda k: f"{10**9 + 5 * k},{x(k)},{y(k)}", ("x", "y"), ("time column 1 (timestamp) left out, every 5",)),
    "stamps": (
        "id,when,x,y\n",
        lambda k: f"{k},2014-04-01T00:{k:02}:00Z,{x(k)},{y(k)}",
        ("x", "y"),
        ("index column 1 (id) left out", "time column 2 (when) left out, every 60 s"),
    ),
    "date and time": (
        "Date;Time;x;y\n",
        lambda k: f"16/12/2006;17:{24 + k}:00;{x(k)};{y(k)}",
        ("x", "y"),
        ("time column 1 (Date) and column 2 (Time) left out, every 60 s",),
    ),
    "German": (
        "Zeit;x;y\n",
        lambda k: f"01.04.2014 00:{k:02};{comma(x(k))};{comma(y(k))}",
        ("x", "y"),
        ("decimal commas", "time column 1 (Zeit) left out, every 60 s"),
    ),
    "stamps and decimal commas": (
        "timestamp,x,y\n",
        lambda k: f"2014-04-01 00:{k:02}:00,{comma(x(k))},{comma(y(k))}",
        ("x", "y"),
        ("decimal commas", "time column 1 (timestamp) left out, every 60 s"),
    ),
}


@pytest.mark.parametrize("kind", READ)
def test_table_is_read_and_explained(tmp_path: Path, kind: str) -> None:
    head, line, names, notes = READ[kind]
    found = table(tmp_path, head, line)
    assert found.values.tolist() == WANTED
    assert (found.names, found.notes) == (names, notes)


def test_utf_16_and_gzip(tmp_path: Path) -> None:
    import gzip

    head, line, names, _ = READ["tabs"]
    assert table(tmp_path, head, line, encoding="utf-16").names == names
    packed = tmp_path / "wave.csv.gz"
    packed.write_bytes(gzip.compress((tmp_path / "wave.csv").read_bytes()))
    assert read(packed).values.tolist() == WANTED
    assert data.load(str(packed)).name == "wave"


ASKED = r"--index drop leaves it out as an index or a time, --index keep takes it as data$"

REFUSED: dict[str, tuple[str, Line, str]] = {
    "index without a name": ("", lambda k: f"{k},{x(k)}", rf"^wave\.csv: column 1 counts 0, 1, 2, \.\.\.: {ASKED}"),
    "time by another name": (
        "a,x\n",
        lambda k: f"{k / 3:.2f},{x(k)}",
        rf"^wave\.csv: column 1 \(a\) counts 0, 0\.33, 0\.67, \.\.\.: {ASKED}",
    ),
    "shuffled index": (
        ",x,y\n",
        lambda k: f"{k * 5 % 12},{x(k)},{y(k)}",
        rf"^wave\.csv: column 1 may be an index, and begins 0, 5, 10, .*{ASKED}",
    ),
    "integers or decimals": (
        "",
        lambda k: f"{k * 3 % 5},{k * k % 7}",
        r"^wave\.csv: row 1 may be 2 columns of integers, or 1 with decimal commas: ",
    ),
    "some decimals": (
        "",
        lambda k: f"{k}" + (",5" if k % 2 else ""),
        r"^wave\.csv: row 2 has 2 columns, the first has 1: .*--decimal comma\)$",
    ),
    "commas and points": (
        "x;y\n",
        lambda k: f"{comma(x(k)) if k == 4 else x(k)};{y(k)}",
        r"^wave\.csv: row 6 has a decimal comma, row 2 a ",
    ),
    "thousands": ("x;y\n", lambda k: f"1.234,56;{comma(y(k))}", r"^wave\.csv: row 2, column 1 is not a number: '1\.234,56'$"),
    "empty cell": (
        "x,y\n",
        lambda k: f"{x(k)},{'' if k == 2 else y(k)}",
        r"^wave\.csv: row 4, column 2 is nan: .*--gaps interpolate fills",
    ),
    "huge": (
        "x,y\n",
        lambda k: f"{x(k)},{'-2.5e307' if k == 2 else y(k)}",
        r"^wave\.csv: row 4, column 2 is -2\.5e\+307: values must stay below",
    ),
    "words": ("x,n,y\n", lambda k: f"{x(k)},on,{y(k)}", r"^wave\.csv: row 2, column 2 is not a number: 'on'$"),
    "a row left out": (
        "timestamp,x\n",
        lambda k: f"2014-04-01 00:{k + (k > 5):02}:00,{x(k)}",
        r"^wave\.csv: time column 1 \(timestamp\) is not regular: row 8 comes 120 s after .*, most come 60 s: --gaps interpolate",
    ),
    "newest first": ("time,x\n", lambda k: f"{-k},{x(k)}", r"^wave\.csv: row 3: time column 1 \(time\) does not go on: sort the rows"),
    "no time": (
        "when,x\n",
        lambda k: f"{'soon' if k == 5 else f'2014-04-{k + 1:02}'},{x(k)}",
        r"^wave\.csv: row 7, column 1 is no time .*: 'soon'$",
    ),
    "time alone": (
        "when,n\n",
        lambda k: f"2014-04-{k + 1:02},{k}",
        r"^wave\.csv: no column of numbers beside column 1 \(when\), column 2 \(n\)$",
    ),
    "ragged": (
        "x,y\n",
        lambda k: f"{x(k)},{y(k)}" + (",1" if k == 3 else ""),
        r"^wave\.csv: row 5 has 3 columns, the first has 2: .*ragged$",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_not_certain_is_one_line(tmp_path: Path, kind: str) -> None:
    head, line, pattern = REFUSED[kind]
    with pytest.raises(DataError, match=pattern) as caught:
        table(tmp_path, head, line)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "x,y\n", "# nothing\n\n", "x,y\n(m),(s)\n"])
def test_no_data(tmp_path: Path, text: str) -> None:
    (tmp_path / "wave.csv").write_text(text)
    with pytest.raises(DataError, match=r"^wave\.csv: no rows of numbers$"):
        read(tmp_path / "wave.csv")


def test_one_column_with_decimal_commas_is_one_column(tmp_path: Path) -> None:
    found = table(tmp_path, "", lambda k: comma(x(k)))
    assert found.values[:, 0].tolist() == [row[0] for row in WANTED]
    assert (found.names, found.notes) == (("column 1",), ("decimal commas",))
    assert data.load(str(tmp_path / "wave.csv")).found == "1 input: column 1; 1 target: column 1, a step later; 11 rows; decimal commas"


def test_the_user_decides_about_an_index(tmp_path: Path) -> None:
    def line(k: int) -> str:
        return f"{k},{x(k)},{y(k)}"

    assert table(tmp_path, "", line, How(index="drop")).names == ("column 2", "column 3")
    assert table(tmp_path, "", line, How(index="keep")).values[:, 0].tolist() == list(range(ROWS))
    assert table(tmp_path, "id,x,y\n", line, How(index="keep")).names == ("id", "x", "y")
    with pytest.raises(DataError, match=r"--index drop: no column counts rows or time$"):
        table(tmp_path, "x,y\n", lambda k: f"{x(k)},{y(k)}", How(index="drop"))


def test_the_user_decides_about_decimals(tmp_path: Path) -> None:
    def line(k: int) -> str:
        return f"{k * 3 % 5},{k * k % 7}"

    assert table(tmp_path, "", line, How(decimal="comma")).values[1:4, 0].tolist() == [3.1, 1.4, 4.2]
    assert table(tmp_path, "", line, How(decimal="point")).values[1:3].tolist() == [[3, 1], [1, 4]]
    assert table(tmp_path, "a,b\n", line).values[1:3].tolist() == [[3, 1], [1, 4]]
    assert table(tmp_path, "", lambda k: f"{k % 3}" + (",5" if k % 2 else ""), How(decimal="comma")).values[:3, 0].tolist() == [0, 1.5, 2]
    with pytest.raises(DataError, match=r"^wave\.csv: --decimal comma: row 12 has 2 parts between commas, no pairs$"):
        table(tmp_path, "", lambda k: f"{x(k)},{y(k)}", How(decimal="comma"))


def test_gaps_and_lost_rows_are_interpolated_and_counted(tmp_path: Path) -> None:
    how = How(gaps="interpolate")
    found = table(tmp_path, "x,y\n", lambda k: f"{k * k},{'NA' if k in (2, 3, 11) else 2 * k * k - k}", how)
    assert found.values[:5, 1].tolist() == [0, 1, 10, 19, 28]
    assert found.values[11, 1] == found.values[10, 1]
    assert found.notes == ("3 gaps interpolated",)
    found = table(tmp_path, "timestamp,x\n", lambda k: f"2014-04-01 00:{k + (k > 5):02}:00,{k * k}", how)
    assert found.values[:8, 0].tolist() == [0, 1, 4, 9, 16, 25, 30.5, 36]
    assert found.notes == ("time column 1 (timestamp) left out, 12 rows resampled to 13, every 60 s",)
    with pytest.raises(DataError, match=r"^wave\.csv: column 2 \(y\) has no value at all"):
        table(tmp_path, "x,y\n", lambda k: f"{x(k)},nan", how)


def test_a_set_and_a_table_with_the_same_suffix(tmp_path: Path) -> None:
    """``.tsv`` and ``.txt`` are a set's halves if their names say so, else tables."""
    (tmp_path / "wave.tsv").write_text("".join(f"{x(k)}\t{y(k)}\n" for k in range(ROWS)))
    assert data.load(str(tmp_path / "wave.tsv")).found == "1 input: column 1; 1 target: column 2; 12 rows"
    for half in ("TRAIN", "TEST"):
        (tmp_path / f"Toy_{half}.tsv").write_text("1\t0.5\t1\n2\t0.25\t2\n")
    assert data.load(str(tmp_path / "Toy_TEST.tsv")).classes == ("1", "2")
    assert data.load(str(tmp_path / "Toy.tsv")).classes == ("1", "2")


def test_large_tables_take_no_time(tmp_path: Path) -> None:
    """Numbers are read a column at a time, not a cell."""
    values = np.random.default_rng(0).normal(size=(20_000, 3))
    np.savetxt(tmp_path / "wave.csv", values, delimiter=",", header="a,b,c")
    found = read(tmp_path / "wave.csv")
    assert np.array_equal(found.values, np.loadtxt(tmp_path / "wave.csv", delimiter=","))
    assert found.names == ("a", "b", "c")
