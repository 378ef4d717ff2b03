"""Whatever lies in the four folders is installed: a wheel is built from a copy of the checkout and compared with it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .house import FOLDERS, ROOT, files


def build(folder: Path, target: Path) -> set[str]:
    """Names in the wheel made of the checkout in ``folder``, without its metadata."""
    script = f"from setuptools import build_meta; build_meta.build_wheel({str(target)!r})"
    result = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert result.returncode == 0, result.stderr
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what a wheel is made of; setuptools writes into it."""
    copy = tmp_path / "checkout"
    for folder in FOLDERS:
        for path in files(ROOT / folder):
            place = copy / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, copy / name)
    return copy


def wanted(checkout: Path) -> set[str]:
    return {f"loschmidt/{path.relative_to(checkout)}" for folder in FOLDERS for path in files(checkout / folder)}


def test_wheel_holds_every_file(checkout: Path, tmp_path: Path) -> None:
    expected = wanted(checkout)
    assert build(checkout, tmp_path / "wheel") == expected


def test_missing_package_is_caught(checkout: Path, tmp_path: Path) -> None:
    planted = checkout / "sim" / "planted"
    planted.mkdir()
    (planted / "__init__.py").touch()
    expected = wanted(checkout)
    assert expected - build(checkout, tmp_path / "wheel") == {"loschmidt/sim/planted/__init__.py"}
