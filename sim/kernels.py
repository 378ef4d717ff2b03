"""Which kernel the emulator runs: the fastest that this processor and this installation have, or the one that is asked for."""

from __future__ import annotations

import os

from loschmidt.spec.errors import LoschmidtError

from .job import Kernel
from .native.compiler import ToolError, program
from .vector.library import KINDS, has

#: The kernel that runs everywhere, and the environment variable that names another.
PORTABLE, VARIABLE = "numba", "LOSCHMIDT_KERNEL"

NAMES = (*KINDS, PORTABLE)


class KernelError(LoschmidtError):
    """There is no such kernel, or this machine cannot run it."""


def choose(name: str | None = None) -> str:
    """The name of the kernel to run.

    Parameters
    ----------
    name : one of `NAMES`; if None, what the environment names; if it names none, the fastest: C++ for the best vector unit that there is,
        or where there is no C++ compiler, the portable one

    Raises
    ------
    KernelError : for a name that is not known, or that this processor cannot execute
    """
    wanted = name or os.environ.get(VARIABLE, "").strip()
    if not wanted:
        try:
            program()
        except ToolError:
            return PORTABLE
        return next(kind for kind in KINDS if has(kind))
    if wanted not in NAMES:
        raise KernelError(f"no kernel of the emulator is named {wanted!r}: use one of {', '.join(NAMES)}")
    if wanted in KINDS and not has(wanted):
        raise KernelError(f"this processor cannot run the emulator's kernel {wanted}: leave {VARIABLE} unset, and the best is taken")
    return wanted


def open_kernel(name: str | None = None) -> Kernel:
    """The kernel of `choose`, compiled at first use. Raises `ToolError` if the compiler fails, or is missing and C++ is asked for."""
    chosen = choose(name)
    if chosen == PORTABLE:
        from .kernel import PortableKernel

        return PortableKernel()
    from .vector.kernel import VectorKernel

    return VectorKernel(chosen)
