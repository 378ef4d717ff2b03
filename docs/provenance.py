"""Where a measured figure comes from: its command, its commit, and the source files that were read.

``python -m docs.provenance COMMAND ... --json FILE`` runs a command in this process and adds
``"provenance"`` to the JSON object that it writes. A digest of each source file is kept there, so
whether a figure is stale can be told without git and without its history; git only names the
commit. Digests ignore comments, docstrings and formatting.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import runpy
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from loschmidt.host import atomic

ROOT = Path(__file__).resolve().parent.parent

#: Where the project's source is, and which of its files can change a figure.
FOLDERS, SUFFIXES = ("spec", "hw", "sim", "host", "constraints"), {".py", ".cpp", ".h", ".v", ".toml"}

#: What a command is preceded by, for its figures to get a record.
RUN = "python -m docs.provenance"

#: Key of the record in a measured JSON object.
KEY = "provenance"

#: What is said of a figure whose file holds no record, or that has no file.
BEFORE, MISSING = "before figures carried commits", "not measured yet"

#: Instead of the digest of a file that was changed while the command ran.
LATE = "changed meanwhile"

#: Strings, comments and tokens of C++, Verilog and TOML; only the first group is kept.
_TEXT = r'"(?:\\.|[^"\\\n])*"|\w+|[^\w\s]'
_TOKENS = {".toml": re.compile(rf"#[^\n]*|({_TEXT})")}
_C = re.compile(rf"//[^\n]*|/\*.*?\*/|({_TEXT})", re.DOTALL)


@cache
def digest(path: Path) -> str:
    """Digest of what a source file means.

    It stays the same after a change of comments, docstrings, line breaks or spaces.

    Returns
    -------
    12 hexadecimal digits; empty if there is no such file
    """
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8")
    parts = _of_python(ast.parse(text), []) if path.suffix == ".py" else filter(None, _TOKENS.get(path.suffix, _C).findall(text))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _of_python(node: ast.AST, found: list[str]) -> list[str]:
    """Append names and values of a syntax tree.

    Empty fields are left out, so that all versions of Python agree.
    """
    found.append(type(node).__name__)
    for name in node._fields:
        value = getattr(node, name, None)
        if value is None or value == []:
            continue
        found.append(name)
        for item in value if isinstance(value, list) else (value,):
            if not isinstance(item, ast.AST):
                found.append(repr(item))
            elif not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) and isinstance(item.value.value, str)):
                _of_python(item, found)
    found.append(".")
    return found


def changed(content: Mapping[str, Any], root: Path = ROOT) -> list[str]:
    """Source files that a figure depends on and that have changed or gone since, below the root."""
    files: Mapping[str, str] = content[KEY]["files"]
    return sorted(name for name, known in files.items() if digest(root / name) != known)


def command(content: Mapping[str, Any]) -> str | None:
    """The command that measured a figure, without the files that it wrote; None if unknown."""
    return re.sub(r" --(json|figure) \S+", "", content[KEY]["command"]) if KEY in content else None


def commit(content: Mapping[str, Any]) -> str:
    """Name the commit that a figure was measured at, for a table's cell."""
    if KEY not in content:
        return BEFORE
    record = content[KEY]
    name = f"`{record['commit'][:7]}`" if record["commit"] else "no commit"
    return f"{name} and changes to it" if record["modified"] else name


def note(content: Mapping[str, Any], root: Path = ROOT) -> str:
    """Say when a figure was measured, and how many files that it depends on have changed."""
    if KEY not in content:
        return f"measured {BEFORE}"
    count = len(changed(content, root))
    later = f", before later changes to {count} file{'s' * (count > 1)} it depends on" if count else ""
    return f"measured at {commit(content)}{later}"


#: What `note` writes.
_NOTE = re.compile(
    rf"measured (?:{BEFORE}|at (?:`\w+`|no commit)(?: and changes to it)?(?:, before later changes to \d+ files? it depends on)?)"
)


def bare(text: str) -> str:
    """Take the notes out of a document: they change with the source, its figures do not."""
    return _NOTE.sub("measured", text)


def stale(content: Mapping[str, Any] | None, command: str, root: Path = ROOT) -> str | None:
    """Say why a figure must be measured again, or None.

    Parameters
    ----------
    content : the measured JSON object; None if there is none
    command : what measures it today
    root : of the checkout
    """
    if content is None:
        return MISSING
    if KEY not in content:
        return f"measured {BEFORE}"
    if content[KEY]["command"] != command:
        return f"measured by another command, {content[KEY]['command']}"
    found = changed(content, root)
    return f"{found[0]} has changed since {commit(content)}" + f", and {len(found) - 1} more" * (len(found) > 1) if found else None


def load(path: Path) -> dict[str, Any] | None:
    """Read a measured JSON object; None if there is no such file.

    Raises
    ------
    ValueError : the file holds something else
    """
    if not path.is_file():
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no object: measure it again")
    return content


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return None if done.returncode else done.stdout.strip()


class Reading:
    """Notes each source file of the project that this process opens from now on."""

    def __init__(self, root: Path = ROOT) -> None:
        self._root, self._opened, self._began = root, set[str](), time.time()
        sys.addaudithook(self._hook)

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str):
            self._opened.add(arguments[0])

    def files(self) -> list[str]:
        """Names below the root of all that was opened, and of every module that is loaded."""
        loaded = {getattr(module, "__file__", None) or "" for module in list(sys.modules.values())}
        paths = [Path(name).resolve() for name in self._opened | loaded if Path(name).suffix in SUFFIXES]
        names = {path.relative_to(self._root).as_posix() for path in paths if path.is_relative_to(self._root)}
        return sorted(name for name in names if name.split("/")[0] in FOLDERS)

    def record(self, command: str) -> dict[str, Any]:
        """Make the record of the command that has read these files.

        Returns
        -------
        ``command``; ``commit``, null where there is no git; ``modified``, whether a file differs
            from that commit; ``files``, the digest
        of each, which fits nothing where the file was changed while the command ran
        """
        names, head = self.files(), _git(self._root, "rev-parse", "HEAD")
        modified = bool(names) and head is not None and _git(self._root, "status", "--porcelain", "--", *names) != ""
        late = {name for name in names if (self._root / name).stat().st_mtime > self._began}
        files = {name: LATE if name in late else digest(self._root / name) for name in names}
        return {"command": command, "commit": head, "modified": modified, "files": files}


def run(words: Sequence[str]) -> int:
    """Run a command of the project in this process, and add the record to what it wrote.

    Parameters
    ----------
    words : ``loschmidt ...`` or ``python -m MODULE ...``, with ``--json FILE``

    Returns
    -------
    The command's exit status
    """
    file = Path(words[words.index("--json") + 1])
    before = file.stat().st_mtime_ns if file.exists() else None
    reading, status = Reading(), 0
    try:
        if words[0] == "loschmidt":
            from loschmidt.host.cli import app

            sys.argv = list(words)
            app()
        else:
            sys.argv = list(words[2:])
            runpy.run_module(words[2], run_name="__main__")
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    if file.exists() and file.stat().st_mtime_ns != before:
        content = load(file) or {}
        content[KEY] = reading.record(shlex.join(words))
        atomic.write(file, (json.dumps(content, indent=2) + "\n").encode())
    return status


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
