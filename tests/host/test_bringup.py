"""`loschmidt bringup` finds what is wrong with a board, whatever it is, and says so in a report; `doctor --device` says what it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from loschmidt.host import board as boards
from loschmidt.host import cli
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.link import DeviceEnd
from loschmidt.sim.link.terminal import Terminal
from loschmidt.sim.word_server import WordServer
from loschmidt.spec.protocol import Header, Opcode, identity
from loschmidt.spec.run import Status
from loschmidt.spec.shape import Shape

from .broken import FlipForgotten, NeverSubtracts, NudgeSign
from .far_end import serving

SHAPE = Shape(4, 2, 2, contexts=4, input_depth=16, nudge_depth=16, trace_depth=16, couplings=False)


class Counting(Emulator):
    """Has counters like an array's, which an emulator has not."""

    steps = 0

    def run(self, runs: Any) -> None:
        super().run(runs)
        self.steps += sum(run.steps for run in runs)

    def reset_status(self) -> None:
        super().reset_status()
        self.steps = 0

    def status(self) -> Status:
        return replace(super().status(), cycles=9 * self.steps)


class NudgeSignWrong(NudgeSign, Counting):
    pass


class FlipsNothing(FlipForgotten, Counting):
    pass


class AlwaysAdds(NeverSubtracts, Counting):
    pass


class Stopped(Counting):
    """Its counters stand still."""

    def status(self) -> Status:
        return replace(super().status(), cycles=0)


class Deaf(WordServer):
    """Loses a bit of what is written."""

    def serve(self, words: Any) -> list[int]:
        header = Header.parse(words[0]) if words else None
        if header and header.code == Opcode.WRITE and len(words) > 3:
            words = [*words[:3], words[3] ^ 1, *words[4:]]
        return super().serve(words)


class Hanging(WordServer):
    """Hangs in its first run."""

    def serve(self, words: Any) -> list[int]:
        return [] if any(Header.parse(word).code == Opcode.RUN for word in words) else super().serve(words)


class Built(WordServer):
    """Says which build it is."""

    def _execute(self, code: int, payload: list[int]) -> list[int]:
        return identity(self._shape, 0xABCD1234) if code == Opcode.IDENTIFY else super()._execute(code, payload)


@contextmanager
def board(server: WordServer) -> Iterator[str]:
    terminal = Terminal()
    with serving(DeviceEnd(server), terminal):
        yield terminal.path


@pytest.fixture(autouse=True)
def near(monkeypatch: pytest.MonkeyPatch) -> None:
    """The far end is in this process: what has not been heard from it after a while never will."""
    monkeypatch.setattr(boards, "LATENCY", 0.03)
    monkeypatch.setattr(boards, "QUEUE", 0)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, list(arguments), env={"COLUMNS": "200"})


def report(server: WordServer, folder: Path) -> tuple[Result, dict[str, Any]]:
    with board(server) as path:
        result = run("bringup", path, "--soak", "0", "--json", str(folder / "board.json"))
    content: dict[str, Any] = json.loads((folder / "board.json").read_text())
    assert (result.exit_code == 0) == content["passed"] == all(row["passed"] for row in content["rows"])
    return result, content


def test_a_board_that_is_right(tmp_path: Path) -> None:
    result, content = report(Built(Counting, SHAPE), tmp_path)
    assert result.exit_code == 0, result.output
    assert [row["check"] for row in content["rows"]] == [
        *("identify", "link"),
        *("exact return", "gradient") * len(SHAPE.hamiltonians),
        *("throughput", "throughput", "soak"),
    ]
    assert content["settings"]["build"] == "abcd1234"
    assert content["settings"]["shape"] == SHAPE.to_json()
    assert {"resent", "timeouts", "dropped"} <= content["settings"]["line"].keys()
    assert {"loschmidt", "system", "python", "time"} <= content.keys()
    assert f"all {len(content['rows'])} passed" in result.output


@pytest.mark.parametrize(
    ("server", "failed"),
    [
        (WordServer(NudgeSignWrong, SHAPE), {"gradient", "soak"}),
        (WordServer(AlwaysAdds, SHAPE), {"gradient", "soak"}),
        (WordServer(FlipsNothing, SHAPE), {"exact return", "gradient", "soak"}),
        (WordServer(Stopped, SHAPE), {"throughput"}),
        (Deaf(Counting, SHAPE), {"link", "exact return", "gradient", "soak"}),
    ],
)
def test_a_board_that_is_wrong(server: WordServer, failed: set[str], tmp_path: Path) -> None:
    result, content = report(server, tmp_path)
    assert result.exit_code == 1
    assert {row["check"] for row in content["rows"] if not row["passed"]} <= failed
    assert not all(row["passed"] for row in content["rows"])
    assert "FAIL" in result.output


def test_a_board_that_hangs(tmp_path: Path) -> None:
    """What came before is in the report, and so is what happened."""
    result, content = report(Hanging(Counting, SHAPE), tmp_path)
    assert result.exit_code == 1
    assert [row["check"] for row in content["rows"]] == ["identify", "link", "fault"]
    assert "its array has not for" in content["rows"][-1]["item"]
    assert result.stderr.startswith("error: 1 of 3 failed: fault: /dev/")


def test_no_board(tmp_path: Path) -> None:
    result = run("bringup", "/dev/ttyNONE", "--json", str(tmp_path / "none.json"))
    assert result.exit_code == 1
    assert "cannot be opened" in result.stderr
    assert json.loads((tmp_path / "none.json").read_text())["rows"][0]["check"] == "fault"
    assert run("bringup", "emulator").stderr == "error: 'emulator' is no board's port: name one like /dev/ttyUSB0\n"


def test_doctor_shows_a_board() -> None:
    with board(Built(Emulator, SHAPE)) as path:
        result = run("doctor", "--device", path)
    assert result.exit_code == 0
    for figure in ("abcd1234", "protocol", "oscillators", "couplings", "formats"):
        assert figure in result.output
    with board(WordServer(Emulator, SHAPE)) as path:
        assert "none: no bitstream" in run("doctor", "--device", path).output
    refused = run("doctor", "--device", "golden")
    assert refused.exit_code == 2
    assert refused.stderr == "error: 'golden' is no board's port: name one like /dev/ttyUSB0\n"
