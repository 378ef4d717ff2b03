"""What the training loop asks of an echo, and what it counts on the way."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from loschmidt.host import training
from loschmidt.host.config import Config
from loschmidt.host.echo_engine import DEPTH, EchoEngine, shape_for
from loschmidt.host.parameters import initial
from loschmidt.sim.emulator import Emulator
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.run import Status
from loschmidt.spec.shape import Shape

from . import toy
from .watched import Watched


def engine(device: Emulator) -> EchoEngine:
    found = EchoEngine(device, Hamiltonian.LINEAR, 3, "last")
    found.load(initial(Hamiltonian.LINEAR, 2, 1, np.random.default_rng(0)))
    return found


def test_inputs_past_the_range_are_counted() -> None:
    """Q4.14 ends just before 8."""
    found = engine(Emulator(Shape(2, 1, contexts=4, input_depth=16)))
    found.forward([np.array([[8.5], [-9.0], [7.9]]), np.array([[1.0]])])
    assert found.saturated == 2
    found.forward([np.array([[100.0]])])
    assert found.saturated == 3


def test_free_runs_that_wrap_are_counted() -> None:
    device = Watched(Shape(2, 1, contexts=4, input_depth=16))
    found = engine(device)
    device.raised = {0: Status(overflow=frozenset({0, 2}), clip=frozenset({1})), 1: Status(overflow=frozenset({1}))}
    sample = np.zeros((1, 1))
    found.forward([sample] * 3)
    assert found.wrapped == 2
    found.forward([sample] * 2)
    assert found.wrapped == 3


def test_backward_needs_a_forward() -> None:
    with pytest.raises(RuntimeError, match=r"^backward needs a forward before it$"):
        engine(Emulator(Shape(2, 1))).backward(np.zeros((1, 2)))


@pytest.mark.parametrize(("longest", "depth"), [(10, 40), (DEPTH // 4, DEPTH), (DEPTH, DEPTH)])
def test_array_takes_a_minibatch_at_once(longest: int, depth: int) -> None:
    shape = shape_for(Config("x", oscillators=5, batch=4, formats="25"), 3, longest)
    assert (shape.oscillators, shape.inputs, shape.lanes, shape.contexts) == (5, 3, 5, 8)
    assert (shape.input_depth, shape.nudge_depth, shape.trace_depth) == (depth,) * 3
    assert shape.formats.multiplier == 25
    assert shape_for(Config("x", oscillators=50, batch=4), 3, 1).lanes == 16


def test_only_couplings_and_input_weights_decay(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no gradient to follow, an update at rate 1/8 and decay 1/2 takes a sixteenth of them."""
    config = dataclasses.replace(toy.SMALL, lr=0.125, decay=0.5, optimiser="sgd", schedule="constant", epochs=1, batch=21)
    run = toy.training(config)
    before = {name: value.copy() for name, value in run.checkpoint.masters.items()}
    monkeypatch.setattr(training, "clip_norm", lambda gradient, largest: {name: 0 * part for name, part in gradient.items()})
    monkeypatch.setattr(training, "project", lambda *given: None)
    run.run()
    shrunk = {name for name, value in before.items() if np.allclose(run.checkpoint.masters[name], value * 15 / 16, rtol=1e-14)}
    kept = {name for name, value in before.items() if np.array_equal(run.checkpoint.masters[name], value)}
    assert shrunk - kept == {"coupling", "input_weight"}
    assert shrunk | kept == set(before)


def test_sums_begin_anew_with_each_epoch() -> None:
    run = toy.training()
    for epoch in (1, 2):
        run.run(until=epoch)
        assert (run.checkpoint.epoch, run.checkpoint.batch, run.checkpoint.tally) == (epoch, 0, {})


def test_test_set_is_looked_at_every_fifth_epoch_and_in_the_end() -> None:
    run = toy.training(dataclasses.replace(toy.SMALL, epochs=7, batch=21))
    looked = []
    for epoch in range(1, 8):
        run.run(until=epoch)
        if "test_loss" in run.last:
            looked.append(run.last["epoch"])
    assert looked == [5, 7]
