"""Which processor times are of."""

from __future__ import annotations

import platform
from pathlib import Path

_LIST = Path("/proc/cpuinfo")


def processor(listed: Path = _LIST) -> str:
    """Maker's name, with family and model, as several generations may share one; the architecture where the system lists none of them."""
    known = dict[str, str]()
    if listed.exists():
        for line in listed.read_text().splitlines():
            key, _, value = line.partition(":")
            known.setdefault(key.strip(), value.strip())
    if "model name" not in known:
        return platform.machine()
    return f"{known['model name']}, family {known.get('cpu family', '?')}, model {known.get('model', '?')}"
