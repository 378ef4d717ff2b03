"""What "trusted" has been measured to mean, at a time step and word length.

The figures are read from trusted.json, which `make results` writes.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

#: The file beside this module.
FILE = "trusted.json"

#: Figures of the file, by their names in `host.lab.trust.figures`.
FIGURES = {"systems": "systems", "trusted": "trusted", "wrong": "of these off by > 5 %", "worst": "worst, %"}


@cache
def _measured() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((files(__package__) / FILE).read_text(encoding="utf-8"))
    return content


def meaning(hamiltonian: str, bits: str, s: int) -> str:
    """Say how many trusted gradients of random systems were wrong.

    Parameters
    ----------
    hamiltonian : by name, lower case
    bits : the multipliers' width, by the name of its preset
    s : of the time step ``2**-s``

    Returns
    -------
    One sentence that ends with the command which measured it; it says so if that did not measure
        this time step.
    """
    content = _measured()
    where, command = f"{hamiltonian} systems ({content['drawn']}) at delta = 2^-{s} with {bits} bits", f"({content['command']})"
    for cell in content["cells"]:
        if (cell["hamiltonian"], cell["bits"], cell["step"]) == (hamiltonian, bits, s):
            wrong = f"{cell['wrong']} of {cell['trusted']} trusted gradients of random {where} were off by more than 5 %"
            return f"{wrong}, the worst by {cell['worst']:.2g} % {command}"
    return f"what a trusted gradient of {where} is worth was not measured {command}"
