"""Training goes downhill, by either gradient, and stops and starts without a trace."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from loschmidt.host import data, parameters, session
from loschmidt.host.checkpoint import Checkpoint
from loschmidt.host.config import Config
from loschmidt.host.echo_engine import EchoEngine
from loschmidt.host.engine import Health
from loschmidt.host.errors import ConfigError
from loschmidt.host.loss import Output, SoftmaxHead, TrackingHead
from loschmidt.host.runs import RunFolder
from loschmidt.host.training import Interrupted, Training, begin

from . import toy


def equal(a: Checkpoint, b: Checkpoint) -> bool:
    """Bit for bit: weights, the optimiser's memory, the shuffle, the place."""
    names = a.masters.keys() == b.masters.keys() and a.memory.keys() == b.memory.keys()
    arrays = all(np.array_equal(a.masters[n], b.masters[n]) for n in a.masters) and all(
        np.array_equal(a.memory[n], b.memory[n]) for n in a.memory
    )
    return names and arrays and (a.steps, a.epoch, a.batch, a.generator) == (b.steps, b.epoch, b.batch, b.generator)


@pytest.mark.parametrize("hamiltonian", ["springs", "linear", "diagonal", "dense"])
@pytest.mark.parametrize("readout", ["last", "mean"])
def test_echo_learns_what_bptt_learns(hamiltonian: str, readout: str) -> None:
    losses = {}
    for gradient in ("echo", "bptt"):
        config = dataclasses.replace(toy.SMALL, hamiltonian=hamiltonian, readout=readout, gradient=gradient, epochs=6, jitter=0.0)
        training = toy.training(config)
        training.run(until=1)
        first = training.last["loss"]
        training.run()
        losses[gradient] = training.last["loss"]
        assert losses[gradient] < 0.8 * first
    assert losses["echo"] == pytest.approx(losses["bptt"], rel=0.02)


@pytest.mark.parametrize("gradient", ["echo", "bptt"])
def test_waveform_is_tracked(tmp_path: Path, gradient: str) -> None:
    (tmp_path / "wave.csv").write_text(toy.waveform())
    path = str(tmp_path / "wave.csv")
    config = Config(path, 1, 40, oscillators=6, readout="every", outputs=(2,), epochs=30, batch=2, lr=2e-2, gradient=gradient)
    wave = session.load_data(config)
    training = Training(begin(config, wave), wave, session.open_engine(config, "emulator", wave))
    training.run(until=1)
    first = training.last["loss"]
    training.run()
    assert training.last["loss"] < 0.4 * first
    assert training.last["test_error"] < 1.0


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
@pytest.mark.parametrize("stopped_at", [2, 8])
def test_resumed_run_is_the_run_that_never_stopped(tmp_path: Path, optimiser: str, stopped_at: int) -> None:
    config = dataclasses.replace(toy.SMALL, optimiser=optimiser, decay=0.1, clip=1.0)
    for name in ("straight", "first"):
        (tmp_path / name).mkdir()
    straight = toy.training(config, folder=tmp_path / "straight")
    straight.run()
    first = toy.training(config, folder=tmp_path / "first")
    asked = iter(range(100))
    with pytest.raises(Interrupted):
        first.run(stop=lambda: next(asked) == stopped_at)
    loaded = Checkpoint.load(tmp_path / "first")
    assert (loaded.epoch, loaded.batch) == divmod(stopped_at, 3)
    dataset = toy.dataset()
    second = Training(loaded, dataset, session.open_engine(config, "emulator", dataset), RunFolder(tmp_path / "first"))
    second.run()
    assert equal(second.checkpoint, straight.checkpoint)
    # The epoch that was cut in two is told as a whole, like every other.
    assert [{**line, "seconds": 0} for line in RunFolder(tmp_path / "first").lines()] == [
        {**line, "seconds": 0} for line in RunFolder(tmp_path / "straight").lines()
    ]
    assert [line["epoch"] for line in RunFolder(tmp_path / "first").lines()] == [1, 2, 3, 4]


def test_two_epochs_and_two_more_are_four(tmp_path: Path) -> None:
    straight = toy.training()
    straight.run()
    toy.training(folder=tmp_path).run(until=2)
    dataset = toy.dataset()
    second = Training(Checkpoint.load(tmp_path), dataset, session.open_engine(toy.SMALL, "emulator", dataset))
    second.run()
    assert equal(second.checkpoint, straight.checkpoint)


def test_seeds_differ_and_repeat() -> None:
    runs = []
    for seed in (0, 0, 1):
        training = toy.training(dataclasses.replace(toy.SMALL, seed=seed, epochs=1))
        training.run()
        runs.append(training.checkpoint)
    assert equal(runs[0], runs[1])
    assert not equal(runs[0], runs[2])


def test_golden_device_trains_the_same_weights() -> None:
    config = dataclasses.replace(toy.SMALL, oscillators=3, epochs=1)
    weights = []
    for device in ("emulator", "golden"):
        training = toy.training(config, device)
        training.run()
        weights.append(training.checkpoint)
    assert equal(*weights)


def test_gateware_trains_the_same_weights() -> None:
    """One epoch, six updates, on the simulated gateware."""
    config = dataclasses.replace(toy.SMALL, oscillators=4, epochs=1, batch=4)
    points = []
    for device in ("emulator", "rtl"):
        training = toy.training(config, device)
        try:
            training.run()
        finally:
            training.engine.close()
        points.append(training.checkpoint)
    assert points[0].steps == 6
    assert equal(*points)


