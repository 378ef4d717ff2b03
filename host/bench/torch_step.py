"""Backpropagation through time by PyTorch, float32: eager, or with each time step as one compiled program."""

from __future__ import annotations

from typing import Any

from loschmidt.host.errors import MissingExtraError
from loschmidt.host.parameters import Floats

from .workload import Case, S, Step


def step(case: Case, threads: int | None = None, compiled: bool = False) -> Step:
    """The step, of that many threads; None: as many as PyTorch takes.

    Compiled is what advances one time step, at the first call. The loop over them stays Python's: `torch.compile` would unroll it.

    Raises `MissingExtraError` where PyTorch is not installed.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("PyTorch is not installed, and the bench compares with it: pip install 'loschmidt[torch]'") from error
    if threads is not None:
        torch.set_num_threads(threads)
    delta = 2.0**-S
    p = {name: torch.tensor(value, dtype=torch.float32, requires_grad=True) for name, value in case.values().items()}
    inputs = torch.tensor(case.real_inputs(), dtype=torch.float32).transpose(0, 1).contiguous()
    slope = torch.tensor(case.slope(), dtype=torch.float32)

    def plain(phi: Any, pi: Any, z: Any, half: Any, coupling: Any, stiffness: Any) -> tuple[Any, Any, Any]:
        middle = phi + half * pi
        y = torch.tanh(torch.addmm(z, middle, coupling.T))
        pi = pi - delta * (stiffness * middle + y @ coupling)
        return middle + half * pi, pi, middle

    advance = torch.compile(plain, fullgraph=True, dynamic=False) if compiled else plain

    def take() -> dict[str, Floats]:
        half = delta / 2 * p["inverse_mass"]
        phi = pi = middle = torch.zeros(case.batch, case.oscillators)
        drive = inputs @ p["input_weight"].T + p["bias"]
        for z in drive.unbind():
            phi, pi, middle = advance(phi, pi, z, half, p["coupling"], p["stiffness"])
        gradient = torch.autograd.grad((middle * slope).sum(), list(p.values()))
        return {name: value.double().numpy() for name, value in zip(p, gradient, strict=True)}

    return take
