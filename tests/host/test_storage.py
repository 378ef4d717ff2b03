"""Disks that are full, folders that cannot be written, names that are too long, two processes on one run: one line, and nothing lost."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from loschmidt.host import atomic, cli, lock, plots
from loschmidt.host.checkpoint import Checkpoint
from loschmidt.host.errors import StorageError
from loschmidt.host.runs import RunFolder

from . import toy
from .full_disk import Disk

SMALL = ["--oscillators", "4", "--batch", "21", "--lr", "0.02"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    toy.write_ts(tmp_path)
    # To draw takes longer than all else, and is not in question here.
    for name in ("learning_curve", "phase_portrait"):
        monkeypatch.setattr(plots, name, lambda content, path: atomic.write(path, b"a picture"))
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(cli.app, list(words))


def line(result: Result) -> str:
    """The one line of a command that has been refused."""
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("error: ").removesuffix("\n")


def finished(folder: Path, name: str, epochs: int = 2) -> Path:
    """A run that nothing has happened to."""
    assert call("train", "toy.ts", *SMALL, "--epochs", str(epochs), "--name", name).exit_code == 0
    return folder / "runs" / name


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_disk_that_fails_at_any_write(folder: Path, number: int) -> None:
    """The command ends with one line, the checkpoint is whole, and the run goes on to the same weights."""
    straight = Checkpoint.load(finished(folder, "straight")).masters
    whole = Disk(folder, 1000)
    with pytest.MonkeyPatch.context() as patch:
        whole.put_in(patch)
        finished(folder, "counted")
    assert whole.writes >= 8  # holder, configuration, three checkpoints, two lines of metrics, two pictures
    for at in range(whole.writes):
        run = folder / "runs" / f"run-{at}"
        with pytest.MonkeyPatch.context() as patch:
            Disk(folder, at, number).put_in(patch)
            said = line(call("train", "toy.ts", *SMALL, "--epochs", "2", "--name", run.name))
        assert said.startswith(f"runs/{run.name}/")
        assert os.strerror(number) in said
        assert not list(run.glob(".*.part"))
        if not (run / "checkpoint.npz").exists():
            continue
        if Checkpoint.load(run).epoch < 2:
            again = call("train", "--resume", f"runs/{run.name}")
            assert again.exit_code == 0, again.output
        assert [each["epoch"] for each in RunFolder(run).lines()] == [1, 2]
        masters = Checkpoint.load(run).masters
        assert all(np.array_equal(masters[name], straight[name]) for name in straight)


def test_run_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be tested, and is not trained."""
    finished(folder, "kept")
    Disk(folder / "runs", 0, errno.EROFS).put_in(monkeypatch)
    assert call("eval", "runs/kept").exit_code == 0
    said = line(call("train", "--resume", "runs/kept", "--epochs", "3"))
    assert said == f"runs/kept/.holder: cannot be written ({os.strerror(errno.EROFS)}): allow it, or choose another place"


def test_metrics_are_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk has taken half of a line, that half is taken back."""
    folder = RunFolder(tmp_path)
    folder.append({"epoch": 1})
    with monkeypatch.context() as patch:
        Disk(tmp_path, 0).put_in(patch)
        with pytest.raises(StorageError, match=r"metrics\.jsonl: cannot be written \(No space left on device\): free some space$"):
            folder.append({"epoch": 2})
    assert folder.metrics.read_text() == '{"epoch": 1}\n'


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "toy.ts", "--name", "a" * 300), r"cannot be written (File name too long): choose a shorter name"),
        (("train", "a" * 300), r"File name too long: choose a shorter name"),
        (("train", "--resume", "a" * 300), r"File name too long: choose a shorter name"),
        (("eval", "a" * 300), r"File name too long: choose a shorter name"),
        (("train", "/"), r"/ is no set: give a file of it, or the folder that is named after the set"),
        (("train", "."), r"no such file: a set needs both"),
        (("train", ".."), r"no such file: a set needs both"),
        (("eval", "/"), r"/checkpoint.npz: no checkpoint there"),
        (("train", "toy.ts", "--oscillators", "65535"), r"an array of 65,535 oscillators and 2 inputs takes at least 241.2 GB of memory"),
        (("compare", "toy.ts", "--oscillators", "65535"), r"an array of 65,535 oscillators"),
        (("verify", "--oscillators", "65535"), r"an array of 65,535 oscillators"),
        (("bench", "reverse", "--oscillators", "65535"), r"an array of 65,535 oscillators"),
        (("boards", "--json", "/"), r"/: Is a directory"),
    ],
)
def test_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str) -> None:
    monkeypatch.setattr("loschmidt.host.room.memory", lambda: 16e9)
    found = line(call(*words))
    assert said in found
    assert len(found) < 400


def test_what_json_names(folder: Path) -> None:
    run = f"runs/{finished(folder, 'run').name}"
    assert line(call("eval", run, "--json", "/")) == "/ is a folder: give the name of a file"
    assert line(call("eval", run, "--json", ".")) == ". is a folder: give the name of a file"
    assert line(call("eval", run, "--json", "runs")).startswith("runs: cannot be written (Is a directory)")
    assert line(call("eval", run, "--json", "none/x")).startswith("none/x: cannot be written (No such file or directory)")
    assert line(call("eval", run, "--json", "a" * 300)).endswith("(File name too long): choose a shorter name")
    assert call("eval", run, "--json", "b" * 250).exit_code == 0


def test_devices_are_written_to_and_links_followed(tmp_path: Path) -> None:
    pipe, target, link = (tmp_path / name for name in ("pipe", "target", "link"))
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    atomic.write(pipe, b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    target.write_bytes(b"old")
    link.symlink_to(target)
    atomic.write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_second_process_is_refused(folder: Path) -> None:
    """It is told who writes there, changes nothing, and may go on afterwards."""
    run = finished(folder, "run")
    other = lock.Lock(run)
    other.take()
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    said = line(call("train", "--resume", "runs/run", "--epochs", "3"))
    assert said.startswith(f"runs/run is being written to by process {os.getpid()} on ")
    assert said.endswith(": wait for its end, or stop it")
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    assert call("eval", "runs/run").exit_code == 0
    other.release()
    assert call("train", "--resume", "runs/run", "--epochs", "3").exit_code == 0


def test_a_lock_that_locks_nothing_would_be_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutant: the second process goes on, as two did before there was a lock."""
    other = lock.Lock(finished(folder, "run"))
    other.take()
    monkeypatch.setattr(lock.Lock, "take", lambda self: None)
    assert call("train", "--resume", "runs/run", "--epochs", "3").exit_code == 0
    other.release()


