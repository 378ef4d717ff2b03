"""A figure names its commit, and is stale once a file that it depends on means something else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs import bitstreams, provenance, results

COMMAND = "loschmidt verify --json docs/measured/some.json"

PYTHON = '''
"""Says what."""

#: The limit.
LIMIT = 2.0**-4


def double(value: int, *, by: int = 2) -> str:
    """Twice as much."""
    return f"{value * by:>8} {{}}"  # in words
'''

TIDIED = '''"""Says it better.

At length.
"""
LIMIT = 2.0 ** -4
def double(
    value: int,
    *,
    by: int = 2,
) -> str:
    return (
        f"{value * by:>8} {{}}"
    )
'''

C = '// a sum\nint sum(int a, int b) { return a + b; } /* done */\nconst char *name = "// a";\n'
C_TIDIED = 'int sum(int a,\n        int b)\n{\n    return a+b;  // both\n}\nconst char* name = "// a";\n'
TOML = 'name = "a # b"  # first\nclock = 12\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of four files."""
    for name, text in {"host/a.py": PYTHON, "sim/vector/b.cpp": C, "constraints/c.toml": TOML, "host/d.py": ""}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def measured(root: Path, *names: str) -> dict[str, Any]:
    """A figure that depends on these files of the checkout."""
    files = {name: provenance.digest(root / name) for name in names}
    return {"passed": True, "provenance": {"command": COMMAND, "commit": "0123456789abcdef", "modified": False, "files": files}}


def changed(root: Path, name: str, text: str) -> str | None:
    """Why a figure of that file is stale after the file was written anew."""
    content = measured(root, name)
    (root / name).write_text(text)
    provenance.digest.cache_clear()
    return provenance.stale(content, COMMAND, root)


@pytest.mark.parametrize(
    ("name", "text"),
    [("host/a.py", TIDIED), ("sim/vector/b.cpp", C_TIDIED), ("constraints/c.toml", 'name="a # b"\n\nclock=12 # MHz\n')],
)
def test_looks_do_not_count(root: Path, name: str, text: str) -> None:
    assert changed(root, name, text) is None


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("host/a.py", "-4", "-5"),
        ("host/a.py", "by: int = 2", "by: int = 3"),
        ("host/a.py", "*, by", "by"),
        ("host/a.py", ":>8", ":>9"),
        ("host/a.py", "value * by", "by * value"),
        ("host/a.py", "LIMIT = 2.0", "LIMIT = 2"),
        ("sim/vector/b.cpp", "a + b", "a - b"),
        ("sim/vector/b.cpp", '"// a"', '"// b"'),
        ("constraints/c.toml", "12", "25"),
        ("constraints/c.toml", "a # b", "a # c"),
    ],
)
def test_a_change_is_named(root: Path, name: str, before: str, after: str) -> None:
    text = (root / name).read_text()
    assert text.replace(before, after, 1) != text
    assert changed(root, name, text.replace(before, after, 1)) == f"{name} has changed since `0123456`"


def test_files_that_went_and_several_changes_are_counted(root: Path) -> None:
    content = measured(root, "host/a.py", "host/d.py", "sim/vector/b.cpp")
    (root / "host/a.py").unlink()
    (root / "host/d.py").write_text("x = 1")
    provenance.digest.cache_clear()
    assert provenance.changed(content, root) == ["host/a.py", "host/d.py"]
    assert provenance.stale(content, COMMAND, root) == "host/a.py has changed since `0123456`, and 1 more"
    note = "measured at `0123456`, before later changes to 2 files it depends on"
    assert provenance.note(content, root) == note
    assert provenance.bare(f"| x | {note} |") == provenance.bare("| x | measured at `0123456` |") == "| x | measured |"


def test_other_reasons_to_measure_again(root: Path) -> None:
    content = measured(root, "host/a.py")
    assert provenance.stale(content, COMMAND, root) is None
    assert provenance.stale(None, COMMAND, root) == "not measured yet"
    assert provenance.stale(content, "loschmidt cycles", root) == f"measured by another command, {COMMAND}"
    assert provenance.stale({"passed": True}, COMMAND, root) == "measured before figures carried commits"
    assert provenance.bare("measured before figures carried commits.") == "measured."
    assert provenance.commit(content | {"provenance": {"commit": None, "modified": False}}) == "no commit"
    assert provenance.commit(content | {"provenance": {"commit": "0123456789", "modified": True}}) == "`0123456` and changes to it"


