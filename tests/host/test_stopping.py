"""Requests to stop, whoever makes them: work is saved first, one line says so, and the status says who it was."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from loschmidt.host import cli, interrupt, session
from loschmidt.host.checkpoint import Checkpoint
from loschmidt.host.output import Output
from loschmidt.host.training import Training

from . import toy

SMALL = ["--oscillators", "4", "--batch", "8", "--lr", "0.02", "--epochs", "3", "--gradient", "bptt"]


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """Hang-ups are not ignored, even if the tests were started by `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "pictures", lambda training, device: [])
    toy.write_ts(tmp_path)
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words))


def after(batches: int, what: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do something in the middle of a training, once."""
    step, left = Training._minibatch, [batches]

    def counted(training: Training, *given: Any) -> None:
        step(training, *given)
        left[0] -= 1
        if left[0] == 0:
            what()

    monkeypatch.setattr(Training, "_minibatch", counted)


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_signal_saves_first(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, status: int) -> None:
    number = signal.Signals[name]
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with monkeypatch.context() as patch:
        after(4, lambda: signal.raise_signal(number), patch)
        result = call("train", "toy.ts", *SMALL, "--name", "stopped")
    assert result.exit_code == status, result.output
    assert result.stdout.splitlines()[-1] == "interrupted; all is saved: go on with  loschmidt train --resume runs/stopped"
    assert {each: signal.getsignal(each) for each in before} == before
    point = Checkpoint.load(folder / "runs" / "stopped")
    assert (point.epoch, point.batch) == (1, 1)
    assert call("train", "--resume", "runs/stopped").exit_code == 0
    assert call("train", "toy.ts", *SMALL, "--name", "straight").exit_code == 0
    stopped, straight = (Checkpoint.load(folder / "runs" / run).masters for run in ("stopped", "straight"))
    assert all(np.array_equal(stopped[each], straight[each]) for each in straight)


def test_several_signals_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler's second signal, or one of a terminal that closes after Ctrl-C, does not keep the work from being saved."""

    def both() -> None:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGHUP)

    after(4, both, monkeypatch)
    assert call("train", "toy.ts", *SMALL, "--name", "stopped").exit_code == 143
    assert Checkpoint.load(folder / "runs" / "stopped").epoch == 1


def test_a_second_ctrl_c_does_not_wait(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    after(4, twice, monkeypatch)
    result = call("train", "toy.ts", *SMALL, "--name", "stopped")
    assert result.exit_code == 130
    assert result.stderr == "error: interrupted: what was saved before is untouched\n"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_signal_where_there_is_nothing_to_save(folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, status: int) -> None:
    monkeypatch.setattr(session, "start", lambda *given: signal.raise_signal(number))
    result = call("train", "toy.ts")
    assert result.exit_code == status
    assert result.stderr == "error: interrupted: what was saved before is untouched\n"


def test_what_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `nohup` wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interrupt.deferred() as stopped:
            signal.raise_signal(signal.SIGHUP)
        assert not stopped()
    finally:
        signal.signal(signal.SIGHUP, before)


class Closed(io.StringIO):
    """A pipe that takes some lines and then has no reader."""

    def __init__(self, error: OSError, lines: int = 0) -> None:
        super().__init__()
        self.error, self.lines = error, lines

    def write(self, text: str) -> int:
        if self.lines == 0:
            raise self.error
        self.lines -= text.count("\n")
        return super().write(text)


def test_output_that_is_lost_in_the_middle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`train | head`: the epoch's line finds no reader, and the work is saved."""
    monkeypatch.setattr(sys, "stdout", Closed(BrokenPipeError(32, "Broken pipe"), 2))
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    with pytest.raises(SystemExit) as end:
        cli.app(["train", "toy.ts", *SMALL, "--epochs", "9", "--name", "stopped"])
    assert end.value.code == 141
    assert errors.getvalue() == "interrupted; all is saved: go on with  loschmidt train --resume runs/stopped\n"
    assert Checkpoint.load(folder / "runs" / "stopped").epoch == 5


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (BrokenPipeError(32, "Broken pipe"), 141, ""),
        (OSError(5, "Input/output error"), 129, "error: interrupted: what was saved before is untouched\n"),
        (OSError(28, "No space left on device"), 141, "error: the output cannot be written: No space left on device: free some space\n"),
    ],
)
def test_output_that_is_lost_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, status: int, said: str) -> None:
    """A closed terminal, too. One line where somebody may want it, and no traceback."""
    monkeypatch.setattr(sys, "stdout", Closed(error))
    errors = io.StringIO()
    monkeypatch.setattr(sys, "stderr", errors)
    with pytest.raises(SystemExit) as end:
        cli.app(["train", "toy.ts", *SMALL])
    assert end.value.code == status
    assert errors.getvalue() == said


def test_progress_in_another_thread_leaves_the_end_to_the_main_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Closed(BrokenPipeError(32, "Broken pipe")))
    output = Output("stdout")
    thread = threading.Thread(target=lambda: output.write("a bar"))
    thread.start()
    thread.join()
    with pytest.raises(interrupt.Stopped) as stopped:
        output.write("a line")
    assert stopped.value.status == 141
    assert output.lost
    output.write("nobody hears this")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert not output.lost


def test_real_pipe_without_a_reader(folder: Path) -> None:
    """Nor does Python complain when it ends."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "loschmidt.host.cli", "train", "toy.ts", *SMALL],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