def test_a_new_run_is_locked_from_its_beginning(tmp_path: Path) -> None:
    made = RunFolder.create("mine", "", tmp_path)
    with pytest.raises(StorageError, match=r"mine is being written to by process"):
        RunFolder.create("mine", "", tmp_path)
    made.release()
    RunFolder.create("mine", "", tmp_path).release()


def test_lock_and_leftovers_of_a_process_that_was_killed(folder: Path) -> None:
    run = finished(folder, "run")
    program = (
        "import sys, time, pathlib\n"
        "from loschmidt.host.lock import Lock\n"
        "lock = Lock(pathlib.Path(sys.argv[1]))\n"
        "lock.take()\n"
        "print('taken', flush=True)\n"
        "time.sleep(600)\n"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(run)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"taken\n"
        assert f"process {holder.pid} on " in line(call("train", "--resume", "runs/run", "--epochs", "3"))
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate(timeout=60)
    (run / ".checkpoint.npz.12345.part").write_bytes(b"half")
    assert call("train", "--resume", "runs/run", "--epochs", "3").exit_code == 0
    assert not list(run.glob(".*.part"))
    assert [each["epoch"] for each in RunFolder(run).lines()] == [1, 2, 3]


def test_numbers_of_runs_are_given_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even where another process takes a number between two looks."""
    made = Path.mkdir

    def late(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        if path.name == "set-0" and not path.exists():
            made(path)
        made(path, mode, parents, exist_ok)

    monkeypatch.setattr(Path, "mkdir", late)
    assert RunFolder.create(None, "set", tmp_path).path.name == "set-1"


def test_leftovers_beside_other_files(tmp_path: Path) -> None:
    """Those of the same name go once they are old; others may be under way."""
    old, new, foreign = (tmp_path / f".{name}.part" for name in ("out.json.1", "out.json.2", "other.json.3"))
    for path in (old, new, foreign):
        path.touch()
    for path in (old, foreign):
        os.utime(path, (time.time() - 7200,) * 2)
    atomic.write(tmp_path / "out.json", b"{}")
    assert sorted(tmp_path.glob(".*.part")) == sorted([new, foreign])


def test_reversal_has_one_writer(folder: Path) -> None:
    (folder / "state").mkdir()
    other = lock.Lock(folder / "state" / "r.json")
    other.take()
    words = ("bench", "reverse", "--steps", "10", "--oscillators", "2", "--state", "state/r.json")
    assert line(call(*words)).startswith("state/r.json is being written to by process ")
    other.release()
    assert call(*words).exit_code == 0
    assert json.loads((folder / "state" / "r.json").read_text())["done"] == 20


def test_out_of_memory_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*given: object) -> None:
        raise MemoryError("Unable to allocate 32.0 GiB")

    monkeypatch.setattr("loschmidt.host.session.begin", greedy)
    assert line(call("train", "toy.ts")).startswith("out of memory (Unable to allocate 32.0 GiB): fewer oscillators")


def test_other_faults_keep_their_traceback(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "a bug", "a file")

    monkeypatch.setattr("loschmidt.host.session.begin", broken)
    assert isinstance(call("train", "toy.ts").exception, FileNotFoundError)
