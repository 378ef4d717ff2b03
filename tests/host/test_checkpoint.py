"""A checkpoint holds everything, is replaced in one piece, and is refused when it is damaged or means something else."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loschmidt.host import atomic, checkpoint
from loschmidt.host.checkpoint import Checkpoint
from loschmidt.host.errors import CheckpointError, ConfigError, DataError, StorageError
from loschmidt.host.evaluation import check_data
from loschmidt.host.runs import RunFolder
from loschmidt.host.scaling import Scaling

from . import toy


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    toy.training(folder=tmp_path).run(until=1)
    return tmp_path / checkpoint.NAME


def rewrite(path: Path, change: dict[str, Any]) -> None:
    """Replace entries of the checkpoint's fingerprint."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(str(arrays.pop("about")))
    about["fingerprint"] |= change
    np.savez(path, about=np.array(json.dumps(about)), **arrays)


def plain(point: Checkpoint) -> dict[str, Any]:
    """All that a checkpoint holds, as values that ``==`` compares."""
    scalings = {name: vars(getattr(point, name) or Scaling(np.zeros(0), np.zeros(0))) for name in ("scaling", "target_scaling")}
    arrays = {"masters": point.masters, "memory": point.memory} | scalings
    lists = {name: {key: value.tolist() for key, value in group.items()} for name, group in arrays.items()}
    return {field.name: getattr(point, field.name) for field in dataclasses.fields(Checkpoint)} | lists


def test_round_trip(saved: Path) -> None:
    first = Checkpoint.load(saved)
    again = saved.with_name("again.npz")
    first.save(again)
    assert plain(Checkpoint.load(again)) == plain(first)


def test_every_field_is_restored(tmp_path: Path) -> None:
    """None has the value that it would have if nobody had saved it."""
    point = Checkpoint(
        config=dataclasses.replace(toy.SMALL, oscillators=7, seed=5, lr=0.125, outputs=(1, 2), decay=0.5),
        classes=("up", "down"),
        channels=3,
        targets=2,
        scaling=Scaling(np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])),
        target_scaling=Scaling(np.array([-1.0, -2.0]), np.array([-3.0, -4.0])),
        masters={"bias": np.array([0.1, 0.2]), "coupling": np.array([[0.3, 1e-300], [-0.0, 5e300]])},
        memory={"first/bias": np.array([0.4, 0.5]), "second/bias": np.array([0.6, 0.7])},
        steps=11,
        generator=dict(np.random.default_rng(3).bit_generator.state),
        epoch=12,
        batch=13,
        tally={"samples": 14, "loss": 15.5, "score": 16.5, "seconds": 17.5, "health": {"samples": 18, "eps": [0.25]}},
        interval=19.5,
    )
    point.save(tmp_path / checkpoint.NAME)
    found = Checkpoint.load(tmp_path)
    assert plain(found) == plain(point)
    assert {name: value.dtype for name, value in found.masters.items()} == {"bias": np.float64, "coupling": np.float64}
    untouched = Checkpoint(point.config, (), 0, 0, point.scaling, None, {})
    assert not [field.name for field in dataclasses.fields(Checkpoint)[6:] if getattr(untouched, field.name) == getattr(point, field.name)]
    dataclasses.replace(point, target_scaling=None).save(tmp_path / checkpoint.NAME)
    assert Checkpoint.load(tmp_path).target_scaling is None


