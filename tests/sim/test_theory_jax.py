"""Every exact method is held to JAX's derivatives of the same systems, written anew."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from loschmidt.sim.theory import Floats, Kind, Natural

from .theory_cases import KINDS, Case, apart

WITNESS = Path(__file__).with_name("jax_witness.py")


def case_of(kind: Kind) -> tuple[Case, Natural]:
    case = Case(kind)
    assert isinstance(case.system.hamiltonian, Natural)
    return case, case.system.hamiltonian


@pytest.fixture(scope="module")
def witnessed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Floats]:
    """Gradients of all four, ``<kind>/<what>``."""
    folder = tmp_path_factory.mktemp("jax")
    given: dict[str, Floats] = {}
    for kind in KINDS:
        case, form = case_of(kind)
        given |= {f"{kind.name}/{name.value}": value for name, value in form.unpack(case.system.theta).items()}
        given |= {f"{kind.name}/position0": case.system.position0, f"{kind.name}/momentum0": case.system.momentum0}
        given |= {f"{kind.name}/inputs": case.inputs, f"{kind.name}/targets": case.targets}
    np.savez(folder / "problems.npz", allow_pickle=False, **given)
    run = [sys.executable, str(WITNESS), str(folder / "problems.npz"), str(folder / "gradients.npz")]
    subprocess.run(run, check=True, capture_output=True, timeout=300, env=os.environ | {"JAX_ENABLE_X64": "1", "JAX_PLATFORMS": "cpu"})
    with np.load(folder / "gradients.npz") as found:
        return dict(found)


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_jax(kind: Kind, witnessed: dict[str, Floats]) -> None:
    case, form = case_of(kind)
    wanted = form.pack({name: witnessed[f"{kind.name}/{name.value}"] for name in form.shapes})
    initial = np.concatenate([witnessed[f"{kind.name}/{name}"] for name in ("position0", "momentum0")])
    for method, near in (("adjoint", 1e-13), ("sensitivity", 1e-13), ("rhel", 1e-10), ("pfvp", 1e-10), ("civp", 1e-10)):
        estimate = case(method)
        assert apart(estimate.parameters, wanted) < near, method
        if estimate.initial is not None:
            assert apart(estimate.initial, initial) < near, method
