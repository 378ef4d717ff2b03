"""TensorBoard's events of a run: what metrics say; none, and no word, where it is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from loschmidt.host import events
from loschmidt.host.runs import RunFolder


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """As TensorBoard itself reads them."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    found: dict[str, list[tuple[int, float]]] = {}
    begin, *rest = LegacyEventFileLoader(str(folder / events.NAME)).Load()
    assert begin.file_version == "brain.Event:2"
    assert not any(event.file_version for event in rest)
    for event in rest:
        for value in event.summary.value:
            found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


def test_epochs_become_steps(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for epoch in (1, 2, 3):
        folder.append({"epoch": epoch, "loss": 0.5 * epoch, "untrusted": epoch, "about": "no number"})
    assert scalars(tmp_path) == {"loss": [(1, 0.5), (2, 1.0), (3, 1.5)], "untrusted": [(1, 1), (2, 2), (3, 3)]}


def test_resumed_run_has_each_epoch_once(tmp_path: Path) -> None:
    """Even if a record was cut off by a crash."""
    folder = RunFolder(tmp_path)
    for epoch in (1, 2, 3):
        folder.append({"epoch": epoch, "loss": 0.5 * epoch})
    path = tmp_path / events.NAME
    path.write_bytes(path.read_bytes()[:-5])
    folder.rewind(1)
    folder.append({"epoch": 2, "loss": 4.0})
    assert scalars(tmp_path) == {"loss": [(1, 0.5), (2, 4.0)]}


def test_nothing_happens_without_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    folder = RunFolder(tmp_path)
    folder.append({"epoch": 1, "loss": 0.5})
    folder.rewind(1)
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.jsonl"]


def test_torch_is_not_needed(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['tensorflow'] = None\n"
        "from pathlib import Path; from loschmidt.host import events\n"
        f"events.append(Path({str(tmp_path)!r}), {{'epoch': 1, 'loss': 0.5}})"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)
    assert scalars(tmp_path) == {"loss": [(1, 0.5)]}
