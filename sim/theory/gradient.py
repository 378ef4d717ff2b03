"""One call for every method."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from .adjoint import adjoint
from .cbvp import cbvp
from .continuous import continuous_adjoint
from .contrast import Contrast
from .derivatives import Floats
from .differences import finite_differences
from .echo import rhel
from .equilibrium import ep, implicit
from .errors import TheoryError
from .estimate import Estimate
from .gain import gain_echo
from .glep import civp, glep, mixed
from .heb import heb
from .pfvp import pfvp
from .sensitivity import sensitivity
from .system import System
from .task import task

_Method = Callable[..., Estimate]

#: Name -> (function, what it is).
METHODS: MappingProxyType[str, _Method] = MappingProxyType(
    {
        "adjoint": adjoint,
        "continuous-adjoint": continuous_adjoint,
        "finite-differences": finite_differences,
        "sensitivity": sensitivity,
        "civp": civp,
        "cbvp": cbvp,
        "glep": glep,
        "mixed": mixed,
        "pfvp": pfvp,
        "rhel": rhel,
        "gain-echo": gain_echo,
        "heb": heb,
        "ep": ep,
        "implicit": implicit,
    }
)
#: Methods that a state of rest, a static input without steps, has any use for.
_RESTING = ("finite-differences", "ep", "implicit")
#: Options that make up a `Contrast`, for methods that compare nudged runs.
_NUDGING = ("eps", "sides", "extrapolate")


def options_of(method: str) -> tuple[str, ...]:
    """Names of the options that a method takes."""
    if method not in METHODS:
        raise TheoryError(f"no method {method!r}: choose from {', '.join(METHODS)}")
    named = [name for name in inspect.signature(METHODS[method]).parameters if name != "task"]
    own = tuple(name for name in named if name != "contrast")
    return ("steps", *own, *(_NUDGING if "contrast" in named else ()))


def gradient(system: System, inputs: Floats, targets: Floats, method: str = "rhel", **options: Any) -> Estimate:
    """dC/dtheta by one of `METHODS`.

    Parameters
    ----------
    inputs, targets : (T, M) and (T, N); or (M,) and (N,): a state of rest, or a motion if ``steps`` says how long the input is held.
        With ``loss.last`` a target (N,) will do
    method : a key of `METHODS`
    options : the method's own, see `options_of`; ``eps``, ``sides`` and ``extrapolate`` of methods that nudge are those of `Contrast`

    Raises
    ------
    TheoryError
        shapes that do not fit, an unknown method or option, a problem beyond the method, or a solver that did not arrive
    """
    known = options_of(method)
    if unknown := sorted(set(options) - set(known)):
        raise TheoryError(f"method {method!r} has no option {', '.join(unknown)}: it takes {', '.join(known)}")
    problem = task(system, inputs, targets, options.pop("steps", None))
    if problem.static and method not in (*_RESTING, "heb"):
        raise TheoryError(f"{method} needs a motion: give inputs (T, M), or steps=; for a state of rest take {', '.join(_RESTING)}")
    nudging = {name: options.pop(name) for name in _NUDGING if name in options}
    if "contrast" in inspect.signature(METHODS[method]).parameters:
        options["contrast"] = Contrast(**nudging)
    return METHODS[method](problem, **options)
