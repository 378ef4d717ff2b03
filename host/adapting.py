"""What a run takes from the board that it is to run on, where its user has not said otherwise."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from loschmidt.spec.formats import name_of
from loschmidt.spec.shape import Shape

from .config import Config
from .errors import DataError

#: Data that come with the project, for boards of few inputs, and their channels.
EXAMPLES = (("BasicMotions", 6), ("UnitTest", 1))


def adapted(config: Config, shape: Shape, given: Collection[str]) -> Config:
    """The configuration as the board can have it.

    Parameters
    ----------
    config : as the user has it, defaults and all
    shape : the board's
    given : the options that the user has typed: of these, none is changed

    Returns
    -------
    Configuration with the board's formats; with no more oscillators than it has; and, if it holds no couplings, with a Hamiltonian
    that needs none.
    """
    changes: dict[str, Any] = {
        "formats": name_of(shape.formats),
        "oscillators": min(config.oscillators, shape.oscillators),
        "hamiltonian": config.hamiltonian if config.system in shape.hamiltonians else shape.hamiltonians[-1].name.lower(),
    }
    return dataclasses.replace(config, **{name: value for name, value in changes.items() if name not in given})


def check_channels(name: str, channels: int, device: str, shape: Shape) -> None:
    """`DataError` if samples have more channels than the board has inputs; says how many fit, and which data do."""
    if channels <= shape.inputs:
        return
    data, count = next(example for example in EXAMPLES if example[1] <= shape.inputs)
    raise DataError(
        f"{device} holds {shape.inputs} input{'s' if shape.inputs > 1 else ''} a step, and {name} has {channels} channels: take data of "
        f"at most {shape.inputs}, such as {data} ({count}), or a board that holds {channels} (`loschmidt boards` lists them)"
    )
