"""Moves a module's parameters to where they may be, and never while autograd still needs their values.

Autograd saves parameters, not copies of them. If a penalty was computed from a weight, to move that weight in place makes the
penalty's backward fail. So a weight that anything else holds is left as it is, and the device is given a projected copy;
the gradient by the copy counts as that by the weight. The weight is moved when it is next free: at the end of the backward
pass, or as part of the optimiser's step, which changes it in place anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, cast
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

from loschmidt.spec.errors import SpecError

from .layer import Floats, Layer
from .torch_autograd import check, eager, like, numbers


class Constrained(Protocol):
    """A module whose parameters have bounds."""

    def constrain(self) -> None: ...

    def parameters(self) -> Any: ...


#: Modules of which a parameter was left out of bounds.
_LEFT: WeakSet[Constrained] = WeakSet()


def bring(layer: Layer, masters: Mapping[str, Tensor], always: bool = False) -> tuple[dict[str, Floats], bool]:
    """Move the parameters that are out of bounds and that nothing else holds; with ``always``, those that something holds, too.

    Tensors that are computed from other parameters are never moved.

    Returns
    -------
    values : by name, what the device is to be given, in the precision of the parameter
    left : whether a parameter is still out of bounds

    Raises
    ------
    SpecError, TransformError : one is not finite, or not real numbers in memory
    """
    for name, tensor in masters.items():
        if tensor.is_meta:
            raise SpecError(f"the parameter {name} has no memory: call to_empty() and reset_parameters(), or load a state with assign=True")
        check(f"the parameter {name}", tensor)
    values = {name: numbers(tensor).copy() for name, tensor in masters.items()}
    layer.constrain(values, {name: torch.finfo(tensor.dtype).eps for name, tensor in masters.items()})
    left = False
    for name, tensor in masters.items():
        moved = like(values[name], tensor)
        values[name] = numbers(moved)
        if torch.equal(moved, tensor) or not (isinstance(tensor, nn.Parameter) and tensor.is_leaf):
            continue
        if always or not _held(tensor):
            with torch.no_grad():
                tensor.copy_(moved)
        else:
            left = True
    return values, left


def remember(module: Constrained, left: bool) -> None:
    """Note whether the optimiser's next step has to move a parameter of the module."""
    (_LEFT.add if left else _LEFT.discard)(module)


def _held(parameter: nn.Parameter) -> bool:
    """Whether a graph, a view or an alias needs the parameter's values: anything but itself and the node that adds up its gradient."""
    with torch.inference_mode(False):
        node = get_gradient_edge(parameter).node if parameter.requires_grad else None
        storage = parameter.untyped_storage()
    count: int = cast(Any, parameter)._use_count()  # as `torch.utils.swap_tensors` counts
    others = count - (1 if node is None else 2)
    aliases = torch._C._storage_Use_Count(storage._cdata) - 2  # itself, and the object `storage`
    return others > 0 or aliases > 0


@eager
def _stepped(optimiser: Optimizer, *_: Any) -> None:
    if not _LEFT:
        return
    moved = {id(parameter) for group in optimiser.param_groups for parameter in group["params"]}
    for module in list(_LEFT):
        if any(id(parameter) in moved for parameter in module.parameters()):
            module.constrain()


register_optimizer_step_post_hook(_stepped)
