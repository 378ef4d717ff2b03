"""`loschmidt bench`: contenders agree, verdicts follow the figures, and a reversal goes on where it was stopped."""

from __future__ import annotations

import importlib
import json
import platform
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from loschmidt.host import cli
from loschmidt.host import devices as opening
from loschmidt.host.bench import devices, echo_step, footprint, jax_step, long, long_reversal, memory, speed, torch_step
from loschmidt.host.bench.catalogue import CATALOGUE
from loschmidt.host.bench.processor import processor
from loschmidt.host.bench.workload import Case
from loschmidt.host.errors import CheckpointError, DeviceError, MissingExtraError
from loschmidt.host.experiments.experiment import Experiment, silent
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.shape import Shape

from .broken import FlipForgotten, NudgeSign, OneBitOff


def call(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["bench", *words])


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_speed(tmp_path: Path) -> None:
    result = call("speed", "--quick", "--json", "out.json", "--figure", "out.svg")
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out.json").read_text())
    assert [(row["N"], row["B"], row["T"]) for row in found["rows"][::6]] == [(8, 1, 50), (8, 2, 50)]
    assert min(row["us per step and sequence"] for row in found["rows"]) > 0
    assert found["settings"]["kernel"]
    assert found["settings"]["processor"] == processor()
    assert "<svg" in (tmp_path / "out.svg").read_text()


def test_gradient_of_another_system_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(echo_step, "Emulator", lambda shape, workers: NudgeSign(shape))
    steps = {speed.JAX: jax_step.step(Case(4, 1, 20)), speed.name("18", False): echo_step.step(Case(4, 1, 20))[0]}
    steps[speed.TORCH] = steps[speed.JAX]
    rows = speed.table(Case(4, 1, 20), *speed.timed(steps, 1, 0.0, 1))
    assert [check.passed for check in speed.judged(rows, True)] == [False]


def test_a_contender_that_fails_keeps_no_other_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither one that cannot be made, nor one that fails later: the others' rows, the JSON and the figure are there."""

    def unmade(*arguments: Any) -> Any:
        raise RuntimeError("CppCompileError: C++ compile error\n\nCommand:\ng++ -I/my folder/torch/include")

    monkeypatch.setattr(torch_step, "step", unmade)
    monkeypatch.setattr(speed, "cases", lambda quick: [Case(4, 1, 20)])
    result = call("speed", "--quick", "--json", "out.json")
    assert result.exit_code == 0, result.output
    rows = json.loads((tmp_path / "out.json").read_text())["rows"]
    lost = [row for row in rows if row["turns"] == 0]
    said = "CppCompileError: C++ compile error Command: g++ -I/my folder/torch/include"
    assert [row["what"] for row in lost] == [f"{speed.TORCH}: failed: {said}"]
    assert all(row["/ JAX"] > 0 and row["cosine to JAX"] > 0.9 and row["/ PyTorch"] is None for row in rows if row["turns"])
    assert (tmp_path / "runs" / "bench" / "speed.png").exists()

    def late(calls: Iterator[int]) -> dict[str, Any]:
        if next(calls) == 2:
            raise MemoryError
        return {}

    taken, gradients, failed = speed.timed({"good": dict, "bad": partial(late, count())}, 3, 0.0, 3)
    assert (set(taken), set(gradients), failed) == ({"good"}, {"good"}, {"bad": "MemoryError"})
    assert len(taken["good"]) == 3


def test_what_was_not_measured_is_missed() -> None:
    """Without JAX there is nothing to be held to."""
    echo = speed.name("18", False)
    rows = speed.table(Case(*speed.HELD[:1], 1, speed.HELD[1]), {echo: [1.0]}, {echo: {}}, {speed.JAX: "not installed"})
    assert not any(check.passed for check in speed.judged(rows, False))


