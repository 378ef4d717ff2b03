"""A skipped test, a skipped module and an expected failure all fail the run, with their reason."""

from __future__ import annotations

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


def run(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(Path(__file__).with_name("conftest.py").read_text())
    (folder / "test_planted.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "--rootdir", str(folder), "-p", "no:cacheprovider", "-q", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)


@pytest.mark.parametrize("kind", SKIPS)
def test_skip_is_failure(tmp_path: Path, kind: str) -> None:
    result = run(tmp_path, SKIPS[kind])
    assert result.returncode not in (0, 5)
    assert "nothing is skipped here: " in result.stdout
    assert "no tool" in result.stdout


def test_pass_is_pass(tmp_path: Path) -> None:
    assert run(tmp_path, "def test(): pass\n").returncode == 0
