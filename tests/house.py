"""Where the house's files are, for the tests that look at its source."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: The folders that are installed as ``loschmidt.<name>``.
FOLDERS = ("spec", "hw", "sim", "host", "constraints")
#: What tools leave behind; all of it is in .gitignore. Other names that start with a dot are left out too, but for .ci.
LEFTOVERS = {"runs", "build", "__pycache__"}


def files(top: Path = ROOT) -> Iterator[Path]:
    """Every file of the checkout below ``top`` that a person wrote, in order."""
    for path in sorted(top.iterdir()):
        if path.is_symlink() or path.name in LEFTOVERS or path.suffix == ".egg-info" or (path.name[0] == "." and path.name != ".ci"):
            continue
        if path.is_dir():
            yield from files(path)
        else:
            yield path


def modules() -> Iterator[tuple[str, Path]]:
    """Name (``loschmidt.sim.golden``) and file of every module; a package by its own name."""
    for folder in FOLDERS:
        for path in files(ROOT / folder):
            if path.suffix == ".py":
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield ".".join(("loschmidt", *(parts[:-1] if parts[-1] == "__init__" else parts))), path
