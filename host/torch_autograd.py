"""A device's run as one operation of PyTorch's autograd.

The derivative of the operation is what two echoes measure. A measurement has no derivative of its own, so to differentiate
it again is refused: the gradient stays connected with everything that it depends on, by an operation whose backward raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar, cast

import numpy as np
import torch
from torch import Tensor
from torch.autograd import Function

from loschmidt.spec.errors import SpecError

from .device import Ints
from .errors import SecondDerivativeError, TransformError
from .layer import Floats, Layer

State = tuple[Tensor, Tensor]
P = ParamSpec("P")
R = TypeVar("R")


def eager(function: Callable[P, R]) -> Callable[P, R]:
    """Leave a function out of the graphs of `torch.compile`, and do not import the compiler before it is used."""
    kept: list[Callable[P, R]] = []

    @wraps(function)
    def called(*args: P.args, **keywords: P.kwargs) -> R:
        if not kept and torch.compiler.is_compiling():
            kept.append(torch.compiler.disable(function))
        return (kept[0] if kept else function)(*args, **keywords)

    return called


def run(
    layer: Layer,
    masters: Mapping[str, Tensor],
    values: Mapping[str, Floats],
    inputs: Tensor,
    lengths: Ints | None,
    state: State,
    after: Callable[[], None] | None = None,
) -> Tensor:
    """Midpoint positions, as the layer's readout says, in the inputs' precision and on their device.

    Parameters
    ----------
    layer : Layer
    masters : by name, the parameters that the gradient is by
    values : by the same names, what the device is given for them
    inputs : (B, T, M)
    lengths : (B,), or None for T each
    state : positions and momenta to start from, (B, N) each
    after : called when a backward pass through this operation has ended
    """
    output, _ = _Run.apply(layer, values, lengths, after, inputs, *state, *masters.values())
    return cast(Tensor, output)


def check(what: str, tensor: Any) -> None:
    """Raise `SpecError` or `TransformError` for anything but a dense tensor of real numbers in memory."""
    if not isinstance(tensor, Tensor):
        raise SpecError(f"{what} must be a tensor, not {type(tensor).__name__}")
    if torch._C._functorch.is_functorch_wrapped_tensor(tensor) or torch._C._functorch.is_legacy_batchedtensor(tensor):
        raise TransformError(f"{what} cannot be under torch.func or vmap: use backward() or torch.autograd.grad, or JAX's EchoFunction")
    if not tensor.is_floating_point() or tensor.is_meta:
        raise SpecError(f"{what} must be real numbers in memory, not {tensor.dtype} on {tensor.device}")
    if tensor.layout is not torch.strided or tensor.is_nested:
        raise SpecError(f"{what} must be dense, not {'nested' if tensor.is_nested else tensor.layout}: call to_dense() or pad them first")


def numbers(tensor: Tensor) -> Floats:
    """A tensor's values, (...), of the same shape."""
    found: Floats = tensor.detach().cpu().double().resolve_neg().numpy()
    return found


def like(values: Floats, tensor: Tensor) -> Tensor:
    """Values in the tensor's precision, on its device."""
    return torch.from_numpy(values).to(dtype=tensor.dtype, device=tensor.device)


class _Run(Function):
    """A free run, whose backward is the echoes. What both share is kept in NumPy, as the device's codes.

    The second output has no numbers. It stands for the operation in `_Once`, and where autograd has freed it, a second
    backward is refused as it is by any other layer.
    """

    @staticmethod
    def forward(
        ctx: Any,
        layer: Layer,
        values: Mapping[str, Floats],
        lengths: Ints | None,
        after: Callable[[], None] | None,
        inputs: Tensor,
        position: Tensor,
        momentum: Tensor,
        *masters: Tensor,
    ) -> tuple[Tensor, Tensor]:
        entered = layer.enter(values, numbers(inputs), lengths, numbers(position), numbers(momentum))
        ran, output = layer.forward(entered)
        itself = inputs.new_empty(0)
        if any(ctx.needs_input_grad):
            ctx.save_for_backward(itself)
            ctx.layer, ctx.entered, ctx.ran, ctx.names, ctx.after = layer, entered, ran, tuple(values), after
            ctx.like = [torch.empty(0, dtype=tensor.dtype, device=tensor.device) for tensor in (inputs, position, momentum, *masters)]
        return like(output, inputs), itself

    @staticmethod
    @eager
    def backward(ctx: Any, by_output: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        (itself,) = ctx.saved_tensors
        check("the gradient by an array's output", by_output)
        wanted = ctx.needs_input_grad[4:]
        found = ctx.layer.backward(ctx.entered, ctx.ran, numbers(by_output), inputs=wanted[0])
        values = (found.inputs, found.position0, found.momentum0, *(found.masters[name] for name in ctx.names))
        given = [like(value, kind) if want else None for value, kind, want in zip(values, ctx.like, wanted, strict=True)]
        if ctx.after is not None:
            torch.autograd.Variable._execution_engine.queue_callback(ctx.after)
        if torch.is_grad_enabled():
            once = iter(_Once.apply(by_output, itself, *(gradient for gradient in given if gradient is not None)))
            given = [None if gradient is None else next(once) for gradient in given]
        return (None, None, None, None, *given)

    @staticmethod
    def jvp(ctx: Any, *_: Any) -> NoReturn:
        raise TransformError("an array has no forward-mode derivative: use backward() or torch.autograd.grad")


class _Once(Function):
    """Gradients as they are, as a function of the run that they belong to and of the gradient by its output."""

    @staticmethod
    def forward(ctx: Any, by_output: Tensor, itself: Tensor, *gradients: Tensor) -> tuple[Tensor, ...]:
        return tuple(gradient.clone() for gradient in gradients)

    @staticmethod
    def backward(ctx: Any, *_: Tensor) -> NoReturn:
        raise SecondDerivativeError


def counts(lengths: Any) -> Ints | None:
    """Lengths as a user gives them, a tensor or integers, as an array."""
    return None if lengths is None else np.asarray(torch.as_tensor(lengths, device="cpu"))
