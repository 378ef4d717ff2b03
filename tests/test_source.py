"""The source as text: it works on any machine, its files stay small, and no test waits for another program without a deadline."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .house import ROOT, files

#: The longest file, in lines; past it, a file has more than one idea.
LONGEST = 400
TEXT = {".py", ".toml", ".md", ".cpp", ".h", ".yml", ".yaml", ".cfg", ".json", ""}

MACHINE = re.compile(r"(?<![\w.)}~-])/(?:home|root|Users|work|opt|tmp|mnt|srv)/\w")
REGISTRY = re.compile(r"pypi\.org|pythonhosted\.org|anaconda\.org|proxy\.golang\.org|npmjs\.(?:org|com)|crates\.io")


def faults(text: str) -> list[str]:
    """Lines that name a place on one machine, or a package registry's host."""
    return [
        f"line {number}: {line.strip()}"
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE.search(line) or REGISTRY.search(line)
    ]


def texts() -> list[Path]:
    return [path for path in files() if path.suffix in TEXT]


def test_no_machine_and_no_registry_is_named() -> None:
    found = {str(path.relative_to(ROOT)): wrong for path in texts() if (wrong := faults(path.read_text()))}
    assert not found


def test_files_are_small() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in texts() if path.suffix in {".py", ".cpp", ".h"}}
    assert not {name: length for name, length in lengths.items() if length > LONGEST}


#: Calls that wait for a process.
WAITS = {"run", "check_output", "check_call", "call", "communicate"}


def patient(source: str) -> list[int]:
    """Lines of a source where something waits for a process, for however long it takes."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WAITS):
            continue
        of_subprocess = isinstance(node.func.value, ast.Name) and node.func.value.id == "subprocess"
        if not of_subprocess and node.func.attr != "communicate":
            continue
        if not any(keyword.arg in ("timeout", None) for keyword in node.keywords):
            found.append(node.lineno)
    return found


def test_no_test_waits_for_ever_for_a_process() -> None:
    sources = [path for path in files(ROOT / "tests") if path.suffix == ".py"]
    assert not {str(path.relative_to(ROOT)): lines for path in sources if (lines := patient(path.read_text()))}


@pytest.mark.parametrize("call", ["subprocess.run(['true'])", "subprocess.check_output('x', text=True)", "process.communicate()[0]"])
def test_waiting_for_ever_is_caught(call: str) -> None:
    assert patient(f"\n{call}\n") == [2]
    assert patient(call.replace(")", ", timeout=3)", 1).replace("(,", "(")) == []


def test_source_is_seen() -> None:
    assert {ROOT / "Makefile", ROOT / ".ci" / "run", ROOT / "spec" / "fixed.py", Path(__file__)} <= set(texts())


@pytest.mark.parametrize("folder", ["home", "root", "Users", "work", "opt", "tmp"])
def test_machine_is_caught(folder: str) -> None:
    assert faults(f'PATH = "/{folder}/somebody/data"') == [f'line 1: PATH = "/{folder}/somebody/data"']


@pytest.mark.parametrize("host", ["pypi", "files.pythonhosted"])
def test_registry_is_caught(host: str) -> None:
    assert len(faults(f"\n--index-url https://{host}.org/simple")) == 1


@pytest.mark.parametrize(
    "text", ["#!/usr/bin/env bash", "/dev/ttyUSB0", "spec/work/table", "~/.cache", "$HOME/tmp/x", "https://host.org/opt/x"]
)
def test_good_text_passes(text: str) -> None:
    assert faults(text) == []
