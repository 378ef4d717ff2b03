"""`loschmidt predict` as a user meets it, and one line for what does not fit."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from loschmidt.host import cli, prediction, session
from loschmidt.host.checkpoint import Checkpoint
from loschmidt.host.data import Dataset, Split
from loschmidt.host.training import begin

from . import toy

SMALL = ["--oscillators", "4", "--batch", "8", "--lr", "0.02", "--epochs", "2"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    toy.write_ts(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Path:
    """A trained run of the toy task."""
    training = toy.training(toy.SMALL, folder=folder)
    training.run(until=1)
    training.engine.close()
    return folder / "checkpoint.npz"


def call(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words))


def refuse(pattern: str, *words: str) -> None:
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: ")
    assert pattern in result.stderr
    assert result.stderr.count("\n") == 1


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_labels_are_those_that_eval_counts(folder: Path, run: Path) -> None:
    result = call("predict", str(run), "toy_TEST.ts", "--csv", "out.csv")
    assert result.exit_code == 0, result.output
    assert "toy_TEST.ts: 3 classes: low, middle, high; 9 recordings of 2 channels, 12 to 17 steps" in result.output
    found = rows(folder / "out.csv")
    assert list(found[0]) == ["recording", "label", "given", "p(low)", "p(middle)", "p(high)"]
    right = sum(row["label"] == row["given"] for row in found)
    assert f"{right} of 9 right, {100 * right / 9:.2f} %" in result.output
    checkpoint, dataset, engine = session.reopen(run, "emulator", "toy")
    with_eval = session.test(checkpoint, dataset, engine)["test_accuracy"]
    engine.close()
    assert right / 9 == with_eval
    for row in found:
        probabilities = [float(row[f"p({name})"]) for name in toy.CLASSES]
        assert sum(probabilities) == pytest.approx(1.0, abs=1e-8)
        assert row["label"] == toy.CLASSES[int(np.argmax(probabilities))]


def test_labels_are_not_needed_and_not_believed(folder: Path, run: Path) -> None:
    """The same recordings without labels, with unknown ones and as arrays: the same answers."""
    lines = (folder / "toy_TEST.ts").read_text().splitlines()
    data = lines[lines.index("@data") + 1 :]
    (folder / "bare.ts").write_text("@dimensions 2\n@classLabel false\n@data\n" + "\n".join(line.rpartition(":")[0] for line in data))
    (folder / "hidden.ts").write_text("@classLabel true\n@data\n" + "\n".join(line.rpartition(":")[0] + ":?" for line in data))
    samples = toy.dataset().test.inputs
    padded = np.full((len(samples), 2, 19), np.nan)
    for row, sample in zip(padded, samples, strict=True):
        row[:, : len(sample)] = np.round(sample, 5).T
    np.savez(folder / "new.npz", X=padded)
    answers = []
    for name in ("toy_TEST.ts", "bare.ts", "hidden.ts", "new.npz"):
        result = call("predict", str(run), name, "--csv", "out.csv")
        assert result.exit_code == 0, result.output
        assert (" right, " in result.output) is (name == "toy_TEST.ts")
        answers.append([[value for key, value in row.items() if key != "given"] for row in rows(folder / "out.csv")])
    assert answers[1:] == answers[:1] * 3


def test_every_device_gives_the_same(folder: Path) -> None:
    """The gateware, which is slow, has two recordings and the shape that `test_training` compiles."""
    training = toy.training(dataclasses.replace(toy.SMALL, oscillators=4, epochs=1, batch=4), folder=folder)
    training.run()
    training.engine.close()
    lines = (folder / "toy_TRAIN.ts").read_text().splitlines(keepends=True)
    start = lines.index("@data\n") + 1
    longest = max(lines[start:], key=lambda line: line.count(","))
    (folder / "few.ts").write_text("".join((*lines[: start + 1], longest)))
    for device in ("emulator", "golden", "rtl"):
        assert call("predict", ".", "few.ts", "--device", device, "--csv", f"{device}.csv").exit_code == 0
    assert rows(folder / "golden.csv") == rows(folder / "emulator.csv") == rows(folder / "rtl.csv")


def test_scaled_by_the_runs_own_statistics(folder: Path, run: Path) -> None:
    """One recording alone has other statistics, and must not be scaled by them."""
    lines = (folder / "toy_TEST.ts").read_text().splitlines(keepends=True)
    call("predict", str(run), "toy_TEST.ts", "--csv", "all.csv")
    for number in range(2):
        (folder / "one.ts").write_text("".join((*lines[: lines.index("@data\n") + 1], lines[lines.index("@data\n") + 1 + number])))
        call("predict", str(run), "one.ts", "--csv", "one.csv")
        assert list(rows(folder / "one.csv")[0].values())[1:] == list(rows(folder / "all.csv")[number].values())[1:]


def test_waveforms_in_their_own_units(folder: Path) -> None:
    (folder / "wave.csv").write_text(toy.waveform(80))
    assert call("train", "wave.csv", *SMALL, "--readout", "every", "--window", "16").exit_code == 0
    result = call("predict", "runs/wave-0", "wave.csv", "--csv", "out.csv")
    assert result.exit_code == 0, result.output
    found = rows(folder / "out.csv")
    assert list(found[0]) == ["step", "wanted", "given wanted"]
    assert len(found) == 80
    error = np.array([float(row["wanted"]) - float(row["given wanted"]) for row in found])
    assert f"root of the mean squared error {np.sqrt(np.mean(error**2)):.6g}" in result.output
    checkpoint, dataset, engine = session.reopen(folder / "runs/wave-0", "emulator")
    share = session.test(checkpoint, dataset, engine)["test_error"]
    engine.close()
    assert checkpoint.target_scaling is not None
    whole = np.array([np.mean((error[64:80] * checkpoint.target_scaling.factor[0]) ** 2)])
    assert share == pytest.approx(whole[0])

    (folder / "inputs.csv").write_text("\n".join(line.split(",")[0] for line in toy.waveform(80).splitlines()))
    assert call("predict", "runs/wave-0", "inputs.csv", "--csv", "alone.csv").exit_code == 0
    assert [row["target 1"] for row in rows(folder / "alone.csv")] == [row["wanted"] for row in found]
    (folder / "three.csv").write_text("0.5,1,2\n3,1,5\n")
    refuse("three.csv has 3 columns", "predict", "runs/wave-0", "three.csv")
    refuse("toy_TEST.ts: the run tracks a waveform: give a table (.csv)", "predict", "runs/wave-0", "toy_TEST.ts")


def test_what_does_not_fit_is_one_line(folder: Path, run: Path) -> None:
    (folder / "other.ts").write_text("@dimensions 1\n@classLabel false\n@data\n1,2,3\n")
    (folder / "wave.csv").write_text(toy.waveform())
    (folder / "gap.ts").write_text("@dimensions 2\n@classLabel false\n@data\n1,?,3:1,2,3\n")
    refuse("other.ts: sample 1 has 1 channels and 3 steps, the model was trained on 2 channels", "predict", str(run), "other.ts")
    refuse("nowhere.ts: cannot be read: No such file", "predict", str(run), "nowhere.ts")
    refuse("no data set named 'Vowels'", "predict", str(run), "Vowels")
    refuse("wave.csv: the run tells recordings apart", "predict", str(run), "wave.csv")
    refuse(
        "gap.ts: sample 1, channel 1, step 2 is nan: missing values are refused, unless --gaps interpolate", "predict", str(run), "gap.ts"
    )
    assert "1 gap of gap.ts interpolated" in call("predict", str(run), "gap.ts", "--gaps", "interpolate").output
    refuse("no checkpoint there", "predict", "nowhere", "toy_TEST.ts")
    refuse("nowhere/out.csv: cannot be written (No such file or directory)", "predict", str(run), "toy_TEST.ts", "--csv", "nowhere/out.csv")
    refuse("no device named 'gpu'", "predict", str(run), "toy_TEST.ts", "--device", "gpu")
    untrained = Checkpoint.load(run)
    untrained.steps = 0
    untrained.save(folder / "new.npz")
    refuse("new.npz: not trained yet: go on with loschmidt train --resume", "predict", "new.npz", "toy_TEST.ts")


def test_time_stamps_are_put_on_the_runs_step(folder: Path, run: Path) -> None:
    checkpoint = Checkpoint.load(run)
    checkpoint.interval = 60.0
    (folder / "stamps.ts").write_text("@timeStamps true\n@classLabel false\n@data\n(0,0),(30,1),(60,2),(90,3):(0,1),(30,1),(60,1),(90,1)\n")
    assert prediction.read(checkpoint, "stamps.ts", {}).inputs[0].tolist() == [[0, 1], [2, 1]]


def test_images(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image may be a row of pixels or a page of them."""
    checkpoint = Checkpoint.load(_image_run(folder))
    pixels = np.arange(36.0).reshape(1, 9, 4)
    np.savez(folder / "page.npz", X=pixels)
    np.savez(folder / "row.npz", X=pixels.reshape(1, 36))
    found = [prediction.read(checkpoint, name, {}).inputs[0].tolist() for name in ("page.npz", "row.npz")]
    assert found[0] == found[1] == [list(range(36))]


def _image_run(folder: Path) -> Path:
    images = np.random.default_rng(0).normal(size=(6, 1, 36))
    half = Split(list(images), np.arange(6) % 2, [])
    checkpoint = begin(dataclasses.replace(toy.SMALL, data="digits"), Dataset("digits", half, half, ("0", "1"), static=True))
    checkpoint.save(folder / "images.npz")
    return folder / "images.npz"
