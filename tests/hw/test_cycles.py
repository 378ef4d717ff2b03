"""Cycles per step at full size. Only control decides them, so lanes, which take long to build, are left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loschmidt.host.cycles import BOUNDS, Measurement, measure
from loschmidt.host.word_device import WordDevice
from loschmidt.hw.control import Control
from loschmidt.sim.rtl.library import library
from loschmidt.sim.rtl.port import RtlPort
from loschmidt.sim.rtl.verilog import verilog
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

SHAPE = Shape(64, 8, 64, contexts=2, input_depth=32, nudge_depth=32, trace_depth=32)


@pytest.fixture(scope="module")
def device() -> Iterator[WordDevice]:
    found = WordDevice(RtlPort(library(verilog(Control(SHAPE))), patience=1_000_000))
    yield found
    found.close()


def test_a_step_takes_no_more_cycles_than_promised(device: WordDevice) -> None:
    found = list(measure(device))
    dense = {item.contexts: item for item in found if item.hamiltonian is Hamiltonian.DENSE and not item.echo}
    assert set(dense) == set(BOUNDS)
    assert [item for item in found if item.missed] == []
    assert dense[2].ideal == (2 * 64 * 64 + 64 * 8) / 64


def test_busy_cycles_are_the_operations_of_the_program(device: WordDevice) -> None:
    # bias 1, input 8, row 64, stiffness 1, column 64
    dense = [item for item in measure(device) if item.hamiltonian is Hamiltonian.DENSE and not item.echo]
    assert [item.busy for item in dense] == [138, 138]


def test_a_slow_step_would_be_noticed() -> None:
    assert Measurement(Hamiltonian.DENSE, False, 2, 1.09 * 136, 136, 136).missed
    assert Measurement(Hamiltonian.DENSE, False, 1, 1.31 * 136, 136, 136).missed
