"""Finding the C++ compiler, and running the programs of a build; what is missing or fails is named in one line."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from loschmidt.spec.errors import LoschmidtError


class ToolError(LoschmidtError):
    """A program that a build needs is missing, or failed."""


def run(command: Sequence[str | Path], what: str, directory: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a command to its end; `ToolError` with its first complaint if it fails. ``what`` names the work: "compiling ..."."""
    words = [str(word) for word in command]
    surroundings = {**os.environ, **(environment or {})}
    result = subprocess.run(words, cwd=directory, env=surroundings, capture_output=True, text=True, check=False)
    if result.returncode:
        lines = [line.strip() for line in (result.stderr + result.stdout).splitlines() if line.strip()]
        complaint = next((line for line in lines if "error" in line.lower() and "Exiting" not in line), lines[0] if lines else "no message")
        raise ToolError(f"{what} failed: {Path(command[0]).name} ended with status {result.returncode}: {complaint}")


@lru_cache(maxsize=1)
def program() -> Path:
    """The C++ compiler: ``$CXX``, or the first of g++, clang++ and c++ on the path."""
    wanted = os.environ.get("CXX", "").strip()
    for name in [wanted] if wanted else ["g++", "clang++", "c++"]:
        found = shutil.which(name)
        if found:
            return Path(found)
    what = f"the compiler {wanted!r} that CXX names" if wanted else "a C++ compiler (g++ or clang++)"
    raise ToolError(f"{what} is not on the PATH: install it (Debian: apt install g++)")


@lru_cache(maxsize=1)
def version() -> str:
    """What the compiler says of itself: part of every build's key."""
    result = subprocess.run([program(), "--version"], capture_output=True, text=True, check=False)
    return f"{program()}\n{result.stdout}"
