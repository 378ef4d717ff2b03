"""Reading a table of TOML key by key, so that whatever is missing, unknown or of the wrong type is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import SpecError

_KINDS = {bool: "a truth value", int: "an integer", float: "a real number", str: "a string", list: "a list", dict: "a table"}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), f"a {type(value).__name__}")


class Keys:
    """One table. Every method raises `SpecError` with the key's full name; `done` does so for keys that nobody asked for."""

    def __init__(self, table: Mapping[str, Any], path: str = "", given: bool = True) -> None:
        self._table, self._path, self._asked = table, path, set[str]()
        #: Whether the table is there at all.
        self.given = given

    def _name(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _take(self, key: str, kind: type, default: Any) -> Any:
        self._asked.add(key)
        if key not in self._table:
            if default is None:
                raise SpecError(f"{self._name(key)}: is missing; it is {_KINDS[kind]}")
            return default
        value = self._table[key]
        if type(value) is not kind:
            raise SpecError(f"{self._name(key)}: must be {_KINDS[kind]}, not {_kind(value)}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        value: str = self._take(key, str, default)
        return value

    def word(self, key: str) -> str:
        """A string without blanks, such as a pin's name."""
        return self._word(self.text(key), self._name(key))

    def words(self, key: str) -> tuple[str, ...]:
        """A list of strings without blanks; empty if the key is missing."""
        return tuple(self._word(value, self._name(key)) for value in self.lines(key))

    @staticmethod
    def _word(value: str, name: str) -> str:
        if len(value.split()) != 1 or value != value.strip():
            raise SpecError(f"{name}: must be a name without blanks, not {value!r}")
        return value

    def flag(self, key: str, default: bool | None = None) -> bool:
        value: bool = self._take(key, bool, default)
        return value

    def whole(self, key: str, least: int, default: int | None = None) -> int:
        """An integer of at least ``least``."""
        value: int = self._take(key, int, default)
        if value < least:
            raise SpecError(f"{self._name(key)}: must be at least {least}, not {value}")
        return value

    def lines(self, key: str) -> tuple[str, ...]:
        """A list of strings; empty if the key is missing."""
        found: list[Any] = self._take(key, list, [])
        for value in found:
            if type(value) is not str:
                raise SpecError(f"{self._name(key)}: must hold strings, not {_kind(value)}")
        return tuple(found)

    def texts(self, key: str) -> dict[str, str]:
        """A table of strings; empty if the key is missing."""
        found: dict[str, Any] = self._take(key, dict, {})
        for name, value in found.items():
            if type(value) is not str:
                raise SpecError(f"{self._name(key)}.{name}: must be a string, not {_kind(value)}")
        return found

    def is_table(self, key: str) -> bool:
        return type(self._table.get(key)) is dict

    def table(self, key: str, required: bool = True) -> Keys:
        """The table of that name; an empty one if it is missing and need not be there."""
        found = self._take(key, dict, None if required else {})
        return Keys(found, self._name(key), key in self._table)

    def done(self) -> None:
        """All keys have been asked for."""
        unknown = sorted(set(self._table) - self._asked)
        if unknown:
            known = ", ".join(sorted(self._asked)) or "none"
            raise SpecError(f"{self._name(unknown[0])}: is no key here; keys are {known}")
