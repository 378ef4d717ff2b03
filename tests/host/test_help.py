"""Help comes at once: nothing that takes long to load is imported for it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

#: Each takes longer to load than help should take, or a good part of it.
SLOW = frozenset(
    (
        *("numpy", "numba", "scipy", "matplotlib", "torch", "jax", "aeon", "sklearn", "pandas"),
        *("amaranth", "amaranth_boards", "serial", "filelock"),
    )
)
#: What the lists of experiments may load, as their modules compute.
COMPUTING = frozenset(("numpy", "serial", "filelock"))

PROGRAM = """
import json, sys
from loschmidt.host import cli
try:
    cli.app(sys.argv[2:], prog_name="loschmidt")
except SystemExit as end:
    assert end.code == 0, end.code
print(json.dumps(sorted(set(json.loads(sys.argv[1])) & set(sys.modules))))
"""


def loaded(*words: str, program: str = PROGRAM, shows: str = "") -> list[str]:
    """Which of `SLOW` a process of its own has loaded at the end of the command, which shows that text."""
    command = [sys.executable, "-c", program, json.dumps(sorted(SLOW)), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "Usage: loschmidt" in done.stdout
    assert shows in done.stdout
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("words", [(), ("train",), ("verify",), ("build",)])
def test_nothing_slow_is_loaded(words: tuple[str, ...]) -> None:
    assert loaded(*words, "--help") == []


@pytest.mark.parametrize(("group", "experiment"), [("lab", "word-length"), ("bench", "memory")])
def test_lists_of_experiments(group: str, experiment: str) -> None:
    assert set(loaded(group, "--help", shows=experiment)) <= COMPUTING


def test_a_slow_import_is_noticed() -> None:
    assert loaded("--help", program=PROGRAM.replace("import json, sys", "import json, sys, scipy")) == ["numpy", "scipy"]
