"""What a bitstream is made from is the same in every process: no order of a set, which follows strings' hashes, gets into it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def digests(*words: str) -> set[str]:
    """Of processes whose strings hash differently."""
    running = []
    for seed in ("1", "2"):
        command = [sys.executable, "-m", "tests.hw.digest", *words]
        running.append(subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, text=True))
    found = [process.communicate(timeout=600)[0].strip() for process in running]
    assert [process.returncode for process in running] == [0, 0]
    return set(found)


@pytest.mark.parametrize("board", ["icebreaker", "tang-nano-9k", "ulx3s-12f"])
def test_same_design(board: str) -> None:
    assert len(digests(board)) == 1


def test_order_of_a_set_is_caught() -> None:
    assert len(digests("icebreaker", "hashed")) == 2
