"""Metrics as TensorBoard's events, beside ``metrics.jsonl``, where TensorBoard is installed.

Each epoch is appended and flushed at once, by TensorBoard's own record writer: no thread to be
closed, and no PyTorch.
"""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import atomic

#: Within the folder of a run. TensorBoard looks for ``tfevents`` in the name.
NAME = "events.out.tfevents.0.loschmidt"


def append(folder: Path, line: Mapping[str, Any]) -> None:
    """Add the numbers of one line of metrics; its ``epoch`` is TensorBoard's step."""
    path = folder / NAME
    encoded = _encoded([line], start=not path.exists())
    if encoded:
        atomic.append(path, encoded)


def rewrite(folder: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write all lines anew, for a run that goes on from an earlier epoch or after a crash."""
    encoded = _encoded(lines, start=True)
    if encoded:
        atomic.write(folder / NAME, encoded)


def _encoded(lines: Sequence[Mapping[str, Any]], start: bool) -> bytes:
    """Records of the lines, after that which begins a file; nothing without TensorBoard."""
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError:
        return b""
    now = time.time()
    events = [Event(wall_time=now, file_version="brain.Event:2")] if start else []
    for line in lines:
        numbers = {name: float(value) for name, value in line.items() if name != "epoch" and isinstance(value, int | float)}
        values = [Summary.Value(tag=name, simple_value=value) for name, value in numbers.items()]
        events.append(Event(wall_time=now, step=int(line["epoch"]), summary=Summary(value=values)))
    buffer = io.BytesIO()
    writer = RecordWriter(buffer)
    for event in events:
        writer.write(event.SerializeToString())
    return buffer.getvalue()
