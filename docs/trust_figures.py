"""Rewrites host/trusted.json, which `loschmidt train` quotes, after `loschmidt lab trust`.

`make results` runs it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docs import provenance
from docs.results import COMMANDS, load
from loschmidt.host import trusted

NAME = "lab-trust"
PLACE = Path(trusted.__file__).with_name(trusted.FILE)


def written(measured: dict[str, Any]) -> str:
    """The text of the file."""
    about = {"command": COMMANDS[NAME], "commit": provenance.commit(measured), "drawn": measured["settings"]["drawn"]}
    cells = ",\n".join(f"    {json.dumps(cell)}" for cell in measured["series"]["cells"])
    return f'{json.dumps(about)[:-1]}, "cells": [\n{cells}\n]}}\n'


if __name__ == "__main__":
    PLACE.write_text(written(load(NAME)))
