"""The class of a board's platform: from ``amaranth-boards``, from any package, or from a module beside the board's file."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from amaranth.build import Platform

from loschmidt.spec.board import Board, BoardError


def kind(board: Board) -> type[Any]:
    """The class that ``board.platform`` names. `BoardError` if there is none, or it is no platform that can be made."""
    module, _, name = board.platform.partition(":")
    if not (name and all(part.isidentifier() for part in module.split("."))):
        raise BoardError(f"{board.name}: platform {board.platform!r} must be module:Class, of amaranth-boards or your own")
    found = getattr(_imported(board, module), name, None)
    if found is None:
        raise BoardError(f"{board.name}: platform {board.platform!r} cannot be had: {module} has nothing of the name {name}")
    if not (inspect.isclass(found) and issubclass(found, Platform)):
        raise BoardError(f"{board.name}: platform {board.platform!r} is no platform: derive it from a class of amaranth.vendor")
    if missing := sorted(getattr(found, "__abstractmethods__", ())):
        raise BoardError(f"{board.name}: platform {board.platform!r} is not complete: it lacks {', '.join(missing)}")
    return found


def _imported(board: Board, module: str) -> ModuleType:
    """A module, whatever is wrong with it in one line. What lies beside the board's file comes first."""
    beside = board.folder / Path(*module.split(".")).with_suffix(".py") if board.folder else None
    try:
        if beside is not None and beside.is_file():
            return _executed(beside)
        return import_module(module)
    except ModuleNotFoundError as error:
        looked = f", nor is there a {beside.name} beside the board's file" if beside and error.name == module.partition(".")[0] else ""
        raise BoardError(f"{board.name}: platform {board.platform!r} cannot be had: there is no module {error.name}{looked}") from error
    except SyntaxError as error:
        raise BoardError(f"{board.name}: platform {board.platform!r}: {error.filename}, line {error.lineno}: {error.msg}") from error
    except Exception as error:
        # A user's module may raise anything at all, and whatever it is must be said in one line.
        said = f"{type(error).__name__}: {error}" + (f" (in {beside})" if beside is not None and beside.is_file() else "")
        raise BoardError(f"{board.name}: platform {board.platform!r} cannot be imported: {said}") from error


def _executed(path: Path) -> ModuleType:
    """The module in that file, read anew: two boards in two folders may each have one of the same name."""
    spec = importlib.util.spec_from_file_location(f"{path.stem}_of_a_board", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module of Python")
    module = importlib.util.module_from_spec(spec)
    with _importing_from(path.parent):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """The folder's modules can be imported, and leave no compiled files there."""
    kept = sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = kept
