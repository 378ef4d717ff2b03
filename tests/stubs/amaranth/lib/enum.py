"""Amaranth's enumerations, as far as a type checker is concerned; not a `.pyi`, where mypy wants every enumeration to have members."""

import enum


class EnumType(enum.EnumType):
    """Takes ``shape=`` and ``view_class=``."""


class Enum(enum.Enum, metaclass=EnumType):
    pass


class IntEnum(enum.IntEnum, metaclass=EnumType):
    pass
