"""A port whose other end keeps words by bank and address: enough of an array to hold a device to what it sends."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loschmidt.spec import layout, protocol
from loschmidt.spec.layout import Bank
from loschmidt.spec.protocol import Error, Header, Opcode
from loschmidt.spec.shape import Shape


class MemoryPort:
    """Executes IDENTIFY, WRITE and READ, and says yes to the rest.

    Members
    -------
    memory : bank -> address -> the words of all lanes
    requests : all that came: header and payload
    answer : responses that replace the next ones, word for word; the tag of a header is not touched
    """

    def __init__(self, shape: Shape) -> None:
        self.shape, self.closed = shape, False
        self.memory: dict[Bank, dict[int, list[int]]] = defaultdict(dict)
        self.requests: list[tuple[Header, list[int]]] = []
        self.answer: list[list[int]] = []
        self._incoming: list[int] = []
        self._outgoing: list[int] = []

    def send(self, words: ArrayLike) -> None:
        self._incoming += np.asarray(words, np.uint32).tolist()
        while self._incoming and len(self._incoming) > (length := Header.parse(self._incoming[0]).length):
            header, payload = Header.parse(self._incoming[0]), self._incoming[1 : 1 + length]
            del self._incoming[: 1 + length]
            self.requests.append((header, payload))
            response = self._execute(Opcode(header.code), payload)
            self._outgoing += self.answer.pop(0) if self.answer else [Header(Error.OK, header.tag, len(response)).word(), *response]

    def receive(self, count: int) -> NDArray[np.uint32]:
        assert count <= len(self._outgoing), "the device waits for words that never come"
        words = np.array(self._outgoing[:count], np.uint32)
        del self._outgoing[:count]
        return words

    def allow(self, cycles: int) -> None:
        """It never waits."""

    def close(self) -> None:
        self.closed = True

    @property
    def waiting(self) -> int:
        """Response words that nobody has taken."""
        return len(self._outgoing)

    def _execute(self, opcode: Opcode, payload: list[int]) -> list[int]:
        match opcode:
            case Opcode.IDENTIFY:
                return protocol.identity(self.shape)
            case Opcode.WRITE:
                bank, address, values = Bank(payload[0]), payload[1], payload[2:]
                size = self._size(bank)
                for k in range(0, len(values), size):
                    self.memory[bank][address + k // size] = values[k : k + size]
                return []
            case Opcode.READ:
                bank, address, count = Bank(payload[0]), payload[1], payload[2]
                empty = [0] * self._size(bank)
                return [word for k in range(count) for word in self.memory[bank].get(address + k, empty)]
            case Opcode.STATUS:
                return [0] * protocol.status_length(self.shape)
            case _:
                return []

    def _size(self, bank: Bank) -> int:
        return layout.lanes(bank, self.shape) * protocol.words_per_value(bank, self.shape)