def test_a_changed_file_is_a_stale_row(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The check names row, command and file of a stale figure, and only that one is measured again."""
    names = ["host/a.py", "host/d.py"]
    folder = tmp_path / "measured"
    folder.mkdir()
    for name in results.COMMANDS:
        content = results.load(name) | measured(root, *names[: 2 if name == "link" else 1])
        content["provenance"]["command"] = results.full(name)
        (folder / f"{name}.json").write_text(json.dumps(content))
    monkeypatch.setattr(results, "HERE", tmp_path)
    assert results.check(root) == []
    (root / "host/d.py").write_text("x = 1")
    provenance.digest.cache_clear()
    assert list(results.stale(root)) == ["link"]
    lines = results.check(root)
    assert len(lines) == 3
    assert lines[1] == (
        "README row 'longest recovery of those, in timeouts', `loschmidt verify --check link`: "
        "host/d.py has changed since `0123456`: make results"
    )
    (folder / "cycles.json").unlink()
    assert results.check(root)[0].endswith(" is not measured yet: make results")


def git(root: Path, *words: str) -> str:
    who = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    done = subprocess.run(["git", *who, *words], cwd=root, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout.strip()


def outcome(script: str, *words: str) -> Any:
    """What a script prints as JSON: in a process of its own, since its audit hook stays."""
    done = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=provenance.ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


READ = """
import json, sys
from pathlib import Path
from docs.provenance import Reading
root = Path(sys.argv[1])
reading = Reading(root)
for name in ("constraints/c.toml", "host/a.py"):
    (root / name).read_text()
(root / "note.txt").write_text("")
first = reading.record("some")
(root / "host/a.py").write_text((root / "host/a.py").read_text())
(root / "constraints/c.toml").write_text("name = 1")
print(json.dumps([first, reading.record("some")]))
"""


def test_reading_notes_what_was_opened_and_at_which_commit(root: Path) -> None:
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    (root / "host/d.py").write_text("not_read = 1")
    files = {name: provenance.digest(root / name) for name in ("constraints/c.toml", "host/a.py")}
    first, second = outcome(READ, str(root))
    assert first == {"command": "some", "commit": git(root, "rev-parse", "HEAD"), "modified": False, "files": files}
    assert second == first | {"modified": True, "files": dict.fromkeys(files, provenance.LATE)}


RUN = """
import json, sys
from docs.provenance import run
file = sys.argv[1]
status = run(["loschmidt", "verify", "--formats", "17", "--json", file])
before = open(file).read()
small = ["--check", "reversal", "--hamiltonian", "linear", "--oscillators", "2", "--steps", "9"]
print(json.dumps([status, before, run(["loschmidt", "verify", *small, "--json", file])]))
"""


def test_a_command_leaves_its_record_and_a_fault_nothing(tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    file.write_text("{}\n")
    assert outcome(RUN, str(file)) == [2, "{}\n", 0]
    content = json.loads(file.read_text())
    assert content["passed"] is True
    assert provenance.command(content) == "loschmidt verify --check reversal --hamiltonian linear --oscillators 2 --steps 9"
    files = content["provenance"]["files"]
    assert {"host/cli.py", "host/verify.py", "spec/fixed.py"} <= files.keys()
    assert not [name for name in files if name.startswith(("docs", "tests")) or not files[name]]


def test_boards_say_when(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bitstreams, "MEASURED", tmp_path)
    assert bitstreams.when("icebreaker") == ""
    (tmp_path / "icebreaker.json").write_text("{}")
    assert bitstreams.when("icebreaker") == ""
    (tmp_path / "icebreaker.json").write_text('{"board": "icebreaker"}')
    assert bitstreams.when("icebreaker") == "measured before figures carried commits"