def test_memory_keeps_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies costs its own figures alone, and the bounds of its curve are missed."""

    def measured(who: str, case: Case) -> dict[str, int]:
        if who == footprint.JAX and case.steps > 100:
            raise DeviceError("memory of jax could not be measured: killed")
        return {"grown": 1000, "inputs": 10}

    monkeypatch.setattr(footprint, "measured", measured)
    outcome = memory.measure(True, silent)
    assert [row["JAX bytes"] for row in outcome.rows] == [1000, None]
    assert [row["echo bytes"] for row in outcome.rows] == [1000, 1000]
    assert outcome.settings["failed"] == ["memory of jax could not be measured: killed"]
    assert not any(check.passed for check in outcome.checks)


def test_processor_is_named(tmp_path: Path) -> None:
    listed = tmp_path / "cpuinfo"
    assert processor(listed) == platform.machine()
    listed.write_text("processor\t: 0\ncpu family\t: 23\nmodel\t\t: 1\nmodel name\t: EPYC\n\nprocessor\t: 1\nmodel name\t: another\n")
    assert processor(listed) == "EPYC, family 23, model 1"


def test_nobody_always_follows_the_same() -> None:
    calls: list[str] = []

    def step(who: str) -> dict[str, Any]:
        calls.append(who)
        return {}

    taken, _, _ = speed.timed({who: partial(step, who) for who in "abcd"}, 12, 0.0, 12)
    turns = ["".join(calls[at : at + 4]) for at in range(4, len(calls), 4)]  # behind the calls for the gradients
    assert {"".join(sorted(turn)) for turn in turns} == {"abcd"}
    assert {len(seconds) for seconds in taken.values()} == {len(turns)} == {12}
    every = "".join(turns)
    assert {len({a for a, b in pairwise(every) if b == who} - {who}) for who in "abcd"} == {3}


def test_compiled_steps_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compiled is one time step, and takes part where figures are asked; to compile it here would take a minute."""
    torch = importlib.import_module("torch")
    compiled: list[tuple[Any, dict[str, Any]]] = []

    def compiler(advance: Any, **settings: Any) -> Any:
        compiled.append((advance, settings))
        return advance

    monkeypatch.setattr(torch, "compile", compiler)
    case = Case(4, 2, 20)
    eager, built = torch_step.step(case)(), torch_step.step(case, compiled=True)()
    assert {name: value.tolist() for name, value in eager.items()} == {name: value.tolist() for name, value in built.items()}
    assert [settings for _, settings in compiled] == [{"fullgraph": True, "dynamic": False}]
    n, steps = speed.HELD
    assert speed.COMPILED in speed.contenders(Case(n, 1, steps), 1)
    assert speed.COMPILED not in speed.contenders(Case(n, 1, 100), 1)


def row(width: str, batch: int, to_jax: float, to_torch: float) -> dict[str, Any]:
    what = {"what": speed.name(width, False), "/ JAX": to_jax, "/ PyTorch": to_torch, "cosine to JAX": 1.0}
    return {"N": 64, "B": batch, "T": 1000, **what}


def test_figures_of_speed_are_judged() -> None:
    kept = [row(width, batch, most, speed.TO_TORCH) for (width, batch), most in speed.TO_JAX.items()]
    assert all(check.passed for check in speed.judged(kept, False))
    for index, good in enumerate(kept):
        for figure in ("/ JAX", "/ PyTorch"):
            slower = [*kept[:index], good | {figure: 1.01 * good[figure]}, *kept[index + 1 :]]
            assert sum(not check.passed for check in speed.judged(slower, False)) == 1
    assert sum(not check.passed for check in speed.judged(kept[1:], False)) == 2


def test_every_case_but_the_largest() -> None:
    assert len(speed.cases(False)) == 22
    assert {case.steps for case in speed.cases(False)} == {10**k for k in range(2, 7)}
    assert Case(256, 32, 10_000) not in speed.cases(False)


def test_memory_of_every_size_that_a_small_machine_has() -> None:
    found = memory.cases(False)
    assert {(case.oscillators, case.batch) for case in found} == {(n, batch) for n in (16, 64, 256) for batch in (1, 32)}
    assert Case(256, 1, 10**6) in found
    assert Case(256, 32, 100_000) not in found


def test_memory_is_counted() -> None:
    """The echo by itself; in another process JAX would have to be loaded first."""
    found = footprint.measured(footprint.ECHO, Case(8, 2, 10_000))
    assert found["inputs"] == 20_000 * 8 * 8
    assert found["inputs"] / 2 <= found["grown"] < found["inputs"] + memory.SLACK
    with pytest.raises(DeviceError, match=r"^memory of echo at T = 0 could not be measured: "):
        footprint.measured(footprint.ECHO, Case(8, 1, 0))


def points(echo: int, jax: int) -> list[dict[str, Any]]:
    rest = {"N": 64, "B": 1, "T": 0, "echo bytes": 0, "JAX bytes": 0, "echo bytes of inputs": 0, "JAX bytes of inputs": 0}
    long_run = {**rest, "T": 10**6, "echo bytes": echo, "JAX bytes": jax, "echo bytes of inputs": 64 * 10**6}
    sound = {**long_run, "echo bytes": 64 * 10**6, "JAX bytes": 10**9}
    return [long_run, rest, {**rest, "N": 32}, {**sound, "N": 32}]


@pytest.mark.parametrize(
    ("echo", "jax", "kept"),
    [
        (64 * 10**6, 10**9, [True, True, True]),
        (64 * 10**6 + 8 * 64 * 10**6, 10**9, [False, True, True]),
        (0, 10**9, [True, False, True]),
        (64 * 10**6, 10**6, [True, True, False]),
    ],
    ids=["sound", "the echo keeps midpoints", "inputs not counted", "JAX not counted"],
)
def test_memory_is_judged(echo: int, jax: int, kept: list[bool]) -> None:
    assert [check.passed for check in memory.judged(points(echo, jax))] == kept


