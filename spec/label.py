"""Enumerations whose members are keys of dictionaries that every run asks."""

from __future__ import annotations

from enum import Enum


class Label(Enum):
    """A member is one object, and its identity the fastest hash; Enum's own is computed in Python."""

    __hash__ = object.__hash__
