"""A skipped test, a skipped module and an expected failure all fail the run, with their reason; and so does a test that does not end."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SKIPS = {
    "mark": "import pytest\n@pytest.mark.skip(reason='no tool')\ndef test(): pass\n",
    "call": "import pytest\ndef test(): pytest.skip('no tool')\n",
    "module": "import pytest\npytest.skip('no tool', allow_module_level=True)\n",
    "import": "import pytest\npytest.importorskip('a_library_that_is_not_there', reason='no tool')\n",
    "xfail": "import pytest\n@pytest.mark.xfail(reason='no tool')\ndef test(): assert False\n",
}


#: Tests without an end: in Python, in a program that is waited for, and before the test itself.
ENDLESS = {
    "turns": "def test():\n    while True: pass\n",
    "waits": "import subprocess, sys\ndef test(): subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])\n",
    "made": "import pytest, time\n@pytest.fixture\ndef made(): time.sleep(60)\ndef test(made): pass\n",
}


def run(folder: Path, source: str, seconds: int = 60) -> subprocess.CompletedProcess[str]:
    """A test with these rules, of which the last deadline is nearer."""
    rules = Path(__file__).with_name("conftest.py").read_text()
    (folder / "conftest.py").write_text(re.sub(r"^SECONDS = \d+$", f"SECONDS = {seconds}", rules, flags=re.MULTILINE))
    (folder / "test_planted.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "--rootdir", str(folder), "-p", "no:cacheprovider", "-q", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False, timeout=120)


@pytest.mark.parametrize("kind", SKIPS)
def test_skip_is_failure(tmp_path: Path, kind: str) -> None:
    result = run(tmp_path, SKIPS[kind])
    assert result.returncode not in (0, 5)
    assert "nothing is skipped here: " in result.stdout
    assert "no tool" in result.stdout


@pytest.mark.parametrize("kind", ENDLESS)
def test_what_does_not_end_is_failure(tmp_path: Path, kind: str) -> None:
    source = ENDLESS[kind] + "def test_after(): pass\n"
    result = run(tmp_path, source, seconds=1)
    assert result.returncode == 1
    assert "no end after 1 seconds" in result.stdout
    assert "1 passed, 1 " in result.stdout or "1 failed, 1 passed" in result.stdout


def test_pass_is_pass(tmp_path: Path) -> None:
    assert run(tmp_path, "def test(): pass\n").returncode == 0
