"""The study of the detector counts what it should, and catches wrong verdicts and gradients."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from loschmidt.host import cli, trusted
from loschmidt.host.device import Device
from loschmidt.host.echo import EchoGradient, Readout
from loschmidt.host.experiments.experiment import silent
from loschmidt.host.lab import time_step, trust
from loschmidt.host.lab.trust import Judged, checks, draw, errors, figures, judge
from loschmidt.host.parameters import Master
from loschmidt.host.problem import Problem, by_echo, by_reference
from loschmidt.host.verify import quality, verify
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.formats import PRESETS
from loschmidt.spec.hamiltonian import Hamiltonian

#: Systems of each test, of all Hamiltonians together.
FEW = 16


def one(whole: float, believed: bool, group: float = 0.0, asymmetry: float = 0.01, raised: bool = False) -> Judged:
    """A system of which only this counts."""
    return Judged("dense", 2, "18", 8, 100, "last", believed, raised, asymmetry, 0.01, whole, max(whole, group), "bias")


def test_both_failures_are_counted() -> None:
    judged = [one(0.001, True), one(0.06, True), one(0.02, True, group=0.8), one(0.005, False), one(0.03, False), one(math.inf, False)]
    found = figures(judged)
    assert (found["systems"], found["trusted"], found["not trusted"]) == (6, 3, 3)
    assert (found["of these off by > 5 %"], found["with a group off by > 5 %"], found["of these within 1 %"]) == (1, 2, 1)
    assert (found["share, %"], found["worst, %"], found["worst group, %"]) == pytest.approx((100 / 3, 6.0, 80.0))


def test_other_limits_judge_the_same_gradients() -> None:
    judged = [one(0.06, True, asymmetry=0.05), one(0.001, False, asymmetry=0.1), one(0.001, False, asymmetry=0.001, raised=True)]
    assert figures(judged, (0.2, 0.1))["trusted"] == 2
    strict = figures(judged, (0.02, 0.1))
    assert (strict["trusted"], strict["of these off by > 5 %"], strict["of these within 1 %"]) == (0, 0, 2)
    assert figures(judged, (0.2, 0.001))["trusted"] == 0


def test_nan_is_no_right_gradient() -> None:
    found = figures([one(math.nan, True), one(math.nan, False)])
    assert (found["of these off by > 5 %"], found["of these within 1 %"]) == (1, 0)


def test_errors_are_relative_at_any_size() -> None:
    expected = {"a": np.array([3e200, 4e200]), "b": np.array([0.0]), "none": np.zeros(0)}
    whole, groups = errors({"a": np.array([3e200, 4.5e200]), "b": np.array([0.0]), "none": np.zeros(0)}, expected)
    assert whole == pytest.approx(0.1)
    assert groups == pytest.approx({"a": 0.1, "b": 0.0})
    assert errors({"a": expected["a"], "b": np.array([1e199])}, {"a": expected["a"], "b": np.array([0.0])})[1]["b"] == math.inf


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
def test_the_same_systems_are_drawn_again(hamiltonian: Hamiltonian) -> None:
    found = [draw(hamiltonian, index) for index in range(15)]
    again = draw(hamiltonian, 7)
    assert {(each.s, each.bits) for each in found} == {(s, bits) for s in trust.STEPS for bits in PRESETS}
    assert all((again.problem.codes[name] == codes).all() for name, codes in found[7].problem.codes.items())
    assert (again.problem.inputs == found[7].problem.inputs).all()
    assert len({len(each.problem.inputs) for each in found}) > 5
    assert len(draw(hamiltonian, 7, seed=1).problem.inputs) != len(again.problem.inputs)


def credulous(problem: Problem, device: Device, readout: Readout) -> EchoGradient:
    """An echo whose detector believes everything."""
    echo = by_echo(problem, device, readout)
    return replace(echo, report=[report._replace(overflow=False, clip=False, asym=0.0, dev=0.0) for report in echo.report])


def a_tenth_too_large(problem: Problem, device: Device, readout: Readout) -> EchoGradient:
    """An echo with a wrong factor."""
    echo = by_echo(problem, device, readout)
    parameters = {name: 1.1 * value for name, value in echo.parameters.items()}
    return replace(echo, parameters=parameters, position0=1.1 * echo.position0, momentum0=1.1 * echo.momentum0)


def kept(judged: Sequence[Judged], share: float = 0.05) -> list[bool]:
    return [check.passed for check in checks(judged, dict.fromkeys(Hamiltonian, share))]


@pytest.fixture
def computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reference gradients, which take most of the time, are kept for the next study."""
    kept: dict[bytes, Master] = {}

    def remembered(problem: Problem, readout: Readout) -> Master:
        key = problem.inputs.tobytes()
        if key not in kept:
            kept[key] = by_reference(problem, readout)
        return kept[key]

    monkeypatch.setattr(trust, "by_reference", remembered)


