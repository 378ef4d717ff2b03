"""Keeps master weights where the system is stable and the device can hold them: what an update may not leave."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.formats import Formats
from loschmidt.spec.hamiltonian import Hamiltonian

Floats = NDArray[np.float64]

#: Least stiffness, gain and inverse mass: below it an oscillator hardly moves, or hardly comes back.
FLOOR = 2.0**-6

#: Largest share of the fastest stable frequency, omega delta = 2.
MARGIN = 0.95


def project(masters: dict[str, Floats], hamiltonian: Hamiltonian, s: int, formats: Formats) -> None:
    """Move the weights, in place, to where they may be.

    Stiffness, gain and inverse mass are positive, springs between oscillators pull; every weight fits its format (for SPRINGS, so does
    the diagonal of K); and where omega delta would pass ``2 * MARGIN``, masses are made heavier, for omega^2 is linear in mu.
    """
    largest = formats.weight.highest * formats.weight.lsb
    for name in {"stiffness", "gain", "inverse_mass"} & masters.keys():
        np.maximum(masters[name], FLOOR, out=masters[name])
    names = {"stiffness", "gain", "inverse_mass", "bias", "coupling", "input_weight"} & masters.keys()
    if hamiltonian is Hamiltonian.SPRINGS:
        np.maximum(masters["coupling"], 0.0, out=masters["coupling"])
    for name in names:
        np.clip(masters[name], -largest, largest, out=masters[name])
    limit = (2.0 * MARGIN * 2.0**s) ** 2
    mu = masters["inverse_mass"]
    if hamiltonian is Hamiltonian.LINEAR:
        np.minimum(mu, limit / masters["stiffness"], out=mu)
    elif hamiltonian is Hamiltonian.DIAGONAL:
        np.minimum(mu, limit / (masters["stiffness"] + masters["gain"]), out=mu)
    elif hamiltonian is Hamiltonian.SPRINGS:
        heaviest = np.max(np.diagonal(_springs(masters)))
        if heaviest > MARGIN * largest:
            for name in ("stiffness", "coupling"):
                masters[name] *= MARGIN * largest / heaviest
        _slow(mu, _springs(masters), limit)
    else:
        coupling = masters["coupling"]
        bound = float(np.max(mu)) * (float(np.max(masters["stiffness"])) + float(np.sum(coupling**2)))
        if bound > limit:
            _slow(mu, np.diag(masters["stiffness"]) + coupling.T @ coupling, limit)


def _slow(mu: Floats, curvature: Floats, limit: float) -> None:
    root = np.sqrt(mu)
    fastest = float(np.linalg.eigvalsh(root[:, None] * curvature * root)[-1])
    if fastest > limit:
        mu *= limit / fastest


def _springs(masters: dict[str, Floats]) -> Floats:
    n = len(masters["stiffness"])
    matrix = np.zeros((n, n))
    matrix[np.triu_indices(n, 1)] = -masters["coupling"]
    matrix += matrix.T
    np.fill_diagonal(matrix, masters["stiffness"] - matrix.sum(axis=1))
    return matrix
