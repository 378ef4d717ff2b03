"""Data sets by name and path, and every way in which they can be wrong."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from loschmidt.host import data, locating
from loschmidt.host.errors import DataError
from loschmidt.host.readers import ts
from loschmidt.host.scaling import Scaling, codes
from loschmidt.spec.fixed import Format

HEADER = "@problemName Toy\n@dimensions 2\n@classLabel true a b\n@data\n"
TRAIN = "1,2,3:4,5,6:a\n2,1:5,4:b\n"
TEST = "1,1,1,1:0,0,0,0:b\n"


def write(folder: Path, train: str = HEADER + TRAIN, test: str = HEADER + TEST) -> Path:
    (folder / "Toy_TRAIN.ts").write_text(train)
    (folder / "Toy_TEST.ts").write_text(test)
    return folder


def test_embedded_set_keeps_lengths() -> None:
    vowels = data.load("japanesevowels")
    assert (len(vowels.train), len(vowels.test), vowels.channels) == (270, 370, 12)
    assert vowels.classes == tuple("123456789")
    lengths = {len(sample) for sample in vowels.train.inputs}
    assert (min(lengths), max(lengths)) == (7, 26)
    assert max(len(sample) for sample in vowels.test.inputs) == 29


def test_reader_agrees_with_aeon() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from aeon.datasets import load_from_ts_file
    path = locating.embedded_folder() / "JapaneseVowels" / "JapaneseVowels_TRAIN.ts"
    samples, labels = load_from_ts_file(str(path))
    own = ts.read(path)
    assert own.labels == [str(label) for label in labels]
    assert all(np.array_equal(a, b.T) for a, b in zip(own.samples, samples, strict=True))


def test_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(DataError, match=r"^no data set named 'Vowels': give a \.ts or \.csv file, or one of digits, ACSF1, .*Japanese"):
        data.load("Vowels")


@pytest.mark.parametrize("given", ["Toy_TRAIN.ts", "Toy_TEST.ts", "Toy"])
def test_partner_is_found(tmp_path: Path, given: str) -> None:
    toy = data.load(str(write(tmp_path) / given))
    assert [len(sample) for sample in toy.train.inputs] == [3, 2]
    assert toy.train.inputs[0].tolist() == [[1, 4], [2, 5], [3, 6]]
    assert toy.test.labels.tolist() == [1]
    assert toy.name == "Toy"


def test_folder_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "Toy"
    folder.mkdir()
    write(folder)
    assert data.load(str(folder)).classes == ("a", "b")


def test_missing_partner(tmp_path: Path) -> None:
    (write(tmp_path) / "Toy_TEST.ts").unlink()
    with pytest.raises(DataError, match=r"Toy_TEST\.ts: no such file: a set needs both Toy_TRAIN\.ts and Toy_TEST\.ts"):
        data.load(str(tmp_path / "Toy_TRAIN.ts"))


BAD = {
    "no data": ("@problemName Toy\n", r"^Toy_TRAIN\.ts: no @data line: the file is truncated"),
    "no samples": (HEADER, r"^Toy_TRAIN\.ts: no samples after @data: the file is truncated$"),
    "cut in a channel": (HEADER + "1,2,3:4,5,6:a\n2,1:5,", r"^Toy_TRAIN\.ts: sample 2 has 1 of 2 channels and a label: .*truncated"),
    "cut before the label": (HEADER + "1,2,3:4,5,6:a\n2,1:5,4:", r"^Toy_TRAIN\.ts: sample 2 has the class '', which the header"),
    "cut between classes": (HEADER + "1,2,3:4,5,6:a\n", r"^Toy_TRAIN\.ts declares the class 'b' but holds no sample of it: .*truncated"),
    "unequal channels": (HEADER + "1,2,3:4,5:a\n", r"^Toy_TRAIN\.ts: sample 1, channel 2 has 2 steps, channel 1 has 3"),
    "nan": (HEADER + "1,2:1,nan:a\n", r"^Toy_TRAIN\.ts: sample 1, channel 2, step 2 is nan"),
    "missing": (HEADER + TRAIN + "1,?:1,1:a\n", r"^Toy_TRAIN\.ts: sample 3, channel 1, step 2 is nan: missing"),
    "infinite": (HEADER + "-inf,2:1,1:a\n", r"^Toy_TRAIN\.ts: sample 1, channel 1, step 1 is -inf"),
    "word": (HEADER + "1,two:1,1:a\n", r"^Toy_TRAIN\.ts: sample 1, channel 1, step 2 is not a number: 'two'$"),
    "dimensions": (HEADER.replace("2", "two") + TRAIN, r"^Toy_TRAIN\.ts: @dimensions must be a positive number, not 'two'"),
    "regression": (HEADER.replace("@classLabel true a b", "@targetlabel true") + TRAIN, r"^Toy_TRAIN\.ts: the file declares no classes"),
    "time stamps": ("@timeStamps true\n" + HEADER + TRAIN, r"^Toy_TRAIN\.ts: sample 1: no \(stamp,value\) at"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_training_file_is_one_line(tmp_path: Path, kind: str) -> None:
    content, pattern = BAD[kind]
    with pytest.raises(DataError, match=pattern) as caught:
        data.load(str(write(tmp_path, train=content) / "Toy"))
    assert "\n" not in str(caught.value)


def test_class_that_training_lacks(tmp_path: Path) -> None:
    write(tmp_path, test=HEADER.replace("a b", "a b c") + "1:1:a\n1:1:c\n")
    with pytest.raises(DataError, match=r"^Toy_TEST\.ts: sample 2 has the class 'c', which Toy_TRAIN\.ts lacks$"):
        data.load(str(tmp_path / "Toy"))


def test_halves_of_other_channels(tmp_path: Path) -> None:
    write(tmp_path, test=HEADER.replace("@dimensions 2", "@dimensions 1") + "1,2:a\n")
    with pytest.raises(DataError, match=r"^Toy_TEST\.ts has 1 channels, Toy_TRAIN\.ts has 2: they must agree$"):
        data.load(str(tmp_path / "Toy"))


def test_every_truncation_is_an_error_or_whole_samples(tmp_path: Path) -> None:
    """A file cut anywhere is refused, or still ends with a whole line: no half number, no half sample is ever taken for data."""
    text = HEADER + "1.5,2.5:4.5,5.5:a\n2.5,1.5:5.5,4.5:b\n"
    whole = write(tmp_path, train=text)
    wanted = [sample.tolist() for sample in data.load(str(whole / "Toy")).train.inputs]
    for length in range(len(text)):
        (tmp_path / "Toy_TRAIN.ts").write_text(text[:length])
        try:
            found = data.load(str(tmp_path / "Toy"))
        except DataError:
            continue
        assert [sample.tolist() for sample in found.train.inputs] == wanted


def test_waveform_columns(tmp_path: Path) -> None:
    path = tmp_path / "wave.csv"
    path.write_text("v,x,y\n" + "".join(f"{k % 7},{k * k},{-k}\n" for k in range(20)))
    wave = data.load(str(path), window=10)
    assert (wave.channels, wave.targets, wave.classes) == (2, 1, ())
    assert wave.found == "2 inputs: v, x; 1 target: y; 20 rows"
    assert [len(sample) for sample in wave.train.inputs] == [10, 6]
    assert wave.test.inputs[0][0].tolist() == [2, 256]
    assert wave.test.targets[0][0].tolist() == [-16]


def test_single_column_predicts_itself(tmp_path: Path) -> None:
    path = tmp_path / "wave.csv"
    path.write_text("".join(f"{k}\n" for k in range(21)))
    wave = data.load(str(path), window=100)
    assert wave.train.targets[0][:, 0].tolist() == list(range(1, 17))
    assert wave.test.inputs[0][:, 0].tolist() == list(range(16, 20))


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        ("", r"^wave\.csv: no rows of numbers$"),
        ("1,2\n3\n", r"^wave\.csv: row 2 has 1 columns, the first has 2: the file is truncated or ragged$"),
        ("1,2\n3,x\n", r"^wave\.csv: row 2, column 2 is not a number: 'x'$"),
        ("x,y\n1,2\n3,inf\n", r"^wave\.csv: row 3, column 2 is inf: values must be finite$"),
        ("1,2\n3,4\n", r"^wave\.csv: 2 steps are too few"),
        ("1\n", r"^wave\.csv: one row of one column"),
    ],
)
def test_bad_waveform(tmp_path: Path, content: str, pattern: str) -> None:
    path = tmp_path / "wave.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=pattern):
        data.load(str(path))


def test_missing_file() -> None:
    with pytest.raises(DataError, match=r"^nowhere/wave\.csv: cannot be read: No such file"):
        data.load("nowhere/wave.csv")


def test_scaling_comes_from_training_data_and_leaves_room() -> None:
    generator = np.random.default_rng(0)
    samples = [generator.normal(5.0, 3.0, (50, 2)), generator.normal(5.0, 3.0, (30, 2))]
    samples[0][0, 0] = 500.0
    samples[1][:, 1] = samples[0][:, 1] = 7.0
    operand = Format(18, 14)
    scaling = Scaling.fit(samples, operand)
    scaled = np.concatenate([scaling.apply(sample) for sample in samples])
    assert np.abs(scaled).max() == pytest.approx(0.5 * operand.highest * operand.lsb)
    assert np.all(scaled[:, 1] == 0.0)
    assert codes(scaled, operand)[1] == 0
    with pytest.raises(DataError, match=re.escape("the data have 3 channels, the model was trained on 2")):
        scaling.apply(np.zeros((4, 3)))


@pytest.mark.parametrize("value", [14.62, 0.1, -1e9 / 3, 1e30, 0.0])
@pytest.mark.parametrize("noise", [0.0, 2e-16])
def test_constant_channel_is_only_centred(value: float, noise: float) -> None:
    """The mean of equal numbers is rounded, and so is their deviation: that is no signal, and no reason for a factor of 1e14."""
    generator = np.random.default_rng(0)
    samples = [generator.normal(size=(25, 2)) for _ in range(40)]
    for sample in samples:
        sample[:, 1] = value * (1.0 + noise * generator.integers(-1, 2, len(sample)))
    scaling = Scaling.fit(samples, Format(18, 14))
    assert scaling.factor[1] <= 1.0
    assert np.all(np.abs(np.concatenate([scaling.apply(sample) for sample in samples])[:, 1]) <= 8 * 2.3e-16 * abs(value))
    assert scaling.apply(np.array([[0.0, value + 0.01]]))[0, 1] <= 0.011
    varied = [sample * [1.0, 1.0 + 1e-9] + [0.0, 1e-9 * abs(value)] * generator.normal(size=sample.shape) for sample in samples]
    if value:
        assert np.std(np.concatenate([Scaling.fit(varied, Format(18, 14)).apply(sample) for sample in varied])[:, 1]) == pytest.approx(1.0)


def test_tiny_numbers_are_no_rounding() -> None:
    sample = 1e-300 * np.random.default_rng(0).normal(size=(200, 1))
    assert np.std(Scaling.fit([sample], Format(18, 14)).apply(sample)) == pytest.approx(1.0)
    assert np.all(np.isfinite(Scaling.fit([np.full((3, 1), 5e-324)], Format(18, 14)).apply(sample)))


def test_an_outlier_that_erases_its_channel_is_named() -> None:
    generator = np.random.default_rng(0)
    samples = [generator.normal(size=(25, 2)) for _ in range(8)]
    samples[3][4, 1] = -1e20
    with pytest.raises(DataError, match=r"^sample 4, channel 2, step 5 is -1e\+20: beside it nothing would be left of that channel"):
        Scaling.fit(samples, Format(18, 14))
    for sample in samples:  # a channel that rests and is struck once has nothing to lose
        sample[:, 1] = 0.0
    samples[3][4, 1] = 1e20
    Scaling.fit(samples, Format(18, 14))


def test_restored_values_are_those_that_were_scaled() -> None:
    sample = np.random.default_rng(0).normal(3.0, 5.0, (50, 3))
    scaling = Scaling.fit([sample], Format(18, 14))
    assert np.allclose(scaling.restore(scaling.apply(sample)), sample, rtol=0.0, atol=1e-12)


def test_codes_beyond_the_operand_are_counted() -> None:
    found, outside = codes(np.array([[9.0, -9.0, 1.0]]), Format(18, 14))
    assert found.tolist() == [[(1 << 17) - 1, 1 - (1 << 17), 1 << 14]]
    assert outside == 2
