"""The link's components, for benches: side by side in one bay, like those of `parts`."""

from __future__ import annotations

from functools import partial

from loschmidt.hw.link.link import Link
from loschmidt.spec import link

from .parts import Part


def link_parts() -> dict[str, Part]:
    """The link with its smallest buffer, and with a larger one."""
    return {
        f"{name}_link": Part(partial(Link, buffer), "link", {"buffer": buffer})
        for name, buffer in (("small", link.LEAST_BUFFER), ("large", 4 * link.LEAST_BUFFER))
    }