@pytest.mark.usefixtures("computed_once")
def test_wrong_gradients_and_wrong_verdicts_are_caught() -> None:
    sound = judge(by_echo, FEW)
    assert all(kept(sound))
    assert not any(kept(judge(a_tenth_too_large, FEW)))
    believed = figures(judge(credulous, FEW))
    assert believed["trusted"] == FEW > figures(sound)["trusted"]
    assert believed["of these off by > 5 %"] > figures(sound)["of these off by > 5 %"]


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.app, ["lab", "trust", "--systems", "4", "--json", "trust.json"])
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "trust.json").read_text())
    assert found["settings"]["systems"] == 4
    assert [row["systems"] for row in found["rows"] if row["by"] == "hamiltonian"] == [1] * 4
    assert len(found["series"]["cells"]) == len(Hamiltonian) * len(PRESETS) * len(trust.STEPS)


@pytest.mark.parametrize("hamiltonian", Hamiltonian)
@pytest.mark.parametrize("bits", PRESETS)
def test_what_trusted_means_is_told_for_every_step(hamiltonian: Hamiltonian, bits: str) -> None:
    name = hamiltonian.name.lower()
    for s in trust.STEPS:
        told = trusted.meaning(name, bits, s)
        assert (
            f"of random {name} systems (N = 8 to 16, T = 50 to 3,000) at delta = 2^-{s} with {bits} bits were off by more than 5 %" in told
        )
        assert told.endswith("(loschmidt lab trust --systems 3840)")
    assert "was not measured" in trusted.meaning(name, bits, 9)


def test_larger_steps_are_told_as_they_are() -> None:
    """Groups beyond the bounds are counted at a large step, and so are the trusted ones."""
    report = verify(Emulator, hamiltonians=(Hamiltonian.DIAGONAL,), oscillators=8, inputs=3, steps=600, s=1, checks=("gradient",))
    found = quality(report)
    missed = [row for row in report.rows if not row.passed]
    assert found.groups == len(report.rows) > found.missed == len(missed) > 0
    assert found.cosine == min(row.measured["cosine"] for row in report.rows)
    sure = quality(report, trusted=True)
    assert sure.groups == sum(row.measured["trusted"] for row in report.rows) < found.groups
    assert sure.missed == sum(row.measured["trusted"] for row in missed)
    result = CliRunner().invoke(cli.app, ["verify", "--check", "gradient", "--oscillators", "4", "--steps", "30", "--step", "2"])
    told = " ".join(result.stdout.split())
    assert "gradients at delta = 2^-2: least cosine " in told
    assert " groups beyond the bounds, which are stated for 2^-5 trusted ones at delta = 2^-2: " in told


def test_training_s_own_step_is_among_those_measured() -> None:
    rows = time_step.EXPERIMENT.measure(True, silent).rows
    assert [(row["delta"], row["bits"]) for row in rows if row["training's own"]] == [("2^-2", 18)]
