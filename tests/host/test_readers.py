"""Recordings in every format: the same numbers from each, one line for each kind of fault."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import arff as scipy_arff

from loschmidt.host import data
from loschmidt.host.errors import ConfigError, DataError
from loschmidt.host.readers import arff, clock, ts
from loschmidt.host.readers.recordings import Wanted

#: Two classes of two recordings each: three steps of one channel.
SERIES = [("1", [0.5, 1.25, -3.0]), ("2", [2.0, 0.0, 7.5]), ("1", [1.0, 1.5, 2.5]), ("2", [-1.0, 4.0, 8.0])]

TS = "@problemName Toy\n@univariate true\n@classLabel true 1 2\n@data\n"
ARFF = "@relation Toy\n" + "".join(f"@attribute att{k} numeric\n" for k in range(3)) + "@attribute target {1,2}\n@data\n"
STAMPED = TS.replace("@data", "@timeStamps true\n@data")


def commas(values: list[float]) -> str:
    return ",".join(map(str, values))


def stamped(values: list[float]) -> str:
    return ",".join(f"(2007-01-01 00:0{minute}:00,{value})" for minute, value in enumerate(values))


FORMATS: dict[str, tuple[str, Callable[[str, list[float]], str]]] = {
    ".ts": (TS, lambda name, values: f"{commas(values)}:{name}"),
    ".tsv": ("", lambda name, values: "\t".join([name, *map(str, values)])),
    ".txt": ("", lambda name, values: f"  {float(name):.7e}  " + "  ".join(f"{value:.7e}" for value in values)),
    ".arff": ("% by hand\n" + ARFF, lambda name, values: f"{commas(values)},'{name}'"),
    "stamped.ts": (STAMPED, lambda name, values: f"{stamped(values)}:{name}"),
}


def write(folder: Path, kind: str, packed: bool = False, **replaced: str) -> Path:
    """The series as both halves of a set; returns the train half's path.

    ``train`` or ``test`` may be other text.
    """
    head, line = FORMATS[kind]
    whole = head + "".join(line(name, values) + "\n" for name, values in SERIES)
    suffix = kind.removeprefix("stamped")
    for half in ("TRAIN", "TEST"):
        text = replaced.get(half.lower(), whole).encode()
        (folder / f"Toy_{half}{suffix}{'.gz' if packed else ''}").write_bytes(gzip.compress(text) if packed else text)
    return folder / f"Toy_TRAIN{suffix}{'.gz' if packed else ''}"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same(tmp_path: Path, kind: str, packed: bool) -> None:
    path = write(tmp_path, kind, packed)
    for name in (path, tmp_path / "Toy"):
        toy = data.load(str(name))
        assert toy.name == "Toy"
        assert toy.found.startswith("2 classes: 1, 2; 4 + 4 recordings of 1 channel, 3 steps")
        assert [sample[:, 0].tolist() for sample in toy.train.inputs] == [values for _, values in SERIES]
        assert [toy.classes[label] for label in toy.test.labels] == [name for name, _ in SERIES]


@pytest.mark.parametrize("keys", [("X_train", "y_train", "X_test", "y_test"), ("x_TRAIN", "Y_train", "x_test", "y_test")])
def test_arrays(tmp_path: Path, keys: tuple[str, ...]) -> None:
    x, y = np.array([values for _, values in SERIES]), np.array([int(name) for name, _ in SERIES])
    arrays: dict[str, Any] = dict(zip(keys, (x, y, x[:2], y[:2]), strict=True))
    np.savez(tmp_path / "toy.npz", **arrays)
    toy = data.load(str(tmp_path / "toy.npz"))
    assert toy.found == "2 classes: 1, 2; 4 + 2 recordings of 1 channel, 3 steps"
    assert [sample[:, 0].tolist() for sample in toy.train.inputs] == x.tolist()


def test_undivided_arrays_and_their_axes(tmp_path: Path) -> None:
    """The longer axis is time, unless the user says otherwise; every fifth recording is for the test."""
    x = np.random.default_rng(0).normal(size=(10, 7, 2))
    np.savez(tmp_path / "toy.npz", X=x, y=np.array(["a", "b"] * 5))
    for chosen, shape in (("auto", (7, 2)), ("steps-channels", (7, 2)), ("channels-steps", (2, 7))):
        toy = data.load(str(tmp_path / "toy.npz"), axes=chosen)
        assert (len(toy.train), len(toy.test)) == (8, 2)
        assert toy.train.inputs[0].shape == shape
        assert "every 5th recording of each class is for the test" in toy.found
    assert np.array_equal(data.load(str(tmp_path / "toy.npz")).train.inputs[3], x[3])


@pytest.mark.parametrize(
    ("arrays", "pattern"),
    [
        ({"a": np.zeros(3)}, r"toy\.npz: has a: keys must be X_train, y_train, X_test and y_test, or X and y$"),
        ({"X_train": np.zeros((2, 3)), "y_train": np.zeros(2)}, r"no array x_test"),
        ({"X": np.zeros((2, 3)), "y": np.zeros(3)}, r"y has the shape \(3,\): it must hold one class for each of 2 recordings"),
        ({"X": np.zeros((2, 3)), "y": np.array([0.5, 1])}, r"y holds real numbers: only classes"),
        ({"X": np.zeros(4), "y": np.zeros(4)}, r"X has the shape \(4,\)"),
        ({"X": np.array([{}, {}], dtype=object), "y": np.zeros(2)}, r"arrays of objects are not read"),
        ({"X": np.zeros((2, 3)), "y": np.array([1, 2])}, r"2 recordings cannot be divided"),
        ({"X": np.full((4, 3), np.inf), "y": np.zeros(4)}, r"sample 1, channel 1, step 1 is inf"),
    ],
)
def test_bad_arrays(tmp_path: Path, arrays: dict[str, Any], pattern: str) -> None:
    np.savez(tmp_path / "toy.npz", **arrays)
    with pytest.raises(DataError, match=pattern):
        data.load(str(tmp_path / "toy.npz"))


def test_damaged_archives(tmp_path: Path) -> None:
    (tmp_path / "toy.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(DataError, match=r"^toy\.npz: not an \.npz file, or a damaged one"):
        data.load(str(tmp_path / "toy.npz"))
    with pytest.raises(DataError, match=r"nowhere\.npz: cannot be read: No such file or directory$"):
        data.load("nowhere.npz")
    path = write(tmp_path, ".ts", packed=True)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match=r"^Toy_TRAIN\.ts\.gz: its gzip stream is truncated or damaged"):
        data.load(str(path))


def test_unknown_format(tmp_path: Path) -> None:
    (tmp_path / "toy.mat").write_bytes(b"")
    with pytest.raises(DataError, match=r"toy\.mat: no format of recordings that is known: give \.ts, \.tsv, \.txt, \.arff, \.npz"):
        data.load(str(tmp_path / "toy.mat"))


def test_channels_in_a_table_of_weka(tmp_path: Path) -> None:
    """Multivariate sets of the archive: a relational attribute, a channel a row.

    As SciPy reads it, too.
    """
    head = "@relation r\n@attribute rel relational\n@attribute t0 numeric\n@attribute t1 numeric\n@end rel\n@attribute c {a,b}\n@data\n"
    path = tmp_path / "r.arff"
    path.write_text(head + "'1.0,2.0\\n3.0,4.0',a\n'5,6\\n7,8',b\n")
    found = arff.read(path)
    assert [sample.T.tolist() for sample in found.samples] == [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    assert (found.labels, found.classes) == (["a", "b"], ("a", "b"))
    quoted = tmp_path / "quoted.arff"
    quoted.write_text(path.read_text().replace("{a,b}", "{a, 'b c'}").replace("',b", '","b c"').replace("'5", '"5'))
    assert arff.read(quoted).labels == ["a", "b c"]
    theirs, _ = scipy_arff.loadarff(io.StringIO(path.read_text()))
    assert [[list(row) for row in table] for table, _ in theirs] == [sample.T.tolist() for sample in found.samples]


@pytest.mark.parametrize(
    ("kind", "train", "pattern"),
    [
        (".ts", "", r"^Toy_TRAIN\.ts: no @data line: the file is truncated or empty"),
        (".ts", TS, r"^Toy_TRAIN\.ts: no samples after @data"),
        (".ts", TS + "1,2:1\n1:2\n", "equal lengths"),
        (".ts", TS.replace(" 1 2", "") + "1,2:a\n3,4:b\n", r"the header declares no class names, the samples have a, b: name them there$"),
        (".ts", TS.replace("1 2", "1 2 1") + "1,2:1\n3,4:2\n", r"the header declares the class '1' twice: 1, 2, 1$"),
        (
            ".ts",
            TS.replace("1 2", "Walk Run") + "1:walk\n3:run\n",
            r"'walk', .* declares Walk, Run; the samples have run, walk: they must agree$",
        ),
        (".ts", TS + "1,1e200:1\n3,4:2\n", r"^Toy_TRAIN\.ts: sample 1, channel 1, step 2 is 1e\+200: values must stay below"),
        (".ts", TS + "1,2:1\n3,1_000:2\n", r"^Toy_TRAIN\.ts: sample 2, channel 1, step 2 is not a number: '1_000'$"),
        (".ts", TS + "1,?:1\n3,?,1:2\n", r"^Toy_TRAIN\.ts: sample 2, channel 1, step 2 is nan: .*--gaps interpolate"),
        (".ts", TS + "NaN,NaN:1\n3,4:2\n", r"^Toy_TRAIN\.ts: sample 1 has no values"),
        (".tsv", "", r"^Toy_TRAIN\.tsv: no samples: the file is empty or truncated$"),
        (".tsv", "1\n", r"^Toy_TRAIN\.tsv: sample 1 has no values after its class"),
        (".tsv", "1\t0.5\tx\n2\t1\t2\n", r"^Toy_TRAIN\.tsv: sample 1, step 2 is not a number: 'x'$"),
        (".tsv", "1\t0.5\tnan\t3\n2\t1\t2\t3\n", r"^Toy_TRAIN\.tsv: sample 1, channel 1, step 2 is nan"),
        (".tsv", "1\t1e308\t3\n2\t1\t2\n", r"^Toy_TRAIN\.tsv: sample 1, channel 1, step 1 is 1e\+308"),
        (".arff", ARFF + "1,2,3,1\n1,2,2\n", r"^Toy_TRAIN\.arff: sample 2 has 3 values, the header declares 4 attributes: .*truncated"),
        (".arff", ARFF + "1,2,3,1\n1,2,3,4,2\n", r"^Toy_TRAIN\.arff: sample 2 has 5 values"),
        (".arff", ARFF + "1,2,3,1\n1,x,3,2\n", r"^Toy_TRAIN\.arff: sample 2, channel 1, step 2 is not a number: 'x'$"),
        (
            ".arff",
            ARFF + "1,2,3,1\n1,2,3,7\n1,2,3,2\n",
            r"'7', which the header does not declare: it declares 1, 2; the samples have 1, 2, 7",
        ),
        (".arff", ARFF + "{0 1.5, 3 1}\n", r"^Toy_TRAIN\.arff: sample 1 is sparse"),
        (".arff", ARFF + "1,2,3,'1\n", r"^Toy_TRAIN\.arff: sample 1 has a quote that does not end"),
        (".arff", ARFF.replace("{1,2}", "numeric") + "1,2,3,1\n", r"^Toy_TRAIN\.arff: its last attribute is no class"),
        (".arff", "", r"^Toy_TRAIN\.arff: no @data line"),
        (
            "stamped.ts",
            STAMPED + "(2007-01-01 00:00:00,1),(2006-01-01 00:00:00,2):1\n",
            r"sample 1, channel 1, step 2: its time stamp does not",
        ),
        ("stamped.ts", STAMPED + "(2007-01-01 00:00:00,1),(2007-01-01 00:0\n", r"^Toy_TRAIN\.ts: sample 1: no \(stamp,value\) at"),
        ("stamped.ts", STAMPED + "(0,1),(1,2)\n", r"^Toy_TRAIN\.ts: sample 1 has no label after its channels"),
        ("stamped.ts", STAMPED + "(soon,1),(later,2):1\n", r"^Toy_TRAIN\.ts: its time stamps, such as 'soon', are not of one form"),
        ("stamped.ts", STAMPED + "(0,1),(1,?),(2,3):1\n", r"^Toy_TRAIN\.ts: sample 1, channel 1, step 2 is nan"),
    ],
)
def test_bad_file_is_one_line(tmp_path: Path, kind: str, train: str, pattern: str) -> None:
    path = write(tmp_path, kind, train=train)
    if pattern == "equal lengths":
        assert [len(sample) for sample in data.load(str(path)).train.inputs] == [2, 1]
        return
    with pytest.raises(DataError, match=pattern) as caught:
        data.load(str(path))
    assert "\n" not in str(caught.value)


def test_padding_is_length(tmp_path: Path) -> None:
    """NaN at the end of all channels are no gap, in any format."""
    for kind, train in (
        (".ts", TS + "1,2,NaN,NaN:1\n1,2,3,NaN:2\n"),
        (".tsv", "1\t1\t2\tNaN\tNaN\n2\t1\t2\t3\t\n"),
        (".arff", ARFF + "1,2,?,1\n1,2,3,2\n"),
        ("stamped.ts", STAMPED + "(0,1),(60,2),(120,NaN):1\n(0,1),(60,2),(120,3):2\n"),
    ):
        toy = data.load(str(write(tmp_path, kind, train=train)))
        assert [sample[:, 0].tolist() for sample in toy.train.inputs] == [[1, 2], [1, 2, 3]]
    padded = np.array([[1.0, 2.0, np.nan], [1.0, 2.0, 3.0]])
    np.savez(tmp_path / "p.npz", X_train=padded, y_train=[1, 2], X_test=padded, y_test=[1, 2])
    assert data.load(str(tmp_path / "p.npz")).found == "2 classes: 1, 2; 2 + 2 recordings of 1 channel, 2 to 3 steps"


def test_gaps_are_interpolated_and_counted(tmp_path: Path) -> None:
    head = TS.replace("@univariate true", "@dimensions 2")
    path = write(tmp_path, ".ts", train=head + "?,2,nan,nan,8:1,1,1,1,?:1\n1,1:2,2:2\n", test=head + "1,1:2,2:2\n")
    toy = data.load(str(path), gaps="interpolate")
    assert toy.train.inputs[0].T.tolist() == [[2, 2, 4, 6, 8], [1, 1, 1, 1, 1]]
    assert toy.found.endswith("; 4 gaps of Toy_TRAIN.ts interpolated")
    path = write(tmp_path, ".ts", train=head + "1,2:?,?:1\n1,1:2,2:2\n", test=head + "1,1:2,2:2\n")
    with pytest.raises(DataError, match=r"^Toy_TRAIN\.ts: sample 1, channel 2 has no value at all"):
        data.load(str(path), gaps="interpolate")


def test_time_stamps_are_put_on_one_step(tmp_path: Path) -> None:
    """The second recording lacks a minute, the third is twice as fast, the test half has a third step."""
    train = STAMPED + "(0,1),(60,2),(120,3):1\n(0,1),(60,2),(180,4):2\n(0,0),(30,1),(60,2),(90,3),(120,4):1\n(0,1),(60,2),(120,3):2\n"
    toy = data.load(str(write(tmp_path, "stamped.ts", train=train, test=STAMPED + "(0,0),(90,3):1\n")))
    assert [sample[:, 0].tolist() for sample in toy.train.inputs] == [[1, 2, 3], [1, 2, 3, 4], [0, 2, 4], [1, 2, 3]]
    assert toy.test.inputs[0][:, 0].tolist() == [0, 2]
    assert "time stamps of Toy_TRAIN.ts every 60 s, 2 recordings resampled to that" in toy.found
    assert toy.interval == 60.0


def test_pauses_are_not_filled(tmp_path: Path) -> None:
    train = STAMPED + "(0,1),(1,2),(2,3),(9999,4):1\n(0,1),(1,2):2\n"
    with pytest.raises(DataError, match=r"^Toy_TRAIN\.ts: sample 1: its time stamps leave most of 10000 steps of 1 s empty"):
        data.load(str(write(tmp_path, "stamped.ts", train=train)))


@pytest.mark.parametrize(
    ("words", "steps"),
    [
        (["2014-04-01 00:00", "2014-04-01 00:01"], [60]),
        (["2014-04-01T00:00:00Z", "2014-04-01T00:00:01+00:00"], [1]),
        (["31.12.2013 23:59:00", "01.01.2014 00:00:00"], [60]),
        (["1/30/2014", "1/31/2014", "2/1/2014"], [86400, 86400]),
        (["05/04/2014", "06/04/2014", "07/04/2014"], [86400, 86400]),
        (["10:00:00.5", "10:00:01.0"], [0.5]),
        (["0.5", "1.0", "2"], [0.5, 1.0]),
    ],
)
def test_forms_of_time_stamps(words: list[str], steps: list[float]) -> None:
    found = clock.seconds(words)
    assert found is not None
    assert np.diff(found).tolist() == steps


def test_unlabelled_recordings(tmp_path: Path) -> None:
    """What is to be predicted may lack labels, in the header, in the lines, or both."""
    path = tmp_path / "new.ts"
    for head in ("@dimensions 2\n@classLabel false\n", "@dimensions 2\n@classLabel true a b\n", "@classLabel false\n"):
        path.write_text(head + "@data\n1,2:3,4\n5,6:7,8\n")
        found = ts.read(path, Wanted(labelled=False))
        assert (len(found.samples), found.channels, found.labels) == (2, 2, [])
    path.write_text("@classLabel true\n@data\n1,2:3,4:?\n")
    assert ts.read(path, Wanted(labelled=False)).labels == ["?"]


def test_options_that_do_not_apply(tmp_path: Path) -> None:
    toy = data.load(str(write(tmp_path, ".ts")))
    digits = data.Dataset("digits", toy.train, toy.test, toy.classes, static=True, options=data.IMAGES)
    (tmp_path / "wave.csv").write_text("".join(f"{k * k % 7 / 8},{k % 3}\n" for k in range(20)))
    wave = data.load(str(tmp_path / "wave.csv"))
    for dataset, wrong, right in (
        (toy, ("steps", "targets", "outputs", "window", "index", "decimal", "axes"), ("gaps", "jitter")),
        (wave, ("steps", "jitter", "axes"), ("targets", "outputs", "window", "index", "decimal", "gaps")),
        (digits, ("targets", "outputs", "window", "index", "decimal", "axes", "gaps"), ("steps", "jitter")),
    ):
        for option in wrong:
            with pytest.raises(ConfigError, match=re.escape(f"--{option} does not apply to {dataset.name}: it is for ")):
                dataset.check_options({option, "epochs"})
        dataset.check_options({*right, "epochs", "seed"})
