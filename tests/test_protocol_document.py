"""docs/protocol.md is what `spec/` says, and enough to write a driver from."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cobs import cobs

from docs import protocol as document
from loschmidt.sim.emulator import Emulator
from loschmidt.sim.link import CLEAN, DeviceEnd, FaultyLine, Rates
from loschmidt.sim.link.terminal import Terminal
from loschmidt.sim.native import compiler
from loschmidt.sim.word_server import WordServer
from loschmidt.spec import protocol
from loschmidt.spec.link import parse
from loschmidt.spec.shape import Shape

DRIVER = Path(__file__).parent / "host" / "identify.cpp"
SHAPE = Shape(5, 3, 2, contexts=3, input_depth=7, nudge_depth=4, trace_depth=9)
BUILD = 0xC0FFEE01


def test_document_is_made_from_the_contract() -> None:
    assert document.DOCUMENT.read_text() == document.document()


def test_a_typed_figure_would_be_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = document.TEMPLATE.read_text()
    template = tmp_path / "template.md"
    monkeypatch.setattr(document, "TEMPLATE", template)
    template.write_text(text.replace("{{skew}}", "table"))
    with pytest.raises(ValueError, match=r"does not use skew$"):
        document.document()
    template.write_text(text + "{{nothing}}")
    with pytest.raises(KeyError, match=r"nothing"):
        document.document()


def test_example_bytes_are_frames() -> None:
    """The hexadecimal bytes of the document, decoded by the package and by the contract."""
    section = document.DOCUMENT.read_text().split("**Example.**")[1].split("## 4.")[0]
    pieces = re.split(r"^    (?:host|array): .*$", section, flags=re.MULTILINE)[1:]
    frames = [parse(cobs.decode(bytes.fromhex(piece).removesuffix(b"\0"))) for piece in pieces]
    assert frames == [frame._replace(words=list(frame.words)) for _, _, frame in document.talk()]


@contextmanager
def far_end(rates: Rates) -> Iterator[str]:
    """An array in Python behind a pseudo-terminal and a line with such faults; its path."""
    end, terminal, done = DeviceEnd(WordServer(Emulator, SHAPE, BUILD), 128), Terminal(), threading.Event()
    there, back = FaultyLine(rates, 1), FaultyLine(rates, 2)

    def serve() -> None:
        rest = b""
        while not done.is_set():
            terminal.wait(0.02)
            *pieces, rest = (rest + terminal.read()).split(b"\0")
            said = end.answer(b"".join(there.carry(piece + b"\0") for piece in pieces))
            terminal.write(b"".join(back.carry(piece + b"\0") for piece in said.split(b"\0")[:-1]))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield terminal.path
    finally:
        done.set()
        thread.join()
        terminal.close()


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("driver")
    compiler.run([compiler.program(), "-Wall", "-Wextra", "-Werror", "-O1", DRIVER, "-o", "identify"], "compiling the driver", folder)
    return folder / "identify"


@pytest.mark.parametrize("rates", [CLEAN, Rates(damaged=15, dropped=15, doubled=15, cut=10)], ids=["clean", "rough"])
def test_driver_in_another_language(driver: Path, rates: Rates) -> None:
    with far_end(rates) as path:
        result = subprocess.run([driver, path], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0
    words = [int(line, 16) for line in result.stdout.split()]
    assert words == [protocol.Header(protocol.Error.OK, 7, 14).word(), *protocol.identity(SHAPE, BUILD)]


def test_driver_gives_up(driver: Path) -> None:
    with far_end(Rates(dropped=100)) as path:
        result = subprocess.run([driver, path], capture_output=True, text=True, check=False, timeout=60)
    assert (result.returncode, result.stdout) == (1, "")
