"""What the layers for PyTorch and JAX need beside the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("module", "package", "name"), [("torch", "torch", "PyTorch"), ("jax", "jax", "JAX")])
def test_absent_package_is_named(module: str, package: str, name: str) -> None:
    """The host itself goes without them."""
    code = f"import sys; sys.modules[{package!r}] = None; import loschmidt.host.echo; import loschmidt.host.{module}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    expected = f"{name} is not installed, and loschmidt.host.{module} needs it: pip install 'loschmidt[{module}]'"
    assert ran.returncode != 0
    assert ran.stderr.splitlines()[-1] == f"loschmidt.host.errors.MissingExtraError: {expected}"
