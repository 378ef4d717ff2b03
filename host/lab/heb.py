"""Handwritten digits, told apart on the device: images become initial positions, and the echo learns them and the potential."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from loschmidt.host import digits, plots, session
from loschmidt.host.config import Config
from loschmidt.host.data import Dataset
from loschmidt.host.devices import open_device
from loschmidt.host.echo_engine import EchoEngine, shape_for
from loschmidt.host.encoder import IDLE, Encoder
from loschmidt.host.evaluation import scale
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, Tell
from loschmidt.host.loss import SHARPNESS
from loschmidt.host.recorder import Recorder
from loschmidt.host.training import Training, begin

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Found by validation on the training images alone.
CONFIG = Config(data=digits.NAME, epochs=20, jitter=0.3)
SEEDS, QUICK_EPOCHS = 2, 4

#: Least test accuracy; how far the echo may stay below backpropagation; seconds of one training.
FLOOR, MARGIN, LONGEST = 0.95, 0.01, 120.0

#: Images on which two devices are compared, and those that the figure shows.
COMPARED, SHOWN = 2, 24


def measure(quick: bool, tell: Tell) -> Outcome:
    config = dataclasses.replace(CONFIG, epochs=QUICK_EPOCHS) if quick else CONFIG
    dataset = session.load_data(config)
    rows: list[dict[str, Any]] = []
    curves: list[dict[str, Any]] = []
    shown: list[dict[str, Any]] = []
    compared = different = 0
    for seed in range(1 if quick else SEEDS):
        row: dict[str, Any] = {"seed": seed}
        for gradient in ("echo", "bptt"):
            own = dataclasses.replace(config, seed=seed, gradient=gradient)
            training = Training(begin(own, dataset), dataset, session.open_engine(own, "emulator", dataset))
            began = time.process_time()
            try:
                curve = list(_accuracies(training, lambda share, what=f"{gradient}, seed {seed}": tell(what, share)))
                seconds = time.process_time() - began
                if not shown:
                    shown = _examples(training)
                    compared, different = _differences(training, dataset)
            finally:
                training.engine.close()
            curves.append({"gradient": gradient, "seed": seed, "accuracy": curve})
            row |= {gradient: curve[-1], f"{gradient} s": seconds}
            if gradient == "echo":
                row |= {"samples": training.health.samples, "untrusted": training.health.untrusted}
        rows.append(row)
    echo, bptt = (float(np.mean([row[name] for row in rows])) for name in ("echo", "bptt"))
    checks = [
        Check.at_least("test accuracy by echo, mean of seeds", echo, FLOOR),
        Check.at_most("how far that is below backpropagation", bptt - echo, MARGIN),
        Check.at_most(f"integers that differ on the golden model, of {compared:,}", different, 0),
        Check.at_most("CPU seconds of the longest training by echo", max(row["echo s"] for row in rows), LONGEST),
    ]
    settings = config.to_json() | {"train": len(dataset.train), "test": len(dataset.test)}
    return Outcome({name: settings[name] for name in SETTINGS}, rows, checks, {"curves": curves, "examples": shown})


SETTINGS = (
    "data",
    "train",
    "test",
    "hamiltonian",
    "oscillators",
    "steps",
    "step",
    "readout",
    "epochs",
    "batch",
    "lr",
    "jitter",
    "decay",
    "formats",
)


def _accuracies(training: Training, share: Any) -> Iterator[float]:
    """Test accuracy after each epoch, which decides nothing."""
    epochs = training.config.epochs
    for epoch in range(epochs):
        share(epoch / epochs)
        training.run(until=epoch + 1)
        yield training.test()["test_accuracy"]


def _examples(training: Training) -> list[dict[str, Any]]:
    """Some test images, evenly taken, with what they are and what the device takes them for."""
    point, test = training.checkpoint, training.dataset.test
    chosen = [i * len(test) // SHOWN for i in range(SHOWN)]
    scaled = scale(point, test)
    x = np.asarray(training.engine.forward([scaled.inputs[i] for i in chosen]))
    told = np.argmax(SHARPNESS * x @ point.masters["readout_weight"].T + point.masters["readout_bias"], axis=1)
    return [
        {"pixels": test.inputs[i][0].astype(int).tolist(), "is": int(test.labels[i]), "told": int(guess)}
        for i, guess in zip(chosen, told, strict=True)
    ]


def _differences(training: Training, dataset: Dataset) -> tuple[int, int]:
    """A training step of some images on the emulator and on the golden model: integers read from either, and how many differ."""
    config, point = training.config, training.checkpoint
    small = dataclasses.replace(config, batch=COMPARED)
    samples = scale(point, dataset.train).inputs[:COMPARED]
    logs = []
    for name in ("emulator", "golden"):
        recorder = Recorder(open_device(name, shape_for(small, IDLE, config.steps)), True)
        engine = EchoEngine(recorder, config.system, config.step, config.readout, Encoder(config.steps))
        try:
            engine.load(point.masters)
            engine.backward(np.sign(np.asarray(engine.forward(samples))))
        finally:
            engine.close()
        logs.append(recorder)
    return logs[0].differences(logs[1])


def draw(outcome: Outcome, figure: Figure) -> None:
    figure.set_size_inches(10.0, 4.4)
    left, right = figure.subfigures(1, 2, width_ratios=(1.2, 1.0), squeeze=False)[0]
    axes = left.subplots()
    for name, colour, width, label in (
        ("bptt", plots.ORANGE, 4.0, "BPTT, float64"),
        ("echo", plots.BLUE, 1.3, "echo, integers on the device"),
    ):
        for curve in (c for c in outcome.series["curves"] if c["gradient"] == name):
            epochs = range(1, len(curve["accuracy"]) + 1)
            seen = label if curve["seed"] == 0 else None
            axes.plot(epochs, [100 * a for a in curve["accuracy"]], color=colour, marker="o", ms=3, lw=width, alpha=0.8, label=seen)
    axes.axhline(100 * FLOOR, color=plots.GREEN, lw=1.0, ls="--", label="asked for")
    axes.set(xlabel="epoch", ylabel="test accuracy (%)")
    axes.xaxis.get_major_locator().set_params(integer=True)
    plots.dress(axes)
    axes.legend(frameon=False)
    panels = right.subplots(4, SHOWN // 4)
    for panel, example in zip(panels.flat, outcome.series["examples"], strict=True):
        panel.imshow(np.reshape(example["pixels"], (8, 8)), cmap="gray_r")
        panel.set_axis_off()
        panel.set_title(str(example["told"]), fontsize=10, pad=2, color=plots.INK if example["told"] == example["is"] else "red")


EXPERIMENT = Experiment(
    "heb",
    "handwritten digits by Hamiltonian echo backpropagation, on the device",
    """Does it learn a static task, where no input drives the system?

An image becomes the positions from which the oscillators are let go, phi_0 = E x; where they are after T steps tells the digit. The echo
returns dL/dphi_0, which trains E, and the products that train the potential: all integers, and the same on every device. The data are
scikit-learn's 1797 images of 8 x 8 pixels, every fifth of them for the test.

Exit status 1 below 95 % test accuracy, or more than a point below backpropagation through time of the same model in float64, or if one
integer of a training step differs on the golden model.""",
    measure,
    draw,
)
