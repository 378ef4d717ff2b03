"""Where a build puts its files: a directory of its own, emptied before each build."""

from __future__ import annotations

import shutil
from pathlib import Path

from .tools import FlowError

#: Stands in every directory that a build has made: nothing else is ever emptied.
MARK = ".loschmidt-build"


def emptied(directory: Path) -> None:
    """Make the directory, or empty what an earlier build has left in it, which must not pass for this one's.

    `FlowError`, and nothing is touched, if it is a file, or holds anything and no build has made it.
    """
    if directory.exists():
        if not directory.is_dir():
            raise FlowError(f"{directory} is a file: --directory names the folder that a build fills")
        found = sorted(entry.name for entry in directory.iterdir())
        if found and MARK not in found:
            raise FlowError(f"{directory} holds {found[0]}, which no build has made, and a build empties its folder: name another one")
        for entry in directory.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARK).touch()