class Reversed(EchoEngine):
    """Mutant: climbs."""

    def backward(self, output: Output) -> tuple[dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]], Health]:
        gradient, health = super().backward(output)
        return {name: -part for name, part in gradient.items()}, health


def test_reversed_gradient_is_noticed() -> None:
    """The check above can fail: a gradient of the wrong sign ends elsewhere."""
    config = dataclasses.replace(toy.SMALL, epochs=6)
    data = toy.dataset()
    losses = []
    for kind in (EchoEngine, Reversed):
        engine = session.echo_engine(config, "emulator", data)
        engine.__class__ = kind
        training = Training(begin(config, data), data, engine)
        training.run()
        losses.append(training.last["loss"])
    assert losses[1] > 1.02 * losses[0]


def test_untrusted_gradients_are_counted(tmp_path: Path) -> None:
    """Oscillators that are driven out of the operand's range clip, and the metrics say so."""
    training = toy.training(folder=tmp_path)
    training.checkpoint.masters["stiffness"][:] = 2.0**-6
    training.checkpoint.masters["coupling"][:] = 0.0
    training.checkpoint.masters["coupling"][0, 0] = 7.9
    training.checkpoint.masters["input_weight"][:] = 7.9
    training.checkpoint.masters["inverse_mass"][:] = 3.0
    training.engine.load(training.checkpoint.masters)
    training.run(until=1)
    line = json.loads((tmp_path / "metrics.jsonl").read_text())
    assert line["untrusted"] >= line["clip"] > 0
    assert training.health.untrusted == line["untrusted"]


def test_weights_stay_stable_at_any_rate() -> None:
    training = toy.training(dataclasses.replace(toy.SMALL, lr=5.0, step=1, optimiser="sgd", epochs=2))
    training.run()
    system = {name: training.checkpoint.masters[name] for name in parameters.names(training.config.system)}
    parameters.check_stable(system, training.config.system, 1)


@pytest.mark.parametrize(
    ("change", "pattern"),
    [
        ({"hamiltonian": "pendulum"}, r"^--hamiltonian must be one of springs, linear, diagonal, dense, not 'pendulum'$"),
        ({"formats": "8"}, r"^--formats must be one of 16, 18, 25, or like state/.*, not '8'$"),
        ({"oscillators": 0}, r"^--oscillators must be from 1 to 65535, not 0$"),
        ({"step": 16}, r"^--step must be from 0 to 15, not 16$"),
        ({"lr": float("nan")}, r"^--lr must be a positive number, not nan$"),
        ({"clip": -1.0}, r"^--clip must be zero or a positive number, not -1.0$"),
        ({"outputs": (6,)}, r"^--outputs must be oscillators 0 to 5, not 6$"),
    ],
)
def test_bad_options(change: dict[str, Any], pattern: str) -> None:
    with pytest.raises(ConfigError, match=pattern):
        dataclasses.replace(toy.SMALL, **change)


def test_readout_must_fit_the_data(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^--readout every tracks a waveform, the data are classes"):
        begin(dataclasses.replace(toy.SMALL, readout="every"), toy.dataset())
    (tmp_path / "wave.csv").write_text(toy.waveform())
    wave = data.load(str(tmp_path / "wave.csv"))
    with pytest.raises(ConfigError, match=r"^--readout last tells classes apart, the data are a waveform"):
        begin(toy.SMALL, wave)
    with pytest.raises(ConfigError, match=r"^--outputs must name 1 different oscillators, one for each target, not 2$"):
        begin(dataclasses.replace(toy.SMALL, readout="every", outputs=(1, 2)), wave)


def test_loss_derivatives_are_those_of_the_loss() -> None:
    """Against central differences."""
    generator = np.random.default_rng(0)
    classes = toy.dataset().train
    chosen = np.arange(5)
    head = SoftmaxHead(3, 4)
    masters = head.initial(generator)
    x = generator.normal(size=(5, 4))
    verdict = head.judge(masters, x, classes, chosen)
    step = 1e-6
    for index in np.ndindex(x.shape):
        moved = [x.copy(), x.copy()]
        moved[0][index] += step
        moved[1][index] -= step
        high, low = (head.judge(masters, m, classes, chosen).loss / len(chosen) for m in moved)
        assert np.asarray(verdict.output)[index] == pytest.approx((high - low) / (2 * step), abs=1e-7)
    track = TrackingHead((1, 3), 4)
    paths = [generator.normal(size=(t, 4)) for t in (3, 5)]
    wanted = data.Split([], np.zeros(0, np.int64), [generator.normal(size=(t, 2)) for t in (3, 5)])
    gradients = track.judge({}, paths, wanted, np.arange(2)).output
    for sample, index in ((0, (2, 1)), (1, (4, 3)), (1, (0, 0))):
        up, down = ([path.copy() for path in paths] for _ in range(2))
        up[sample][index] += step
        down[sample][index] -= step
        high, low = (track.judge({}, side, wanted, np.arange(2)).loss / 2 for side in (up, down))
        assert gradients[sample][index] == pytest.approx((high - low) / (2 * step), abs=1e-7)
