"""Reports of builds, from samples of what Yosys and nextpnr wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loschmidt.hw.flow import rates
from loschmidt.hw.flow.report import Use, parse, read
from loschmidt.hw.flow.tools import FlowError
from loschmidt.spec.board import load
from loschmidt.spec.hamiltonian import Hamiltonian
from loschmidt.spec.shape import Shape

SAMPLES = Path(__file__).with_name("samples")
BOARDS = {"ice40": "icebreaker", "ecp5": "ulx3s-12f", "gowin": "tang-nano-9k"}


def sample(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("name", "cells", "fmax", "closed"),
    [
        ("ice40", {"lut": (157, 5280), "ff": (121, 5280), "block_ram": (1, 30), "dsp": (1, 8), "spram": (0, 4)}, 90.87, True),
        ("ecp5", {"lut": (96, 24288), "ff": (121, 24288), "block_ram": (1, 56), "dsp": (1, 28)}, 110.62, False),
        ("gowin", {"lut": (155 + 12, 8640), "ff": (121, 6480), "block_ram": (1, 26), "dsp": (1, 20), "lut_ram": (0, 270)}, 268.46, True),
    ],
)
def test_report(name: str, cells: dict[str, tuple[int, int]], fmax: float, closed: bool) -> None:
    found = sample(name)
    report = parse(load(BOARDS[name]), found["report"], found["cells"])
    assert report.utilisation == {figure: Use(*numbers) for figure, numbers in cells.items()}
    assert round(report.fmax_mhz, 2) == fmax
    assert report.closed is closed


def routed(achieved: float, constraint: float, **others: dict[str, float]) -> Any:
    return {**sample("ice40")["report"], "fmax": {"clk": {"achieved": achieved, "constraint": constraint}, **others}}


@pytest.mark.parametrize(("achieved", "closed"), [(18.0, True), (17.999, False)])
def test_timing_closes_at_the_boards_clock(achieved: float, closed: bool) -> None:
    # nextpnr rounds the period to picoseconds, so the constraint it tells is not quite the clock.
    assert parse(load("icebreaker"), routed(achieved, 18.00115), {}).closed is closed


def test_every_clock_must_close() -> None:
    report = parse(load("icebreaker"), routed(30, 18.00115, other={"achieved": 11, "constraint": 12}), {})
    assert (report.closed, report.fmax_mhz) == (False, 11)


def test_lost_constraint_is_an_error() -> None:
    with pytest.raises(FlowError, match=r"^icebreaker: no clock was routed for 18 MHz: the constraint is lost$"):
        parse(load("icebreaker"), routed(30, 12), {})


def test_report_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FlowError, match=r": no report that can be read \(FileNotFoundError.*\): are the programs of the flow too old\?$"):
        read(load("icebreaker"), tmp_path)
    (tmp_path / "report.json").write_text('{"utilization": {}}')
    (tmp_path / "statistics.json").write_text('{"design": {"num_cells_by_type": {}}}')
    with pytest.raises(FlowError, match=r": no report that can be read \(KeyError"):
        read(load("icebreaker"), tmp_path)


def test_rates() -> None:
    shape = Shape(64, 8, 64, contexts=2, ways=2)
    dense = rates.operations(Hamiltonian.DENSE, False, shape)
    # Two passes of the matrix and one of the inputs, and a few operations for each row.
    assert 2 * 64 + 8 <= dense <= 2 * 64 + 8 + 16
    echo = rates.operations(Hamiltonian.DENSE, True, shape)
    assert 3 * 64 + 2 * 8 <= echo <= 3 * 64 + 2 * 8 + 32
    rate = rates.rate(Hamiltonian.DENSE, shape, 150e6)
    assert (rate.forward, rate.training) == (150e6 * 64 / dense, 150e6 * 64 / (dense + 2 * echo))
    assert rates.multiplications(shape, 150e6) == 64 * 150e6


def test_waits_count_where_nothing_fills_them() -> None:
    alone, two = Shape(4, 8, 4, contexts=2, ways=1), Shape(4, 8, 4, contexts=2, ways=2)
    for hamiltonian in (Hamiltonian.SPRINGS, Hamiltonian.LINEAR, Hamiltonian.DENSE):
        assert rates.cycles(hamiltonian, False, two) == rates.operations(hamiltonian, False, two)
        assert rates.cycles(hamiltonian, False, alone) > rates.operations(hamiltonian, False, alone)


def test_finished_sums_take_turns() -> None:
    # Of eight lanes with one input a sum is finished every other cycle, and one integrator takes eight for it.
    shape = Shape(8, 1, 8, contexts=2, ways=2)
    assert rates.operations(Hamiltonian.LINEAR, False, shape) == 2
    assert rates.cycles(Hamiltonian.LINEAR, False, shape) == 8
