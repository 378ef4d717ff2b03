"""What autograd may ask of a layer beside a gradient: another one of the same run, a second derivative, a transform, a compiler."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd import functional
from torch.autograd.forward_ad import dual_level, make_dual
from torch.utils.checkpoint import checkpoint

from loschmidt.host.errors import SecondDerivativeError, TransformError
from loschmidt.host.torch import EchoLayer

N, M = 4, 3
torch.set_num_threads(1)
Loss = Callable[[Tensor], Tensor]
LOSSES: dict[str, Loss] = {"linear": lambda output: output.sum(), "square": lambda output: output.square().sum()}


def make(**options: Any) -> EchoLayer:
    torch.manual_seed(3)
    return EchoLayer(M, N, step=3, **options)


def slope_of(tensor: Tensor) -> Tensor:
    """The gradient that backward has left."""
    assert tensor.grad is not None
    return tensor.grad


def inputs() -> Tensor:
    return torch.rand(2, 5, M, generator=torch.Generator().manual_seed(1)).requires_grad_()


def penalty(layer: EchoLayer, u: Tensor, loss: Loss) -> None:
    """The gradient by inputs is used up by a backward pass."""
    (slope,) = torch.autograd.grad(loss(layer(u)), u, create_graph=True)
    assert slope.requires_grad
    ((slope.norm() - 1) ** 2).backward()


def of_weights(layer: EchoLayer, u: Tensor, loss: Loss) -> None:
    (slope,) = torch.autograd.grad(loss(layer(u.detach())), layer.coupling, create_graph=True)
    slope.sum().backward()


def crossed(layer: EchoLayer, u: Tensor, loss: Loss) -> None:
    """Asked for in a way that takes no answer for zero."""
    (slope,) = torch.autograd.grad(loss(layer(u)), layer.bias, create_graph=True)
    torch.autograd.grad(slope.sum(), u, allow_unused=True)


def in_grad(layer: EchoLayer, u: Tensor, loss: Loss) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using backward.. with create_graph=True")
        loss(layer(u)).backward(create_graph=True)
    torch.autograd.grad(slope_of(u).sum(), layer.stiffness)


TWICE: dict[str, Callable[[EchoLayer, Tensor, Loss], Any]] = {
    "gradient penalty": penalty,
    "by weights": of_weights,
    "by weights, then inputs": crossed,
    "backward(create_graph=True)": in_grad,
    "hessian": lambda layer, u, loss: functional.hessian(lambda v: loss(layer(v)), u),
    "hvp": lambda layer, u, loss: functional.hvp(lambda v: loss(layer(v)), u, u),
    "vhp": lambda layer, u, loss: functional.vhp(lambda v: loss(layer(v)), u, u),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("way", TWICE)
def test_second_derivative_is_refused(way: str, loss: str) -> None:
    text = r"^cannot differentiate twice through an array: [^\n]*$"
    with pytest.raises(SecondDerivativeError, match=text):
        TWICE[way](make(), inputs(), LOSSES[loss])


def test_gradient_that_may_be_differentiated_is_the_same_gradient() -> None:
    layer, u = make(), inputs()
    given = [u, *layer.parameters()]
    once = torch.autograd.grad(layer(u).square().sum(), given)
    again = torch.autograd.grad(layer(u).square().sum(), given, create_graph=True)
    assert all(torch.equal(x, y) for x, y in zip(once, again, strict=True))


def test_penalty_on_what_follows_the_layer_goes_through_it_once() -> None:
    layer, head = make(), nn.Linear(N, 1)
    (slope,) = torch.autograd.grad(head(layer(inputs())).square().sum(), head.weight, create_graph=True)
    slope.square().sum().backward()
    assert layer.coupling.grad is not None


def test_second_backward_asks_for_a_graph_that_was_retained() -> None:
    layer, u = make(), inputs()
    loss = layer(u).sum()
    loss.backward(retain_graph=True)
    once = slope_of(u).clone()
    loss.backward()
    assert torch.equal(2 * once, slope_of(u))
    with pytest.raises(RuntimeError, match="backward through the graph a second time"):
        loss.backward()


def of_functions(layer: EchoLayer, u: Tensor) -> Any:
    parameters = {name: value.detach() for name, value in layer.named_parameters()}
    return torch.func.grad(lambda p: torch.func.functional_call(layer, p, (u,)).sum())(parameters)


def forward_mode(layer: EchoLayer, u: Tensor) -> Any:
    with dual_level():
        layer(make_dual(u.detach(), torch.ones_like(u)))


def many_at_once(layer: EchoLayer, u: Tensor) -> Any:
    return torch.autograd.grad(layer(u).sum(0), u, torch.eye(N), is_grads_batched=True)


TRANSFORMS: dict[str, Callable[[EchoLayer, Tensor], Any]] = {
    "torch.func.grad": lambda layer, u: torch.func.grad(lambda v: layer(v).sum())(u),
    "torch.func.grad of functional_call": of_functions,
    "torch.func.jacrev": lambda layer, u: torch.func.jacrev(layer)(u),
    "torch.func.jvp": lambda layer, u: torch.func.jvp(layer, (u,), (u,)),
    "torch.vmap": lambda layer, u: torch.vmap(lambda v: layer(v[None])[0])(u),
    "forward mode": forward_mode,
    "batched gradients": many_at_once,
}


# Forward mode makes PyTorch load a part of itself that it calls deprecated.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize("transform", TRANSFORMS)
def test_transform_is_refused_in_words(transform: str) -> None:
    with pytest.raises(TransformError, match=r"^[^\n]*$"):
        TRANSFORMS[transform](make(), inputs())


def test_export_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    with pytest.raises(TransformError, match=r"^an array cannot be exported: it is a device, and no graph of operations$"):
        make()(inputs())


def test_parameters_may_be_given_from_outside() -> None:
    layer, u = make(), inputs()
    given = {name: value.detach().clone().requires_grad_() for name, value in layer.named_parameters()}
    given["input_weight"] = torch.full_like(given["input_weight"], 9.0).requires_grad_()
    output = torch.func.functional_call(layer, given, (u,))
    output.sum().backward()
    assert all(value.grad is not None for value in given.values())
    assert bool((given["input_weight"] == 9).all())  # the device is given a projected copy; this is not the layer's to move
    with torch.no_grad():
        layer.input_weight.fill_(9)
    assert torch.equal(layer(u), output)


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointed_segment_has_the_same_gradient(reentrant: bool) -> None:
    layer, u, again = make(), inputs(), inputs()
    layer(u).square().sum().backward()
    checkpoint(layer, again, use_reentrant=reentrant).square().sum().backward()
    assert torch.equal(slope_of(u), slope_of(again))


@pytest.fixture
def _compiler() -> Iterator[None]:
    yield
    torch.compiler.reset()


# Where a graph was broken, PyTorch's compiler looks at every tensor's gradient, and hides its own warning only if that is no error.
@pytest.mark.filterwarnings(r"ignore:The \.grad attribute of a Tensor that is not a leaf:UserWarning")
@pytest.mark.usefixtures("_compiler")
def test_compiler_breaks_its_graph_at_a_layer() -> None:
    """With backward inside what is compiled, too: the compiler then looks at the echo as well."""
    layer, twin, head = make(), make(), nn.Linear(N, 1)

    @torch.compile(backend="eager")
    def step(u: Tensor) -> Tensor:
        loss: Tensor = head(layer(u)).square().sum()
        loss.backward()
        return loss

    for size in (2, 1):
        u, again = inputs()[:size].detach().requires_grad_(), inputs()[:size].detach().requires_grad_()
        loss = head(twin(again)).square().sum()
        loss.backward()
        assert torch.equal(step(u), loss)
        assert torch.equal(slope_of(u), slope_of(again))
        assert all(torch.equal(slope_of(x), slope_of(y)) for x, y in zip(layer.parameters(), twin.parameters(), strict=True))
