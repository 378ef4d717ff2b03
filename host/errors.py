"""Errors of the host that a user is meant to read; each is one line."""

from __future__ import annotations

from loschmidt.spec.errors import LoschmidtError


class DataError(LoschmidtError, ValueError):
    """A data set that cannot be found, read or used."""


class ConfigError(LoschmidtError, ValueError):
    """An option, or a combination of options, that cannot be trained."""


class CheckpointError(LoschmidtError):
    """A checkpoint that cannot be read, or belongs to something else."""


class StorageError(LoschmidtError):
    """A file or folder that cannot be written, or that another process is writing to."""


class DeviceError(LoschmidtError):
    """A device that is unknown, missing or not supported."""


class MissingExtraError(LoschmidtError, ImportError):
    """An optional package that is asked for and not installed."""


class SecondDerivativeError(LoschmidtError, RuntimeError):
    """A gradient that echoes measured is to be differentiated."""

    def __init__(self) -> None:
        super().__init__(
            "cannot differentiate twice through an array: its gradient is measured by echoes, and a measurement has no derivative; "
            "take penalties of first order, or differences of gradients"
        )


class TransformError(LoschmidtError, RuntimeError):
    """A transform of functions, of PyTorch or JAX, that cannot go through a device."""


class UntrustedGradientError(LoschmidtError):
    """A gradient that the detector does not trust, where the user asked for an error."""


class UntrustedGradientWarning(UserWarning):
    """The same, where the user did not."""
