"""Training on every board there is, by the command that `loschmidt board` prints: to the emulator's integers."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from loschmidt.host import cli, data, session
from loschmidt.host.adapting import EXAMPLES, adapted, check_channels
from loschmidt.host.board_command import serve, suggestion
from loschmidt.host.checkpoint import Checkpoint
from loschmidt.host.config import Config
from loschmidt.host.data import Dataset, Split
from loschmidt.host.echo_engine import shape_for
from loschmidt.host.errors import ConfigError, DataError
from loschmidt.host.fitted import differences
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.link import DeviceEnd
from loschmidt.sim.link.terminal import Terminal
from loschmidt.sim.rtl.netlist import simulate
from loschmidt.sim.word_server import WordServer
from loschmidt.spec.board import load, names
from loschmidt.spec.formats import PRESETS, Formats, name_of, named
from loschmidt.spec.shape import Shape
from tests.sim.test_netlist import BOARDS, synthesised

from .far_end import serving


@contextmanager
def board(shape: Shape) -> Iterator[str]:
    """A board of that shape behind a pseudo-terminal, but for its gateware; the terminal's path."""
    terminal = Terminal()
    with serving(DeviceEnd(WordServer(Emulator, shape)), terminal):
        yield terminal.path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments), env={"COLUMNS": "200"})


@pytest.fixture(autouse=True)
def few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the data that commands name, two short samples; and a folder for runs, without pictures."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(session, "pictures", lambda training, device: [])
    whole = data.load

    def load_few(*given: Any) -> Dataset:
        found = whole(*given)
        train, test = (Split([u[:8] for u in part.inputs[:2]], part.labels[:2], []) for part in (found.train, found.test))
        return replace(found, train=train, test=test)

    monkeypatch.setattr(data, "load", load_few)


def check(path: str, shape: Shape) -> None:
    """The printed command trains at ``path``, and ends with the weights that the emulator has after the same run."""
    words = shlex.split(suggestion(path))
    assert words[0] == "loschmidt"
    result = run(*words[1:], "--name", "board")
    assert result.exit_code == 0, result.output
    saved = Checkpoint.load(Path("runs", "board")).config
    assert (saved.preset, saved.oscillators) == (shape.formats, min(Config().oscillators, shape.oscillators))
    assert f"{saved.oscillators} oscillators, {saved.hamiltonian}, echo on {path}, {shape.formats.multiplier}-bit" in result.output
    options = ["--formats", saved.formats, "--oscillators", str(saved.oscillators), "--hamiltonian", saved.hamiltonian]
    result = run("train", *words[2:5], "--name", "emulator", *options)
    assert result.exit_code == 0, result.output
    found, expected = (Checkpoint.load(Path("runs", name)).masters for name in ("board", "emulator"))
    assert found.keys() == expected.keys()
    assert all(np.array_equal(found[name], expected[name]) for name in found)


@pytest.mark.parametrize("name", ["icebreaker", "tang-nano-9k", "ulx3s-12f", "ulx3s-85f", "ulx3s-85f-linear"])
def test_the_command_that_is_printed(name: str) -> None:
    """On boards whose formats are no preset, are one, and that hold no couplings; all but their gateware."""
    shape = load(name).shape
    with board(shape) as path:
        check(path, shape)


@pytest.mark.parametrize("name", BOARDS)
def test_the_command_that_is_printed_on_gateware(name: str) -> None:
    """On the netlist of a small board of each family, through its pins."""
    simulated, terminal, going = simulate(BOARDS[name], synthesised(name)), Terminal(), threading.Event()
    going.set()
    thread = threading.Thread(target=serve, args=(simulated, terminal, going.is_set), daemon=True)
    thread.start()
    try:
        check(terminal.path, BOARDS[name].shape)
    finally:
        going.clear()
        thread.join(10)
        terminal.close()
        simulated.close()
    assert not thread.is_alive()


SMALL = Shape(6, 2, 2, contexts=4, input_depth=32, nudge_depth=32, trace_depth=32, formats=load("icebreaker").shape.formats)


