"""A test run in a copy of the checkout, in a process of its own, with or without a fault."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from tests.house import FOLDERS, files

from .fault import Fault, plant

#: Seconds after which a test counts as endless.
DEADLINE = 900


class Verdict(Enum):
    """What a test said of a fault. Only the first is good news: a test that cannot be run, or never ends, has caught nothing."""

    CAUGHT = "caught"
    SURVIVED = "SURVIVED"
    BROKEN = "NOT RUN"
    ENDLESS = "ENDLESS"


@contextmanager
def copy(root: Path) -> Iterator[Path]:
    """A scratch copy of the checkout ``root``, removed in the end.

    The folder that holds ``loschmidt`` is the copy's ``.house``. As ``loschmidt`` is a namespace package, what stands first
    on the path is imported, and the installed checkout is not.
    """
    with tempfile.TemporaryDirectory(prefix="loschmidt-planted-") as folder:
        top = Path(folder)
        for path in files(root):
            target = top / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        house = top / ".house" / "loschmidt"
        house.mkdir(parents=True)
        for name in FOLDERS:
            if (top / name).is_dir():
                (house / name).symlink_to(top / name)
        yield top


def python(top: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy ``top``, which is what it imports."""
    environment = os.environ | {"PYTHONPATH": str(top / ".house"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=top, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False)


def pytest(top: Path, tests: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run tests in the copy ``top``; its return code is pytest's: 0 if all passed, 1 if one failed, and others if it could not run."""
    return python(top, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(top), *tests)


def trial(fault: Fault, root: Path) -> Verdict:
    """Plant a fault in a copy of the checkout ``root``, and run its test there."""
    with copy(root) as top:
        plant(fault, top)
        try:
            code = pytest(top, [fault.caught_by]).returncode
        except subprocess.TimeoutExpired:
            return Verdict.ENDLESS
    return {0: Verdict.SURVIVED, 1: Verdict.CAUGHT}.get(code, Verdict.BROKEN)


def sound(tests: Sequence[str], root: Path, tell: Callable[[str], None]) -> bool:
    """Whether the tests pass in a copy of the checkout ``root`` without a fault, and import that copy; if not, say why."""
    with copy(root) as top:
        shown = python(top, "-c", "import loschmidt.spec; print(loschmidt.spec.__file__)").stdout.strip()
        if not shown or top.resolve() not in Path(shown).resolve().parents:
            tell(f"loschmidt.spec is imported from {shown or 'nowhere'}, not from the copy in {top}")
            return False
        result = pytest(top, tests)
    if result.returncode:
        tell(f"without a fault these tests fail, too:\n{result.stdout}{result.stderr}")
    return result.returncode == 0
