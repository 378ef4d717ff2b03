"""The experiments keep their bounds, miss them where something is broken, and make a report that a browser shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from loschmidt.host import cli, session
from loschmidt.host.data import load
from loschmidt.host.echo_engine import EchoEngine
from loschmidt.host.evaluation import scale
from loschmidt.host.experiments.experiment import Check, Experiment, Outcome, silent
from loschmidt.host.experiments.running import Done, run
from loschmidt.host.lab import cost, dissipation, heb, reversibility, static_gradient, word_length
from loschmidt.host.lab.catalogue import CATALOGUE
from loschmidt.host.lab.formats import formats_of
from loschmidt.host.lab.page import page
from loschmidt.host.training import Training, begin
from loschmidt.host.verify import agreement
from loschmidt.sim import floats
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.theory import Estimate
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.shape import Shape

from .broken import FlipForgotten, InputsAlwaysAscend, NudgeSign, OnePositionOff
from .browser import look


def call(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["lab", *words])


def missed(experiment: Experiment) -> list[str]:
    """Checks that do not pass, of the reduced set."""
    outcome = experiment.measure(True, silent)
    assert not outcome.passed
    return [check.what for check in outcome.checks if not check.passed]


def test_all_experiments_and_their_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("all", "--quick", "--report", "page.html", "--json", "all.json")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "all.json").read_text())
    assert found["passed"]
    assert list(found["experiments"]) == [experiment.name for experiment in CATALOGUE]
    checks = [check for one in found["experiments"].values() for check in one["checks"]]
    assert all(check["passed"] for check in checks)

    seen = look(tmp_path / "page.html")
    assert seen["title"] == "Loschmidt lab"
    assert seen["headings"] == [f"{experiment.name}: {experiment.title}" for experiment in CATALOGUE]
    assert seen["verdict"].startswith(f"{len(checks)} of {len(checks)} bounds kept; the reduced set")
    assert seen["checks"] == ["pass"] * len(checks)
    assert seen["rows"] == [len(one["rows"]) for one in found["experiments"].values()]
    assert faults(seen, tmp_path / "page.html", len(CATALOGUE)) == []


def faults(seen: dict[str, Any], path: Path, images: int) -> list[str]:
    """What is wrong with a page as a browser saw it."""
    found = [f"asked for {address}" for address in seen["asked"] if address != f"file://{path}"[:80]]
    found += [f"said {message}" for message in seen["said"]]
    found += ["image missing"] * (images - sum(bool(i["ready"] and i["width"] and i["shown"] > 300) for i in seen["images"]))
    return found + ["dead link"] * seen["dead"] + (["wider than the window"] if seen["wide"] > 0 else [])


@pytest.fixture
def small() -> Done:
    """A page is made of a few of these."""
    outcome = Outcome({"T": 3}, [{"T": 3, "error <&>": 0.5}], [Check.at_most("one <b>", 0.5, 1.0), Check.at_least("two", 0.5, 1.0)])
    return Done(Experiment("small", "a small one", "One.\n\nTwo.", lambda quick, tell: outcome, static_draw), outcome, 1.0, 1.0)


def static_draw(outcome: Outcome, figure: Any) -> None:
    figure.subplots().plot([1, 2], [3, 4])


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('src="data:image/svg+xml;base64,', 'src="data:image/svg+xml;base64,AAAA', "image missing"),
        ('src="data:', 'src="http://127.0.0.1:9/x', "asked for http://127.0.0.1:9/x"),
        ('href="#small"', 'href="#large"', "dead link"),
        ("</main>", '<div style="width: 300rem">x</div></main>', "wider than the window"),
        ("</main>", "<script>nothing.at.all</script></main>", "said "),
    ],
)
def test_browser_sees_what_is_wrong(small: Done, tmp_path: Path, old: str, new: str, fault: str) -> None:
    path = tmp_path / "page.html"
    sound = page([small], quick=False)
    assert old in sound
    path.write_text(sound.replace(old, new))
    assert any(found.startswith(fault) for found in faults(look(path), path, 1))


def test_page_says_what_was_missed(small: Done, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page([small], quick=False))
    seen = look(path)
    assert faults(seen, path, 1) == []
    assert seen["verdict"].startswith("1 of 2 bounds kept; the whole set")
    assert seen["checks"] == ["pass", "MISS"]
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", path.read_text())


def test_one_experiment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call("static-gradient", "--quick", "--json", "out.json", "--figure", "pictures/out.svg")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out.json").read_text())
    assert (found["experiment"], found["passed"]) == ("static-gradient", True)
    assert "<svg" in (tmp_path / "pictures" / "out.svg").read_text()
    assert call("static-gradient", "--quick").exit_code == 0
    assert (tmp_path / "runs" / "lab" / "static-gradient.png").read_bytes().startswith(b"\x89PNG")
    refused = CliRunner().invoke(cli.app, ["lab", "static-gradient", "--quick", "--figure", "out.txt"])
    assert refused.exit_code == 2
    assert refused.stderr == "error: out.txt: a figure's name must end in .png, .svg or .pdf\n"


def test_missed_bound_is_the_exit_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(static_gradient, "NEAR", 1e-16)
    result = call("static-gradient", "--quick")
    assert result.exit_code == 1
    assert re.search(r"error: 2 of 8 bounds missed: static-gradient: farthest from finite differences", result.stderr)


@pytest.mark.parametrize("experiment", CATALOGUE, ids=lambda experiment: experiment.name)
def test_help_teaches(experiment: Experiment) -> None:
    result = call(experiment.name, "--help")
    assert result.exit_code == 0
    assert experiment.lesson.split()[0] in result.output
    assert "Exit status 1" in result.output


def test_a_check_that_measured_nothing_fails() -> None:
    assert not Check.at_most("x", float("nan"), 1.0).passed
    assert not Check.at_least("x", float("nan"), 1.0).passed
    assert not Outcome({}, [], []).passed


@pytest.mark.parametrize("device", [FlipForgotten, InputsAlwaysAscend])
def test_broken_return_is_caught(device: Callable[[Shape], Emulator], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reversibility, "open_device", lambda name, shape: device(shape))
    assert missed(reversibility.EXPERIMENT)[0].startswith("largest return error in fixed point")


def test_floats_that_stand_still_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floats, "there_and_back", lambda system, phi, pi, s, steps: (phi, pi))
    assert [what.split(",")[0] for what in missed(reversibility.EXPERIMENT)][-1] == "least return error in float64"


def test_wrong_gradient_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_length, "open_device", lambda name, shape: NudgeSign(shape))
    assert len(missed(word_length.EXPERIMENT)) >= 2


def test_echo_that_remembers_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = cost._by_echo
    kept = []

    def remembers(problem: Any) -> None:
        kept.append(np.zeros((len(problem.inputs), problem.shape.oscillators)))
        honest(problem)

    monkeypatch.setattr(cost, "_by_echo", remembers)
    assert missed(cost.EXPERIMENT)[0].startswith("echo: memory")


def digits(gradient: str) -> Training:
    config = replace(heb.CONFIG, gradient=gradient, epochs=1)
    dataset = session.load_data(config)
    return Training(begin(config, dataset), dataset, session.open_engine(config, "emulator", dataset))


def cosines() -> dict[str, float]:
    """Of echo and backpropagation, for each master weight, on twelve images."""
    found = []
    for gradient in ("echo", "bptt"):
        training = digits(gradient)
        samples = scale(training.checkpoint, training.dataset.train).inputs[:12]
        output = np.asarray(training.engine.forward(samples))
        found.append(training.engine.backward(np.sin(np.arange(output.size)).reshape(output.shape))[0])
        training.engine.close()
    return {name: agreement(found[0][name], value)[0] for name, value in found[1].items() if np.any(value)}


def test_gradient_of_digits_is_that_of_backpropagation(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = cosines()
    assert sound.keys() == {"coupling", "stiffness", "bias", "inverse_mass", "encoder"}
    assert min(sound.values()) > 0.9999
    monkeypatch.setattr(EchoEngine, "backward", _backwards(EchoEngine.backward))
    assert cosines()["encoder"] < -0.9999


def _backwards(honest: Callable[..., Any]) -> Callable[..., Any]:
    def backward(self: EchoEngine, output: Any) -> Any:
        gradient, health = honest(self, output)
        return gradient | {"encoder": -gradient["encoder"]}, health

    return backward


def test_devices_agree_on_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    training = digits("echo")
    compared, different = heb._differences(training, training.dataset)
    assert compared > 1000
    assert different == 0
    monkeypatch.setattr(heb, "open_device", lambda name, shape: OnePositionOff(shape) if name == "golden" else Emulator(shape))
    assert heb._differences(training, training.dataset)[1] > 0
    training.engine.close()


def test_digits_are_a_data_set() -> None:
    dataset = load("Digits")
    assert (len(dataset.train), len(dataset.test), dataset.channels, len(dataset.classes), dataset.static) == (1438, 359, 64, 10, True)
    assert {sample.shape for sample in dataset.test.inputs} == {(1, 64)}


def test_train_on_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["train", "digits", "--oscillators", "8", "--epochs", "1", "--steps", "4", "--jitter", "0.3", "--name", "d"]
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "runs" / "d" / "phase_portrait.png").exists()
    again = CliRunner().invoke(cli.app, ["eval", "runs/d"])
    assert again.exit_code == 0
    accuracy = re.search(r"test accuracy ([\d.]+) %", result.output)
    assert accuracy is not None
    assert accuracy[1] in again.output


def _altered(estimate: Estimate) -> Estimate:
    return replace(estimate, parameters=1.01 * estimate.parameters)


MODULES = {"pfvp": static_gradient, "rhel": dissipation, "mixed": static_gradient}


@pytest.mark.parametrize("method", MODULES)
def test_estimate_off_by_a_percent_is_caught(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from loschmidt.host.lab import cases

    for place in (cases, static_gradient):
        honest = place.gradient

        def dishonest(system: Any, inputs: Any, targets: Any, name: str, honest: Any = honest, **options: Any) -> Estimate:
            found: Estimate = honest(system, inputs, targets, name, **options)
            return _altered(found) if name == method else found

        monkeypatch.setattr(place, "gradient", dishonest)
    assert missed(MODULES[method].EXPERIMENT)


@pytest.mark.parametrize("width", range(8, 28))
def test_formats_of_any_width(width: int) -> None:
    found = formats_of(width)
    assert found.multiplier == width
    assert found == PRESETS.get(str(width), found)


def test_run_takes_the_time() -> None:
    experiment = Experiment("x", "x", "x", lambda quick, tell: Outcome({}, [], [Check.at_most("x", 0.0, 0.0)]), static_draw)
    assert run(experiment, False, silent).to_json()["passed"]