def missed(experiment: Experiment) -> list[str]:
    return [check.what for check in experiment.measure(True, silent).checks if not check.passed]


def test_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long, "PIECE", 100)
    honest = long.problem
    monkeypatch.setattr(long, "problem", lambda hamiltonian, n, steps: honest(hamiltonian, n, 307))
    assert missed(long.EXPERIMENT) == []
    for broken, first in ((FlipForgotten, "dense"), (NudgeSign, "springs")):
        monkeypatch.setattr(long, "open_device", lambda name, shape, broken=broken: broken(shape))
        assert missed(long.EXPERIMENT)[0].startswith(first)


def test_devices_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    makers: dict[str, Callable[[Shape], Any]] = {"emulator": Emulator, "golden": Emulator}
    monkeypatch.setattr(devices, "DEVICES", makers)
    monkeypatch.setattr(devices, "open_device", lambda name, shape: makers[name](shape))
    assert missed(devices.EXPERIMENT) == []
    makers["emulator"] = OneBitOff
    assert len(missed(devices.EXPERIMENT)) == 1


def after(pieces: int) -> Callable[[], bool]:
    """A wish to stop that comes after that many pieces."""
    turns = iter([False] * pieces)
    return lambda: next(turns, True)


def test_reversal_goes_on_where_it_was_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_reversal, "PERIOD", 64)
    system = long_reversal.problem(4)
    whole, path = long_reversal.begin(system, 1_000), tmp_path / "state.json"
    assert long_reversal.advance(Emulator(system.shape), system, whole, path, lambda: False, silent)
    seen, stops = set[tuple[int, ...]](), iter([1, 3, 11, 2, 5, 100])
    fresh = long_reversal.begin(system, 1_000)
    fresh.save(path)
    home = False
    while not home:
        parts = next(stops)
        progress = long_reversal.Progress.load(path, fresh)
        seen.add((progress.done, *progress.position))
        home = long_reversal.advance(Emulator(system.shape), system, progress, path, after(parts), silent)
    assert len(seen) == 6
    assert (progress.position, progress.momentum) == (whole.position, whole.momentum)
    assert long_reversal.result(system, progress)["different"] == 0
    half = long_reversal.begin(system, 1_000)
    long_reversal.advance(Emulator(system.shape), system, half, path, after(8), silent)
    assert half.position != whole.position


def test_reversal_that_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("reverse", "--steps", "40000", "--oscillators", "2", "--json", "out.json")

    class Pressed(Emulator):
        def run(self, runs: Any) -> None:
            super().run(runs)
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(opening, "open_device", lambda name, shape: Pressed(shape))
        stopped = call(*words)
    assert stopped.exit_code == 130
    assert "interrupted after 16,384 of 80,000 steps" in stopped.output
    assert call(*words).exit_code == 0
    assert json.loads((tmp_path / "out.json").read_text())["different"] == 0
    assert call("reverse", "--steps", "40001", "--oscillators", "2").exit_code == 2


def test_reversal_that_does_not_return_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "open_device", lambda name, shape: FlipForgotten(shape))
    result = call("reverse", "--steps", "50", "--oscillators", "2")
    assert result.exit_code == 1
    assert "integers differ" in result.stderr


@pytest.mark.parametrize("content", ["", "[]", '{"steps": 3}', None])
def test_state_of_another_run_is_refused(tmp_path: Path, content: str | None) -> None:
    fresh, path = long_reversal.Progress(5, 0, [1], [2], 0.0, "a"), tmp_path / "state.json"
    if content is None:
        replace(fresh, same="b").save(path)
    else:
        path.write_text(content)
    with pytest.raises(CheckpointError, match=r"^/.*state\.json: "):
        long_reversal.Progress.load(path, fresh)


@pytest.mark.parametrize(("module", "name"), [("jax", "JAX"), ("torch", "PyTorch")])
def test_missing_extra_is_told(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    step: Callable[[Case], Any] = {"jax": jax_step.step, "torch": torch_step.step}[module]
    with pytest.raises(MissingExtraError, match=f"^{name} is not installed, and the bench compares with it: pip install"):
        step(Case(2, 1, 2))


@pytest.mark.parametrize("experiment", CATALOGUE, ids=lambda experiment: experiment.name)
def test_help_teaches(experiment: Experiment) -> None:
    result = call(experiment.name, "--help")
    assert experiment.lesson.split()[0] in result.output
    assert "Exit status 1" in result.output
