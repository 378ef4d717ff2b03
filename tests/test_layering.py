"""Who may import whom: spec <- hw, spec <- sim <- host; host never hw, sim never host; and only what pyproject declares."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import metadata

import pytest

from .house import ROOT, modules
from .imports import imports

#: Module prefix -> what of the house it may import. The longest prefix that fits decides.
MAY_IMPORT = {
    "loschmidt.spec": ("loschmidt.spec", "loschmidt.constraints"),
    "loschmidt.hw": ("loschmidt.spec", "loschmidt.hw"),
    "loschmidt.sim": ("loschmidt.spec", "loschmidt.sim"),
    "loschmidt.sim.rtl": ("loschmidt.spec", "loschmidt.sim", "loschmidt.hw"),
    "loschmidt.sim.bench": ("loschmidt.spec", "loschmidt.sim", "loschmidt.hw"),
    "loschmidt.host": ("loschmidt.spec", "loschmidt.sim", "loschmidt.host"),
    "loschmidt.constraints": (),
}
#: Run under a simulator, for its users alone: nothing else may import it, and it alone may import what only tests install.
BENCH = "loschmidt.sim.bench"
#: Modules that need an extra of their name, and alone may import what it brings.
EXTRAS = {
    "loschmidt.host.torch": "torch",
    "loschmidt.host.torch_autograd": "torch",
    "loschmidt.host.torch_bounds": "torch",
    "loschmidt.host.jax": "jax",
    "loschmidt.host.bench.torch_step": "torch",
    "loschmidt.host.bench.jax_step": "jax",
    "loschmidt.host.events": "hssm",
    "loschmidt.host.hssm.commands": "hssm",
    "loschmidt.host.hssm.dynamics": "hssm",
    "loschmidt.host.hssm.model": "hssm",
    "loschmidt.host.hssm.trial": "hssm",
}


def below(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(prefix + ".")


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


@cache
def declared() -> dict[str, frozenset[str]]:
    """Distributions that pyproject asks for: ``run``, and with each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"run": project["dependencies"]} | project["optional-dependencies"]
    names = {group: frozenset(normal(re.split(r"[^\w.-]", item, maxsplit=1)[0]) for item in items) for group, items in groups.items()}
    return {group: names["run"] | found for group, found in names.items()}


@cache
def distributions() -> dict[str, frozenset[str]]:
    """Importable top-level name -> the installed distributions that bring it."""
    return {name: frozenset(map(normal, owners)) for name, owners in metadata.packages_distributions().items()}


def faults(name: str, source: str, package: bool = False) -> list[str]:
    """What is wrong with the imports of module ``name``, one line each."""
    home = max((prefix for prefix in MAY_IMPORT if below(name, prefix)), key=len)
    found = []
    for target, line in imports(source, name, package):
        top = target.partition(".")[0]
        if top in sys.stdlib_module_names:
            continue
        if top == "loschmidt":
            allowed = any(below(target, prefix) for prefix in MAY_IMPORT[home])
            if not allowed or (below(target, BENCH) and not below(name, BENCH)):
                found.append(f"{name}:{line} may not import {target}")
        elif home == "loschmidt.spec":
            found.append(f"{name}:{line} may import the standard library only, not {target}")
        elif not distributions().get(top, frozenset()) & declared()["test" if below(name, BENCH) else EXTRAS.get(name, "run")]:
            found.append(f"{name}:{line} imports {target}, which pyproject.toml does not declare")
    return found


def lines(groups: Iterable[list[str]]) -> str:
    return "\n".join(line for group in groups for line in group)


def test_house() -> None:
    found = lines(faults(name, path.read_text(), path.name == "__init__.py") for name, path in modules())
    assert not found, found


def test_house_is_seen() -> None:
    assert {name for name, _ in modules()} >= {"loschmidt.spec", "loschmidt.spec.fixed", "loschmidt.sim.golden", "loschmidt.host.device"}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("loschmidt.spec.shape", "import numpy"),
        ("loschmidt.spec.shape", "from loschmidt.sim import golden"),
        ("loschmidt.spec.shape", "def late():\n    from ..hw import array"),
        ("loschmidt.hw.lane", "from loschmidt.sim.golden import Golden"),
        ("loschmidt.hw.lane", "import loschmidt.host.device"),
        ("loschmidt.sim.emulator", "from loschmidt.hw.array import Array"),
        ("loschmidt.sim.emulator", "from loschmidt import host"),
        ("loschmidt.sim.rtl.port", "from loschmidt.host.device import Device"),
        ("loschmidt.sim.emulator", "import cocotb"),
        ("loschmidt.sim.emulator", "from .bench import array_bench"),
        ("loschmidt.host.cli", "from loschmidt.hw.array import Array"),
        ("loschmidt.host.cli", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from loschmidt.hw import array"),
        ("loschmidt.host.cli", "import importlib\nimportlib.import_module('loschmidt.hw.array')"),
        ("loschmidt.host.cli", "from loschmidt.sim.bench import array_bench"),
        ("loschmidt.host.cli", "import hypothesis"),
        ("loschmidt.host.layer", "import torch"),
        ("loschmidt.host.torch", "import jax"),
        ("loschmidt.host.cli", "import a_library_that_is_not_there"),
        ("loschmidt.host.cli", "from spec.shape import Shape"),
    ],
)
def test_planted_fault_is_caught(name: str, source: str) -> None:
    assert len(faults(name, source)) == 1


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("loschmidt.spec.shape", "from __future__ import annotations\nimport math\nfrom .errors import SpecError\nfrom . import fixed"),
        ("loschmidt.hw.lane", "from amaranth.lib import wiring\nfrom loschmidt.spec.shape import Shape"),
        ("loschmidt.sim.rtl.port", "from loschmidt.hw.array import Array\nfrom ..golden import Golden"),
        ("loschmidt.sim.bench.array_bench", "import cocotb\nfrom loschmidt.hw.array import Array\nfrom . import streams"),
        ("loschmidt.host.torch", "import torch"),
        ("loschmidt.host.commands.train", "import typer\nfrom ..device import Device\nfrom loschmidt.sim.emulator import Emulator"),
    ],
)
def test_good_import_passes(name: str, source: str) -> None:
    assert faults(name, source) == []


def test_relative_import_of_a_package() -> None:
    assert [found.name for found in imports("from .golden import Golden", "loschmidt.sim", package=True)] == ["loschmidt.sim.golden.Golden"]
    assert [found.name for found in imports("from .golden import Golden", "loschmidt.sim.device")] == ["loschmidt.sim.golden.Golden"]
