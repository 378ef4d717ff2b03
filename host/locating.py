"""Finds the files of a data set, by a path, by their stem, or by the name of an installed set."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, replace
from pathlib import Path

from . import digits
from .errors import DataError
from .readers import arff, npz, source, ts, ucr
from .readers.recordings import Recordings, Wanted

#: Formats of recordings in two files, train and test, in the order in which they are looked for.
PAIRED = {".ts": ts.read, ".tsv": ucr.read, ".txt": ucr.read, ".arff": arff.read}

#: Format of arrays, both halves in one file.
ARRAYS = ".npz"

#: Formats of tables, if their names do not say that they are a half of a set.
TABLES = (".csv", ".tsv", ".txt", ".dat")

#: How the names of the halves end.
TRAIN, TEST = "_TRAIN", "_TEST"


def ending(path: Path) -> str:
    """Return the lower-case suffix that says a file's format, without that of gzip."""
    return source.ending(path)


def is_table(path: Path) -> bool:
    """Tell whether a path names a table, by its suffix, and no half of a set of recordings."""
    suffix = ending(path)
    if suffix not in TABLES:
        return False
    return suffix not in PAIRED or not (half_of(source.stem(path)) or _beside(path.parent, source.stem(path), TRAIN, suffix))


def read_half(path: Path, wanted: Wanted) -> Recordings:
    """Read one file of recordings by the format that its suffix says. Raises `DataError`."""
    return PAIRED[ending(path)](path, wanted)


@dataclass(frozen=True)
class Pair:
    """A set's name, its halves, and their files (one and the same for arrays)."""

    name: str
    train: Recordings
    test: Recordings
    files: tuple[Path, Path]


def read_pair(name: str, kinds: tuple[str, ...], wanted: Wanted) -> Pair | None:
    """Read both halves of a set.

    Parameters and errors are those of `halves` and of the readers; None if there is no such set.
    """
    path = Path(name).expanduser()
    if ending(path) == ARRAYS:
        return Pair(source.stem(path), *npz.halves(path, wanted), (path, path))
    files = halves(name, kinds)
    if files is None:
        return None
    train = read_half(files[0], wanted)
    test = read_half(files[1], replace(wanted, interval=train.interval))
    stem = source.stem(files[0])
    return Pair(stem.removesuffix(half_of(stem)), train, test, files)


def halves(name: str, kinds: tuple[str, ...]) -> tuple[Path, Path] | None:
    """Find the two files of a set.

    Parameters
    ----------
    name : str
        Path of either file, of their common stem or of a folder of that name; or the name of a set
        that ships with aeon.
    kinds : tuple of str
        Kinds of sets that ship with aeon, as `embedded` has them.

    Returns
    -------
    train, test : Path, or None if there is nothing of that name

    Raises
    ------
    DataError
        One of the files is missing.
    """
    path = Path(name).expanduser()
    if is_path(path):
        return _halves(path)
    folder = embedded_folder()
    for kind in kinds:
        for known in embedded(kind):
            if known.lower() == name.lower():
                train, test = (next(folder.glob(f"*/{known}{half}.ts")) for half in (TRAIN, TEST))
                return train, test
    return None


def located(name: str) -> str:
    """Return ``name``, made absolute if it is a path, so that a run finds it from any folder."""
    path = Path(name).expanduser()
    return str(path.resolve()) if is_path(path) else name


def is_path(path: Path) -> bool:
    """Tell whether a path names files, and not a set that ships with a package."""
    if ending(path) in (*PAIRED, *TABLES, ARRAYS) or len(path.parts) > 1 or path.exists():
        return True
    return any(_beside(path.parent, path.name, TRAIN, suffix) for suffix in PAIRED)


def embedded_folder() -> Path:
    """Where the installed aeon keeps its recordings."""
    return installed("aeon") / "datasets" / "data"


def installed(package: str) -> Path:
    """Return the folder of a package that carries recordings, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise DataError(f"the {package} package, which carries the recordings, is not installed: pip install {package}")
    return Path(spec.origin).parent


def embedded(kind: str = "classlabel") -> list[str]:
    """Return names of sets of aeon: with classes, or, by ``targetlabel``, for regression."""
    names = []
    for train in sorted(embedded_folder().glob("*/*_TRAIN.ts")):
        name, keys = train.name.removesuffix("_TRAIN.ts"), ts.header(train)
        if ts.truth(keys, kind) and not ts.truth(keys, "timestamps") and _beside(train.parent, name, TEST, ".ts"):
            names.append(name)
    return names


def half_of(name: str) -> str:
    """Return the ending of a half's name, ``_TRAIN`` or ``_TEST`` in any case, or an empty text."""
    return next((name[-len(half) :] for half in (TRAIN, TEST) if name.upper().endswith(half)), "")


def _beside(folder: Path, name: str, half: str, suffix: str) -> Path | None:
    """The file of a half, compressed or not; ``_TRAIN`` may be ``_train`` or ``_Train``."""
    endings = [f"{form}{suffix}{packed}" for form in (half, half.lower(), half.title()) for packed in ("", source.PACKED)]
    return next((path for end in endings if (path := folder / f"{name}{end}").is_file()), None)


def _halves(path: Path) -> tuple[Path, Path]:
    """Train and test file from either of them, from their stem, or from a folder of that name."""
    if path.is_dir():
        folder = path.resolve()
        if not folder.name:
            raise DataError(f"{folder} is no set: give a file of it, or the folder that is named after the set")
        path = folder / folder.name
    known = ending(path) in PAIRED
    name = source.stem(path) if known else path.name
    name = name[: len(name) - len(half_of(name))]
    if path.is_file() and not known:
        raise DataError(f"{path}: no format of recordings that is known: give {', '.join((*PAIRED, ARRAYS))}, or a waveform as .csv")
    suffixes = (ending(path),) if known else tuple(s for s in PAIRED if _beside(path.parent, name, TRAIN, s)) or (".ts",)
    train, test = (_beside(path.parent, name, half, suffixes[0]) for half in (TRAIN, TEST))
    if train is None or test is None:
        lost = path.with_name(f"{name}{TRAIN if train is None else TEST}{suffixes[0]}")
        both = f"{name}{TRAIN}{suffixes[0]} and {name}{TEST}{suffixes[0]}"
        raise DataError(f"{lost}: no such file: a set needs both {both}, side by side")
    return train, test


def no_such(name: str) -> DataError:
    """Return the error for a name that no set has."""
    names = ", ".join((digits.NAME, *embedded()))
    return DataError(f"no data set named {name!r}: give a .ts or .csv file, or one of {names}; or a .tsv, .txt, .arff or .npz file")
