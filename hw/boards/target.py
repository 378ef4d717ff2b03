"""What gateware may ask of the platform it is built for."""

from __future__ import annotations

from loschmidt.spec.part import Family


class Target:
    """A platform, as far as the array cares: the family whose blocks it may use. Board platforms are targets, too.

    Without a target, as in simulation, every component is behavioural.
    """

    def __init__(self, target: Family) -> None:
        self.target = target


def family(platform: object) -> Family | None:
    """The family whose blocks may be used; None where everything is to stay behavioural."""
    found = getattr(platform, "target", None)
    return found if isinstance(found, Family) else None
