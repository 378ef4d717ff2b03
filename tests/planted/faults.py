"""All planted faults: the lists named FAULTS of this package's modules."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from .fault import Fault


def faults() -> list[Fault]:
    """Every fault, module by module. A module without a list, such as this one, adds nothing."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    return [fault for name in names for fault in getattr(import_module(f"{__package__}.{name}"), "FAULTS", [])]
