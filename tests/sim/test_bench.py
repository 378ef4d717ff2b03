"""cocotb benches: the whole array, and the bench's own parts."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from loschmidt.hw import array
from loschmidt.sim.bench import deadline
from loschmidt.sim.bench.array_bench import SHAPE
from loschmidt.sim.bench.simulator import BenchError, Difference, run_bench
from loschmidt.sim.rtl.compile import QUICK
from loschmidt.sim.rtl.open import gateware
from loschmidt.sim.rtl.verilog import verilog
from tests.hw.mutants import Fault, broken

from .adder import Adder
from .arrays import ARRAYS


@pytest.mark.parametrize("name", ARRAYS)
def test_array(name: str, tmp_path: Path) -> None:
    shape = ARRAYS[name]
    settings = {SHAPE: json.dumps(shape.to_json())}
    assert run_bench("loschmidt.sim.bench.array_bench", gateware(shape), tmp_path, settings) == 34


def test_array_that_a_reset_does_not_stop_is_caught(tmp_path: Path) -> None:
    shape = ARRAYS["padded"]
    fault = Fault(
        "m.submodules.control = control = Control(self.array, self.build)",
        "control = Control(self.array, self.build); m.submodules.control = Resetless(control)",
    )
    settings = {SHAPE: json.dumps(shape.to_json()), "COCOTB_TEST_FILTER": "reset_within_runs"}
    with pytest.raises(Difference, match=r"_bench failed \(reset_within_runs"):
        run_bench("loschmidt.sim.bench.array_bench", verilog(broken(array, fault).Array(shape)), tmp_path, settings, level=QUICK)


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("waits", r"waits: no end after 10,000,000 ns of simulated time"),
        ("turns", r"a test did not end in time, and the simulator was stopped"),
    ],
)
def test_a_bench_that_never_ends_is_stopped(test: str, said: str, tmp_path: Path) -> None:
    """One that waits for what never comes, and one that lets no time pass, after seconds that are fewer here."""
    settings = {"COCOTB_TEST_FILTER": test, deadline.VARIABLE: "2"}
    with pytest.raises(Difference, match=rf"^tests\.sim\.endless_bench failed \({said}\): see .*bench\.log$"):
        run_bench("tests.sim.endless_bench", verilog(Adder()), tmp_path, settings)


def test_streams(tmp_path: Path) -> None:
    assert run_bench("tests.sim.adder_bench", verilog(Adder()), tmp_path, {}) == 6


@pytest.mark.parametrize(
    ("module", "kind", "message"),
    [
        ("tests.sim.failing_bench", Difference, r"tests.sim.failing_bench failed (.*fails: .*nothing adds up.*): see {log}"),
        ("tests.sim.broken_bench", BenchError, r"tests.sim.broken_bench failed (.*breaks: .*no_such_port.*): see {log}"),
        ("tests.sim.adder", BenchError, r"tests.sim.adder .*: see {log}"),
        ("tests.sim.no_such_bench", BenchError, r"tests.sim.no_such_bench .*: see {log}"),
    ],
)
def test_a_bench_that_fails_or_runs_nothing(module: str, kind: type[BenchError], message: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=message.replace("{log}", re.escape(str(tmp_path / "bench.log")))) as raised:
        run_bench(module, verilog(Adder()), tmp_path, {})
    assert raised.type is kind