def test_what_the_user_says_is_not_changed() -> None:
    """Where it disagrees with the board, one line says so; what was saved on a board goes on elsewhere."""
    with board(SMALL) as path:
        for options, line in (
            (["--formats", "18"], "cannot hold what is asked for: state Q8.24 instead of Q5.19; "),
            (["--oscillators", "7"], "cannot hold what is asked for: 7 oscillators instead of at most 6: "),
        ):
            result = run("train", "UnitTest", "--device", path, *options)
            assert result.exit_code == 2
            assert result.stderr.startswith(f"error: {path} {line}")
            assert result.stderr.count("\n") == 1
        assert not Path("runs").exists()
        result = run("train", "UnitTest", "--epochs", "1", "--oscillators", "4", "--device", path, "--name", "kept")
        assert result.exit_code == 0, result.output
        assert "4 oscillators, dense" in result.output
        assert "from the board: formats" in result.output
    resumed = run("train", "--resume", "runs/kept", "--epochs", "2")
    assert resumed.exit_code == 0, resumed.output
    with board(SMALL) as path:
        assert run("train", "--resume", "runs/kept", "--epochs", "3", "--device", path).exit_code == 0
        tested = run("eval", "runs/kept", "--device", path)
        assert tested.exit_code == 0
        assert tested.output == run("eval", "runs/kept").output


def test_what_a_board_cannot_hold_of_the_data() -> None:
    with board(SMALL) as path:
        for words in (["train"], ["compare", "--seeds", "1"]):
            result = run(*words, "--device", path)
            assert result.exit_code == 2
            assert result.stderr == (
                f"error: {path} holds 2 inputs a step, and JapaneseVowels has 12 channels: take data of at most 2, such as UnitTest (1), "
                "or a board that holds 12 (`loschmidt boards` lists them)\n"
            )
        assert run("train", "digits", "--steps", "3", "--epochs", "1", "--device", path).exit_code == 0


@pytest.mark.parametrize("name", names())
def test_every_board_holds_what_it_makes_of_the_defaults(name: str) -> None:
    shape = load(name).shape
    config = adapted(Config(), shape, set())
    assert config.system in shape.hamiltonians
    wanted = shape_for(config, 1, 24)
    assert differences(wanted, shape) == []
    assert adapted(config, shape, set()) == config


def test_the_examples_have_that_many_channels() -> None:
    """The last fits every board."""
    assert [(name, data.load(name, 1, 128).channels) for name, _ in EXAMPLES] == list(EXAMPLES)
    assert EXAMPLES[-1][1] == 1
    with pytest.raises(DataError, match=r"^x holds 7 inputs a step, and y has 8 channels: take data of at most 7, such as Basic"):
        check_channels("y", 8, "x", Shape(4, 7))
    with pytest.raises(DataError, match=r"^x holds 1 input a step"):
        check_channels("y", 2, "x", Shape(4, 1))


def test_verify_takes_what_the_board_has() -> None:
    with board(SMALL) as path:
        options = ["--steps", "20", "--check", "reversal", "--check", "agreement", "--device", path, "--against", "golden"]
        result = run("verify", "--hamiltonian", "linear", *options)
        assert result.exit_code == 0, result.output
        refused = run("verify", "--inputs", "3", *options)
        assert refused.exit_code == 2
        assert "3 inputs instead of at most 2" in refused.stderr
    with board(replace(SMALL, couplings=False)) as path:
        result = run("verify", "--steps", "20", "--check", "reversal", "--device", path)
        assert result.exit_code == 0, result.output
        assert "dense" not in result.output


@pytest.mark.parametrize("formats", [*PRESETS.values(), SMALL.formats, replace(SMALL.formats, accumulator=36, table_range=3)])
def test_formats_by_their_name(formats: Formats) -> None:
    assert named(name_of(formats)) == formats
    assert Config(formats=name_of(formats)).preset == formats
    assert adapted(Config(), replace(SMALL, formats=formats), set()).preset == formats
    assert adapted(Config(), replace(SMALL, formats=formats), {"formats"}).formats == "18"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("19", "--formats must be one of 16, 18, 25, or like state/operand/weight/activation/accumulator/segments/table_range, not '19'"),
        ("", "--formats must be one of "),
        ("Q5.19/Q4.12/Q4.12/Q2.14/40/128", "--formats must be one of "),
        ("Q5.19/Q4.12/Q4.12/Q2.14/40/-128/2", "--formats must be one of "),
        ("Q5/Q4.12/Q4.12/Q2.14/40/128/2", "format must look like Q8.24, not 'Q5'"),
        ("Q5.19/Q4.12/Q4.12/Q2.14/40/100/2", "segments must be a power of two"),
    ],
)
def test_formats_that_are_none(text: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config(formats=text)
    assert line in str(caught.value)
