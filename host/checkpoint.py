"""A training run between two minibatches: one ``.npz`` file of plain arrays and a JSON text, no pickle, replaced atomically."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loschmidt.spec.hamiltonian import DEFINITIONS

from . import atomic, encoder
from .config import Config
from .errors import CheckpointError
from .scaling import Scaling

Floats = NDArray[np.float64]

NAME = "checkpoint.npz"

#: Of this file's layout; and of the rules by which integers follow from integers, on every device. The version of the protocol is
#: another: a word more on the line changes no integer.
LAYOUT = CONTRACT = 1


def fingerprint(config: Config) -> dict[str, Any]:
    """What must be the same for the integers to mean the same: the contract's version, the formats, the Hamiltonian's definition."""
    definition = DEFINITIONS[config.system]
    return {
        "layout": LAYOUT,
        "protocol": CONTRACT,
        "formats": config.preset.to_json(),
        "hamiltonian": config.hamiltonian,
        "parameters": [parameter.value for parameter in definition.parameters],
        "products": [product.value for product in definition.products],
    }


@dataclass
class Checkpoint:
    """All that a run needs to go on as if it had never stopped.

    Members
    -------
    config : the run's configuration
    classes : class names in the order of the readout's rows; empty when tracking
    channels, targets : M and P of the data
    scaling : statistics of the training inputs; ``target_scaling`` those of the targets, when tracking
    masters : real-valued weights by name
    memory, steps : the optimiser's arrays and its count of updates
    generator : state of the shuffle's generator at the start of the current epoch
    epoch, batch : epochs finished, and minibatches finished in the current one
    tally : sums over the current epoch so far
    interval : step of the data in seconds, where time stamps say it
    """

    config: Config
    classes: tuple[str, ...]
    channels: int
    targets: int
    scaling: Scaling
    target_scaling: Scaling | None
    masters: dict[str, Floats]
    memory: dict[str, Floats] = field(default_factory=dict)
    steps: int = 0
    generator: dict[str, Any] = field(default_factory=dict)
    epoch: int = 0
    batch: int = 0
    tally: dict[str, Any] = field(default_factory=dict)
    interval: float | None = None

    @property
    def encoded(self) -> bool:
        """Whether samples are images, which enter as the state that the system starts from."""
        return encoder.NAME in self.masters

    def save(self, path: Path) -> None:
        """Replace ``path`` atomically."""
        arrays = {f"master/{name}": value for name, value in self.masters.items()}
        arrays |= {f"memory/{name}": value for name, value in self.memory.items()}
        arrays |= self.scaling.to_arrays("input")
        if self.target_scaling is not None:
            arrays |= self.target_scaling.to_arrays("target")
        about = {
            "fingerprint": fingerprint(self.config),
            "config": self.config.to_json(),
            "classes": list(self.classes),
            "channels": self.channels,
            "targets": self.targets,
            "steps": self.steps,
            "generator": self.generator,
            "epoch": self.epoch,
            "batch": self.batch,
            "tally": self.tally,
            "interval": self.interval,
            "arrays": sorted(arrays),
        }
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, about=np.array(json.dumps(about)), **arrays)
        atomic.write(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a checkpoint, or the one in the folder ``path``. Raises `CheckpointError` if it is damaged or of another spec."""
        path = path / NAME if path.is_dir() else path
        if not path.is_file():
            raise CheckpointError(f"{path}: no checkpoint there: give the folder of a run, such as runs/japanesevowels-0")
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            about = json.loads(str(arrays.pop("about")))
            if sorted(arrays) != about.get("arrays", sorted(arrays)):
                raise ValueError("its arrays have other names than it says")
            found = about["fingerprint"]
            config = Config.from_json(about["config"]) if found["layout"] == LAYOUT else None
        except (OSError, EOFError, KeyError, TypeError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise CheckpointError(f"{path}: not a checkpoint, or a damaged one ({reason})") from error
        if config is None:
            raise CheckpointError(f"{path}: written in layout {found['layout']}, this version reads {LAYOUT}: train again")
        _check(path, found, fingerprint(config))
        return cls(
            config,
            tuple(about["classes"]),
            about["channels"],
            about["targets"],
            Scaling.from_arrays(arrays, "input"),
            Scaling.from_arrays(arrays, "target") if "target/mean" in arrays else None,
            _group(arrays, "master/"),
            _group(arrays, "memory/"),
            about["steps"],
            about["generator"],
            about["epoch"],
            about["batch"],
            about["tally"],
            about.get("interval"),
        )


def _check(path: Path, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    for key, value in wanted.items():
        if found.get(key) != value:
            raise CheckpointError(f"{path}: made for another spec: {key} was {found.get(key)}, here it is {value}: train again")


def _group(arrays: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, Floats]:
    return {name.removeprefix(prefix): np.asarray(value, np.float64) for name, value in arrays.items() if name.startswith(prefix)}
