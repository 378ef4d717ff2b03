"""Backpropagation through time by PyTorch, eager, float32."""

from __future__ import annotations

from loschmidt.host.errors import MissingExtraError
from loschmidt.host.parameters import Floats

from .workload import Case, S, Step


def step(case: Case, threads: int | None = None) -> Step:
    """The step, of that many threads; None: as many as PyTorch takes.

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

    def take() -> dict[str, Floats]:
        half = delta / 2 * p["inverse_mass"]
        phi = pi = middle = torch.zeros(case.batch, case.oscillators)
        drive = inputs @ p["input_weight"].T + p["bias"]
        for z in drive.unbind():
            middle = phi + half * pi
            y = torch.tanh(torch.addmm(z, middle, p["coupling"].T))
            pi = pi - delta * (p["stiffness"] * middle + y @ p["coupling"])
            phi = middle + half * pi
        gradient = torch.autograd.grad((middle * slope).sum(), list(p.values()))
        return {name: value.double().numpy() for name, value in zip(p, gradient, strict=True)}

    return take
