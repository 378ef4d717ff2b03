"""Parameters are kept within bounds, whatever else needs their values, and in whatever precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from loschmidt.host import torch_bounds
from loschmidt.host.torch import EchoLayer

N, M = 4, 3
LIMIT = (2**17 - 1) / 2**14
torch.set_num_threads(1)


def outside(**options: Any) -> EchoLayer:
    """A layer whose input weights are past the end of their format."""
    torch.manual_seed(3)
    layer = EchoLayer(M, N, step=4, **options)
    with torch.no_grad():
        layer.input_weight.fill_(9)
    return layer


def small(size: int = 2) -> Tensor:
    return torch.rand(size, 5, M, generator=torch.Generator().manual_seed(1)) / 50


#: What may need a parameter's values, made before the forward pass.
HOLDERS: dict[str, Callable[[Tensor], Tensor]] = {
    "itself": lambda w: w.square().sum(),
    "norm": lambda w: w.norm(),
    "a row": lambda w: (w[0] ** 2).sum(),
    "a reshaped view": lambda w: w.flatten().square().sum(),
    "its transpose": lambda w: (w.T @ w).sum(),
    "an alias": lambda w: (torch.ones(N, M, requires_grad=True) * w.detach()).sum(),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_penalty_computed_before_has_the_gradient_of_what_it_was_computed_from(holder: str) -> None:
    layer = outside()
    expected = layer.input_weight.detach().clone().requires_grad_()
    HOLDERS[holder](expected).backward()
    penalty = HOLDERS[holder](layer.input_weight)
    output = layer(small())
    penalty.backward()
    if expected.grad is None:
        assert layer.input_weight.grad is None
    else:
        assert layer.input_weight.grad is not None
        assert torch.equal(layer.input_weight.grad, expected.grad)
    assert layer.input_weight.max() == 9  # the graph may yet be walked again, for all that the layer knows
    inside = outside()
    inside.constrain()
    assert torch.equal(output, inside(small()))


def test_parameter_is_moved_once_the_penalty_is_done() -> None:
    layer = outside()
    penalty = layer.input_weight.square().sum()
    (layer(small()).sum() + penalty).backward()
    assert layer.input_weight.max() == LIMIT
    assert float(penalty.detach()) == 81 * N * M


def test_parameter_that_is_held_for_long_is_moved_by_the_optimisers_step() -> None:
    layer = outside()
    optimiser = torch.optim.SGD(layer.parameters(), lr=1e-6)
    history = [layer.input_weight.square().sum()]  # nobody calls its backward
    layer(small()).sum().backward()
    assert layer.input_weight.max() == 9
    other = nn.Linear(1, 1)
    other(torch.ones(1)).sum().backward()
    torch.optim.SGD(other.parameters(), lr=1.0).step()
    assert layer.input_weight.max() == 9  # another model's step is no reason
    optimiser.step()
    assert layer.input_weight.max() <= LIMIT
    assert len(history) == 1


def train(optimiser: Callable[[Any], torch.optim.Optimizer] | None) -> float:
    """The largest input weight after steps that drive it past its end; a penalty is computed first in each."""
    layer = outside(readout="mean")
    stepper = None if optimiser is None else optimiser(layer.parameters())
    for _ in range(4):
        penalty = 1e-4 * torch.stack([p.square().sum() for p in layer.parameters()]).sum()
        loss = -layer(small()).sum() + penalty - 3 * layer.input_weight.sum()
        layer.zero_grad()
        loss.backward()
        if stepper is not None:
            stepper.step()
            continue
        with torch.no_grad():
            for parameter in layer.parameters():
                assert parameter.grad is not None
                parameter.sub_(0.1 * parameter.grad)
    layer(small())
    return layer.input_weight.max().item()


OPTIMISERS: list[Any] = [lambda p: torch.optim.Adam(p, lr=0.1), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), None]


@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=["Adam", "SGD", "by hand"])
def test_trains_with_a_penalty_computed_before(optimiser: Any) -> None:
    assert train(optimiser) == LIMIT


def test_moving_a_parameter_that_is_held_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_bounds, "_held", lambda _: False)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        train(None)


def test_evaluation_moves_nothing_that_is_held() -> None:
    layer = outside()
    penalty = layer.input_weight.square().sum()
    with torch.inference_mode():
        layer(small())
    with torch.no_grad():
        layer(small())
    penalty.backward()
    with torch.inference_mode():
        layer(small())
    assert layer.input_weight.max() == LIMIT


def test_weight_that_is_computed_from_another_is_left_alone() -> None:
    layer = nn.utils.parametrizations.weight_norm(outside(), "input_weight")
    optimiser = torch.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(2):
        optimiser.zero_grad()
        layer(small()).square().sum().backward()
        optimiser.step()
    assert layer.input_weight.max() > LIMIT


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize("hamiltonian", ["springs", "linear", "diagonal", "dense"])
def test_every_precision_ends_within_bounds(dtype: torch.dtype, hamiltonian: str) -> None:
    """Every parameter far past either end of where it may be; of the numbers that fit, the last is taken."""
    for value in (1e4, -1e4):
        layer = EchoLayer(M, N, hamiltonian, step=4, dtype=dtype)
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.fill_(value)
        layer(torch.zeros(1, 2, M, dtype=dtype)).sum().backward()
        last = {torch.bfloat16: 7.96875, torch.float16: 7.99609375}.get(dtype, LIMIT)
        assert set(layer.input_weight.flatten().tolist()) == {last if value > 0 else -last}
