"""How many of the machine's cores this process may use."""

from __future__ import annotations

import os


def count() -> int:
    """Cores that the system lends to this process; all of them where it does not tell (macOS, Windows)."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
