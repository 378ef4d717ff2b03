"""The examples do what they say, without a warning, and so do the README's snippets."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from .house import ROOT

#: The last line that each prints.
SAYS = {
    "numpy_driver.py": r"off the target by \d\.\de-0[4-9]; asymmetry \S+, so trusted: True; returned exactly",
    "torch_classifier.py": r"told apart: (9\d|100)% of 64 unseen waves; trusted gradients in the last minibatch: 16 of 16",
    "jax_sequence.py": r"error, as a share of the wave's power: 1\.\d\d before, \d\.\de-0[2-9] after; last gradient trusted: True",
}
SNIPPETS = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)


def run(*arguments: str) -> str:
    ran = subprocess.run([sys.executable, "-W", "error", *arguments], capture_output=True, text=True, check=False, timeout=600)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_every_example_is_run() -> None:
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == set(SAYS)


@pytest.mark.parametrize("name", SAYS)
def test_example(name: str) -> None:
    last = run(str(ROOT / "examples" / name)).splitlines()[-1]
    assert re.fullmatch(SAYS[name], last), last


def test_snippets_of_the_readme() -> None:
    """In one program, one after another, as a reader would type them."""
    assert len(SNIPPETS) == 3
    run("-c", "\n".join(SNIPPETS))
