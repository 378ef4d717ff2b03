"""The command as a user meets it: what it writes, what it says when something is wrong, how it stops."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from loschmidt.host import cli, session, verify
from loschmidt.host.checkpoint import Checkpoint

from . import toy

SMALL = ["--oscillators", "6", "--batch", "8", "--lr", "0.02"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory, with a space in its name, that holds the toy task."""
    path = tmp_path / "my work"
    path.mkdir()
    monkeypatch.chdir(path)
    toy.write_ts(path)
    return path


def call(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words))


def refuse(pattern: str, *words: str) -> None:
    """The command ends with status 2 and one line on stderr."""
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert re.search(pattern, result.stderr), result.stderr
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output


def weights(run: Path) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    return Checkpoint.load(run).masters


def test_train_eval_and_resume(folder: Path) -> None:
    result = call("train", "toy_TRAIN.ts", *SMALL, "--epochs", "3")
    assert result.exit_code == 0, result.output
    assert re.search(
        r"^[\d,]+ of [\d,]+ gradients were trusted\nwhat that means: \d+ of \d+ trusted gradients of random dense ", result.output, re.M
    )
    assert "in runs/toy-0: metrics.jsonl, checkpoint.npz, config.json, learning_curve.png, phase_portrait.png" in result.output
    lines = [json.loads(line) for line in (folder / "runs/toy-0/metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert lines[-1].keys() >= {"loss", "train_accuracy", "test_accuracy", "untrusted", "overflow", "clip", "eps", "dev", "asym", "seconds"}
    for name in ("learning_curve.png", "phase_portrait.png"):
        assert (folder / "runs/toy-0" / name).read_bytes().startswith(b"\x89PNG")
    config = json.loads((folder / "runs/toy-0/config.json").read_text())
    assert (config["device"], config["epochs"]) == ("emulator", 3)

    found = call("eval", "runs/toy-0", "--json", "out.json")
    assert found.exit_code == 0, found.output
    assert json.loads((folder / "out.json").read_text())["test_accuracy"] == lines[-1]["test_accuracy"]
    assert call("eval", "runs/toy-0", "--data", "toy").exit_code == 0

    refuse(r"runs/toy-0 has finished its 3 epochs: ask for more with --epochs$", "train", "--resume", "runs/toy-0")
    more = call("train", "--resume", "runs/toy-0", "--epochs", "4")
    assert more.exit_code == 0, more.output
    assert Checkpoint.load(folder / "runs/toy-0").epoch == 4


@pytest.mark.parametrize("gradient", ["echo", "bptt"])
def test_train_on_a_waveform(folder: Path, gradient: str) -> None:
    (folder / "wave.csv").write_text(toy.waveform())
    result = call("train", "wave.csv", *SMALL, "--readout", "every", "--window", "40", "--epochs", "2", "--gradient", gradient)
    assert result.exit_code == 0, result.output
    assert "of the targets' variance" in result.output
    assert "test_error" in json.loads((folder / "runs/wave-0/metrics.jsonl").read_text().splitlines()[-1])


def test_wrong_data(folder: Path) -> None:
    refuse(r"no data set named 'Vowels'.*JapaneseVowels", "train", "Vowels")
    refuse(r"nowhere_TRAIN\.ts: no such file", "train", "nowhere.ts")
    (folder / "toy_TEST.ts").write_text((folder / "toy_TEST.ts").read_text()[:-9])
    refuse(r"toy_TEST\.ts: sample 9 has .*truncated", "train", "./toy.ts")
    assert not (folder / "runs").exists()


def test_wrong_options(folder: Path) -> None:
    refuse(
        r"no device named 'gpu': use one of emulator, golden, rtl, or a board's port like /dev/ttyUSB0$",
        "train",
        "toy.ts",
        "--device",
        "gpu",
    )
    refuse(r"/dev/ttyNONE cannot be opened \(No such file or directory\)", "train", "toy.ts", "--device", "/dev/ttyNONE")
    refuse(r"baud must be one positive number", "train", "toy.ts", "--device", "/dev/ttyNONE?baud=fast")
    refuse(r"--hamiltonian must be one of springs, linear, diagonal, dense, not 'pendulum'$", "train", "--hamiltonian", "pendulum")
    refuse(r"--readout every tracks a waveform", "train", "toy.ts", "--readout", "every")
    refuse(r"runs/nothing.*: no checkpoint there", "train", "--resume", "runs/nothing")
    refuse(r"runs/nothing.*: no checkpoint there", "eval", "runs/nothing")
    refuse(r"--window does not apply to toy: it is for waveforms$", "train", "toy.ts", "--window", "3")
    refuse(r"--steps does not apply to toy: it is for images$", "train", "toy.ts", "--steps", "3")
    assert not (folder / "runs").exists()


def test_gaps_are_interpolated_when_asked_for(folder: Path) -> None:
    """In training, when it goes on, and where other data are tested."""
    train = folder / "toy_TRAIN.ts"
    head, _, rest = train.read_text().partition("@data\n")
    first, _, others = rest.partition(",")
    train.write_text(f"{head}@data\n?,{others}")
    refuse(r"sample 1, channel 1, step 1 is nan: .*--gaps interpolate", "train", "toy.ts")
    result = call("train", "toy.ts", *SMALL, "--epochs", "1", "--gaps", "interpolate")
    assert result.exit_code == 0, result.output
    assert "toy: 3 classes: low, middle, high; 21 + 9 recordings of 2 channels, " in result.output
    assert "1 gap of toy_TRAIN.ts interpolated" in result.output
    assert call("train", "--resume", "runs/toy-0", "--epochs", "2").exit_code == 0
    train.rename(folder / "gap_TRAIN.ts")
    (folder / "toy_TEST.ts").rename(folder / "gap_TEST.ts")
    train.with_name("toy_TRAIN.ts").write_text(f"{head}@data\n{first},{others}")
    (folder / "toy_TEST.ts").write_text((folder / "gap_TEST.ts").read_text())
    assert call("train", "toy.ts", *SMALL, "--epochs", "1").exit_code == 0
    refuse(r"--gaps interpolate", "eval", "runs/toy-1", "--data", "gap.ts")
    assert call("eval", "runs/toy-1", "--data", "gap.ts", "--gaps", "interpolate").exit_code == 0
    refuse(r"--axes does not apply to gap", "eval", "runs/toy-1", "--data", "gap.ts", "--gaps", "interpolate", "--axes", "steps-channels")


def test_one_class(folder: Path) -> None:
    for half in ("TRAIN", "TEST"):
        (folder / f"one_{half}.tsv").write_text("1\t0.5\t0.25\n1\t0.5\t1\n")
    refuse(r"all recordings are of one class, '1', so there is nothing to tell apart: give at least two classes$", "train", "one")
    assert not (folder / "runs").exists()


def test_resume_keeps_what_belongs_to_the_run(folder: Path) -> None:
    assert call("train", "toy.ts", *SMALL, "--epochs", "1", "--name", "mine").exit_code == 0
    refuse(r"runs/mine holds a run already", "train", "toy.ts", "--name", "mine")
    refuse(r"--lr belongs to the run and cannot change on --resume", "train", "--resume", "runs/mine", "--lr", "1")
    (folder / "toy_TRAIN.ts").write_text((folder / "toy_TRAIN.ts").read_text().replace("low", "flat"))
    refuse(r"toy_TEST\.ts: sample 1 has the class 'low', which toy_TRAIN\.ts lacks", "train", "--resume", "runs/mine", "--epochs", "2")
    refuse(r"JapaneseVowels does not fit the checkpoint: its channels: 12; .*: 2$", "eval", "runs/mine", "--data", "JapaneseVowels")


def test_a_bug_keeps_its_traceback(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(session, "start", broken)
    assert isinstance(call("train", "toy.ts").exception, ZeroDivisionError)


def test_interrupted_before_training(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "start", interrupted)
    result = call("train", "toy.ts")
    assert result.exit_code == 130
    assert result.stderr == "error: interrupted: what was saved before is untouched\n"


def test_ctrl_c_loses_nothing(folder: Path) -> None:
    """SIGINT in mid-run, then --resume: the weights of a run that was left alone."""
    command = [sys.executable, "-m", "loschmidt.host.cli", "train", "toy.ts", *SMALL, "--epochs", "80", "--gradient", "bptt"]
    process = subprocess.Popen([*command, "--name", "stopped"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    metrics = folder / "runs/stopped/metrics.jsonl"
    deadline = time.monotonic() + 60
    while not metrics.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, output + errors
    assert output.splitlines()[-1] == "interrupted; all is saved: go on with  loschmidt train --resume runs/stopped"
    assert "Traceback" not in errors
    assert 1 <= Checkpoint.load(folder / "runs/stopped").epoch < 80
    assert call("train", "--resume", "runs/stopped").exit_code == 0
    assert call("train", "toy.ts", *SMALL, "--epochs", "80", "--gradient", "bptt", "--name", "straight").exit_code == 0
    stopped, straight = (weights(folder / "runs" / name) for name in ("stopped", "straight"))
    assert all(np.array_equal(stopped[name], straight[name]) for name in straight)


def test_compare(folder: Path) -> None:
    result = call("compare", "toy.ts", *SMALL, "--epochs", "4", "--seeds", "2", "--json", "compare.json")
    found = json.loads((folder / "compare.json").read_text())
    assert found["seeds"] == [0, 1]
    assert found["passed"] is (result.exit_code == 0)
    assert found["mean"].keys() == {"echo", "bptt"}


def test_compare_fails_below_its_bounds() -> None:
    from loschmidt.host.compare import Comparison
    from loschmidt.host.config import Config

    good = Comparison(Config(), 0.97, [0], {"echo": [0.975], "bptt": [0.98]}, {"echo": [1.0], "bptt": [1.0]}, [0])
    behind = Comparison(Config(), 0.97, [0], {"echo": [0.975], "bptt": [0.99]}, {"echo": [1.0], "bptt": [1.0]}, [0])
    low = Comparison(Config(), 0.97, [0], {"echo": [0.965], "bptt": [0.965]}, {"echo": [1.0], "bptt": [1.0]}, [0])
    assert good.passed
    assert behind.faults == ["echo stays 1.50 points below BPTT, more than 1"]
    assert low.faults == ["echo reaches 96.50 %, below the 97 % asked for"]


def test_verify(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = ["verify", "--oscillators", "4", "--steps", "40", "--hamiltonian", "linear"]
    result = call(*small, "--against", "golden", "--json", "report.json")
    assert result.exit_code == 0, result.output
    report = json.loads((folder / "report.json").read_text())
    assert report["passed"]
    assert {row["check"] for row in report["rows"]} == {"reversal", "gradient", "agreement"}
    assert {row["hamiltonian"] for row in report["rows"]} == {"linear"}
    monkeypatch.setattr(verify, "COSINE", 1.5)
    missed = call(*small)
    assert missed.exit_code == 1
    assert re.match(r"error: \d+ of \d+ bounds missed: linear gradient last: stiffness, ", missed.stderr)


def test_verify_refuses(folder: Path) -> None:
    refuse(r"no device named 'gpu'", "verify", "--against", "gpu")
    refuse(r"--hamiltonian must be one of all, springs, linear, diagonal, dense, not 'pendulum'$", "verify", "--hamiltonian", "pendulum")
    refuse(r"--formats must be one of 16, 18, 25, or like state/operand/.*, not '20'$", "verify", "--formats", "20")
    refuse(r"oscillators must be an integer from 1 to 65535, not 0$", "verify", "--oscillators", "0")
    refuse(r"s from 0 to 15, not 77$", "verify", "--step", "77")


@pytest.mark.parametrize("command", ["train", "eval", "predict", "compare", "doctor", "verify"])
def test_help(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert command in result.output


def test_list_of_commands_names_every_one() -> None:
    """Those of other packages, and groups of commands, too."""
    listed = call("--help").output
    assert not [name for name in ("train", "build", "lab", "bench", "hssm") if f" {name} " not in listed]
