"""A small task with three classes that oscillators tell apart by frequency, and what trains on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from loschmidt.host import session
from loschmidt.host.config import Config
from loschmidt.host.data import Dataset, Split
from loschmidt.host.runs import RunFolder
from loschmidt.host.training import Training, begin

CLASSES = ("low", "middle", "high")


def split(generator: np.random.Generator, count: int) -> Split:
    labels = np.arange(count) % len(CLASSES)
    inputs = []
    for label in labels:
        time = np.arange(int(generator.integers(12, 20)))
        phase = generator.uniform(0.0, 0.3)
        inputs.append(np.stack([np.sin((0.2 + 0.3 * label) * time + phase), np.cos(0.4 * label * time)], axis=1))
    return Split(inputs, labels, [])


def dataset() -> Dataset:
    generator = np.random.default_rng(7)
    return Dataset("toy", split(generator, 21), split(generator, 9), CLASSES)


def waveform(steps: int = 240) -> str:
    time = np.arange(steps)
    rows = zip(np.sin(0.3 * time), 0.5 * np.sin(0.3 * time + 0.5), strict=True)
    return "drive,wanted\n" + "".join(f"{a:.6f},{b:.6f}\n" for a, b in rows)


def ts_text(part: Split) -> str:
    lines = ["@problemName toy", "@dimensions 2", f"@classLabel true {' '.join(CLASSES)}", "@data"]
    for sample, label in zip(part.inputs, part.labels, strict=True):
        lines.append(":".join(",".join(f"{value:.5f}" for value in channel) for channel in sample.T) + f":{CLASSES[label]}")
    return "\n".join(lines) + "\n"


def write_ts(folder: Path) -> Path:
    """The task as files; returns their stem."""
    data = dataset()
    (folder / "toy_TRAIN.ts").write_text(ts_text(data.train))
    (folder / "toy_TEST.ts").write_text(ts_text(data.test))
    return folder / "toy"


SMALL = Config(data="toy", oscillators=6, epochs=4, batch=8, lr=2e-2)


def training(config: Config = SMALL, device: str = "emulator", folder: Path | None = None) -> Training:
    data = dataset()
    return Training(begin(config, data), data, session.open_engine(config, device, data), None if folder is None else RunFolder(folder))