@pytest.mark.parametrize("moment", ["flush", "replace"])
def test_crash_while_writing_leaves_the_old_one(saved: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """An error between writing the new file and renaming it."""
    before = saved.read_bytes()
    point = Checkpoint.load(saved)
    point.epoch = 99

    def fail(*arguments: object) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as broken:
        if moment == "flush":
            broken.setattr(os, "fsync", fail)
        else:
            broken.setattr(Path, "replace", fail)
        with pytest.raises(StorageError, match=r"checkpoint\.npz: cannot be written \(the disk is gone\)$"):
            point.save(saved)
    assert saved.read_bytes() == before
    assert not list(saved.parent.glob(".*.part"))
    point.save(saved)
    assert Checkpoint.load(saved).epoch == 99


def test_killed_while_writing_leaves_the_old_one(tmp_path: Path) -> None:
    """The process dies, with no chance to clean up, just before the rename."""
    target = tmp_path / "file"
    target.write_bytes(b"old")
    program = (
        "import os, sys, pathlib\n"
        "from loschmidt.host import atomic\n"
        "pathlib.Path.replace = lambda self, other: os._exit(9)\n"
        "atomic.write(pathlib.Path(sys.argv[1]), b'new')\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(target)], check=False, timeout=300).returncode == 9
    assert target.read_bytes() == b"old"
    atomic.write(target, b"new")
    assert target.read_bytes() == b"new"


def test_write_in_place_would_be_noticed(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mutant: written straight into the target. The check above tells it from the real thing."""
    before = saved.read_bytes()

    def in_place(path: Path, content: bytes) -> None:
        path.write_bytes(content[: len(content) // 2])
        raise OSError("the disk is gone")

    monkeypatch.setattr(atomic, "write", in_place)
    with pytest.raises(OSError, match="the disk is gone"):
        Checkpoint.load(saved).save(saved)
    assert saved.read_bytes() != before


def test_every_truncation_is_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    for length in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"checkpoint\.npz: not a checkpoint, or a damaged one \(.*\)$") as caught:
            Checkpoint.load(saved)
        assert "\n" not in str(caught.value)


def test_flipped_bits_are_refused(saved: Path) -> None:
    """Wherever a bit flips, the file is refused, or the bit was in a part of the archive that says nothing, such as a date."""
    content, masters = saved.read_bytes(), Checkpoint.load(saved).masters
    refused = 0
    for place in range(0, len(content), len(content) // 64):
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        saved.write_bytes(bytes(damaged))
        try:
            found = Checkpoint.load(saved).masters
        except CheckpointError:
            refused += 1
        else:
            assert all(np.array_equal(found[name], masters[name]) for name in masters)
    assert refused > 48


def test_pickles_are_refused(saved: Path) -> None:
    np.savez(saved, about=np.array([{}], dtype=object))
    with pytest.raises(CheckpointError, match="damaged"):
        Checkpoint.load(saved)


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"layout": 99}, r"checkpoint\.npz: written in layout 99, this version reads 1: train again$"),
        ({"protocol": 0}, r"checkpoint\.npz: made for another spec: protocol was 0, here it is 1: train again$"),
        ({"formats": {"state": "Q4.4"}}, r"made for another spec: formats was \{'state': 'Q4\.4'\}, here it is \{'state': 'Q8\.24'"),
        ({"parameters": ["coupling"]}, r"made for another spec: parameters was \['coupling'\]"),
    ],
)
def test_other_spec_is_refused(saved: Path, change: dict[str, Any], pattern: str) -> None:
    rewrite(saved, change)
    with pytest.raises(CheckpointError, match=pattern):
        Checkpoint.load(saved)


def test_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"checkpoint\.npz: no checkpoint there: give the folder of a run"):
        Checkpoint.load(tmp_path)


def test_data_of_another_shape_are_refused(saved: Path) -> None:
    point, data = Checkpoint.load(saved), toy.dataset()
    check_data(point, data)
    narrow = dataclasses.replace(data.train, inputs=[sample[:, :1] for sample in data.train.inputs])
    with pytest.raises(DataError, match=r"^toy does not fit the checkpoint: its channels: 1; the checkpoint's: 2$"):
        check_data(point, dataclasses.replace(data, train=narrow))
    with pytest.raises(DataError, match=r"its classes: a, b; the checkpoint's: low, middle, high$"):
        check_data(point, dataclasses.replace(data, classes=("a", "b")))


def test_metrics_after_the_checkpoint_are_dropped(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for epoch in (1, 2, 3):
        folder.append({"epoch": epoch})
    with folder.metrics.open("a") as file:
        file.write('{"epoch": 4, "lo')
    assert [line["epoch"] for line in folder.lines()] == [1, 2, 3]
    folder.rewind(2)
    assert [line["epoch"] for line in folder.lines()] == [1, 2]
    folder.metrics.write_text("what?\n")
    with pytest.raises(CheckpointError, match=r"metrics\.jsonl: line 1 is not JSON: move the file away$"):
        folder.lines()


def test_run_names(tmp_path: Path) -> None:
    assert RunFolder.create(None, "Some Set", tmp_path).path.name == "some-set-0"
    assert RunFolder.create(None, "Some Set", tmp_path).path.name == "some-set-1"
    mine = RunFolder.create("mine", "", tmp_path)
    mine.checkpoint.write_bytes(b"")
    with pytest.raises(ConfigError, match=r"mine holds a run already: go on with --resume .*mine, or choose another --name$"):
        RunFolder.create("mine", "", tmp_path)
    with pytest.raises(ConfigError, match=r"^--name is a folder below"):
        RunFolder.create("../mine", "", tmp_path)
