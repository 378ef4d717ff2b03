"""Figures are drawn whatever the environment says of windows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from loschmidt.host import figures
from loschmidt.host.errors import ConfigError, StorageError

#: Draws, then tells what others would be given.
PROGRAM = """
import os, pathlib, sys
from loschmidt.host import figures
figures.save(figures.new(1.0, 1.0), pathlib.Path(sys.argv[1]))
import matplotlib
print(os.environ["MPLBACKEND"], str(dict.__getitem__(matplotlib.rcParams, "backend")).replace(" ", ""))
"""


@pytest.mark.parametrize(
    ("named", "left"),
    [("module://matplotlib_inline.backend_inline", None), ("nonsense", None), ("", None), ("svg", "svg")],
)
def test_backend_of_the_environment(tmp_path: Path, named: str, left: str | None) -> None:
    """It neither matters nor changes: a good one is what others find."""
    target = tmp_path / "drawn.png"
    environment = {**os.environ, "MPLBACKEND": named}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(target)], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert target.read_bytes().startswith(b"\x89PNG")
    kept, _, backend = done.stdout.removesuffix("\n").rpartition(" ")
    assert kept == named
    if left is not None:
        assert backend == left


def test_a_backend_that_is_missing_matters_to_matplotlib() -> None:
    """What is mended: without it, the import fails."""
    environment = {**os.environ, "MPLBACKEND": "nonsense"}
    assert (
        subprocess.run(
            [sys.executable, "-c", "import matplotlib"], env=environment, capture_output=True, check=False, timeout=120
        ).returncode
        != 0
    )


def test_places(tmp_path: Path) -> None:
    figure = figures.new(1.0, 1.0)
    for ending in figures.ENDINGS:
        figures.save(figure, tmp_path / f"drawn.{ending}")
    with pytest.raises(ConfigError, match=r"must end in \.png, \.svg or \.pdf$"):
        figures.save(figure, tmp_path / "drawn.gif")
    with pytest.raises(StorageError, match=r"nowhere/drawn\.png: cannot be written \(No such file or directory\)"):
        figures.save(figure, tmp_path / "nowhere" / "drawn.png")
