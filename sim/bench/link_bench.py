"""cocotb bench of `hw.link.link.Link`: every frame is judged."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from zlib import crc32

import cocotb
from cocotb.triggers import Timer

from loschmidt.spec import link
from loschmidt.spec.link import PAYLOAD_WORDS, POSITIONS, Flag, Frame, Kind

from .link_judge import Judge
from .link_line import PERIOD, Line, parsed, stuffed, wire
from .pins import setting
from .streams import PATTERNS

SESSION, OTHER = 0x51A7, 0xA751
AMPLE = 1000


def content(frame: Frame, stated: int | None = None, kind: int | None = None, extra: int = 0) -> bytes:
    """A frame with a right CRC, but another count or kind in its header, or more bytes."""
    plain = bytearray(link.body(frame)[: -link.BYTES])
    if stated is not None:
        plain[8:10] = stated.to_bytes(2, "little")
    if kind is not None:
        plain[1] = kind
    plain += bytes(extra)
    return bytes(plain) + crc32(plain).to_bytes(link.BYTES, "little")


class Exchange:
    """A line and its judge. The host's own position and what it has received follow the judge, unless a test says otherwise."""

    def __init__(self, line: Line, judge: Judge, seed: int) -> None:
        self.line, self.judge, self.choice = line, judge, random.Random(seed)
        self._before = 0

    @classmethod
    async def start(cls, dut: Any, pattern: str = "none", seed: int = 1, blocked: bool = False, session: int = SESSION) -> Exchange:
        """With a session under way, unless it is 0."""
        exchange = cls(await Line.start(dut, PATTERNS[pattern], seed, blocked), Judge(setting("buffer"), setting("first")), seed)
        if session:
            await exchange.tell(Frame(session, Kind.OPEN))
        return exchange

    def some(self, count: int) -> list[int]:
        """Words, a third of their bytes zero."""
        return [int.from_bytes(self.choice.choice((0, 255, self.choice.randrange(256))) for _ in range(4)) for _ in range(count)]

    async def offer(self, count: int) -> None:
        """Responses of the array."""
        words = self.some(count)
        self.judge.offered += words
        self.line.respond(words)
        await self.rest()

    def frame(
        self, words: Sequence[int] = (), beyond: int = 0, heard: int | None = None, window: int = AMPLE, rewind: bool = False
    ) -> Frame:
        """One of the session, ``beyond`` the position due, from a host that has ``heard`` so many responses, or all that were sent."""
        judge = self.judge
        place, received = judge.position(len(judge.accepted) + beyond), judge.position(judge.sent if heard is None else heard)
        return Frame(judge.session, Kind.DATA, place, received, window, Flag.REWIND if rewind else Flag.NONE, words)

    async def tell(self, frame: Frame) -> None:
        """Send a frame, and judge what it brings about."""
        if frame.kind is Kind.OPEN and frame.session not in (0, self.judge.session):
            self.begin(frame)
        else:
            self.judge.hear(frame)
        self.line.send(wire(frame))
        await self.rest()

    def begin(self, frame: Frame) -> None:
        """Expect a new session. Unlike an array, the bench goes on with what it has offered."""
        self.judge.hear(frame)
        self.judge.offered += self.line.unsent
        self._before = len(self.line.words)

    async def rest(self) -> None:
        """Until all is quiet; what came is judged."""
        line, judge = self.line, self.judge
        await line.quiet()
        words = line.words[self._before :]
        judge.hand(len(words))
        for frame in line.frames:
            judge.see(frame)
        line.frames.clear()
        judge.rest()
        assert words == judge.accepted[: len(words)], "the array was given other words"
        assert line.blocked or words == judge.accepted, f"the array was given {len(words)} words, not {len(judge.accepted)}"
        assert line.resets == judge.resets, f"the array was reset {line.resets} times, not {judge.resets}"
        assert bool(line.open.value) is bool(judge.session)


@cocotb.test()
@cocotb.parametrize(pattern=list(PATTERNS))
async def both_ways(dut: Any, pattern: str) -> None:
    """Frames of every length, and as many responses."""
    exchange = await Exchange.start(dut, pattern, seed=2)
    for count in [*exchange.choice.sample(range(PAYLOAD_WORDS + 1), 20), PAYLOAD_WORDS, 0]:
        await exchange.offer(exchange.choice.choice((0, 1, count)))
        await exchange.tell(exchange.frame(exchange.some(count)))
    assert not exchange.line.damaged.value


@cocotb.test()
async def any_session(dut: Any) -> None:
    """Right and wrong frames in any order, with anything in their headers."""
    exchange = await Exchange.start(dut, seed=3)
    choice = exchange.choice
    for _ in range(100):
        if choice.random() < 0.4:
            await exchange.offer(choice.randrange(60))
        judge = exchange.judge
        frame = exchange.frame(
            exchange.some(choice.choice((0, 1, 2, choice.randrange(PAYLOAD_WORDS + 1)))),
            beyond=choice.choice((0, 0, 0, 1, -1, 5, choice.randrange(POSITIONS))),
            heard=choice.choice((judge.sent, judge.known, choice.randint(judge.known, judge.sent), judge.known - 1, judge.made + 1)),
            window=choice.choice((0, 1, 30, AMPLE, POSITIONS - 1)),
            rewind=choice.random() < 0.2,
        )
        if choice.random() < 0.2:
            other = choice.choice((0, OTHER, SESSION ^ 0x100, SESSION))
            frame = frame._replace(session=other, kind=Kind.DATA if choice.random() < 0.7 else Kind.OPEN)
        await exchange.tell(frame)


@cocotb.test()
async def asleep(dut: Any) -> None:
    """Before a session nothing is answered, and session 0 cannot be opened."""
    exchange = await Exchange.start(dut, session=0)
    for frame in (Frame(SESSION, Kind.DATA), Frame(0, Kind.DATA, words=[1]), Frame(0, Kind.OPEN), Frame(0, Kind.DATA, words=[1])):
        await exchange.tell(frame)
    assert exchange.line.resets == 0


@cocotb.test()
async def twice_and_out_of_order(dut: Any) -> None:
    """A frame that comes again, too early or too late is answered and not taken; of a gap the host hears once."""
    exchange = await Exchange.start(dut)
    first = exchange.frame(exchange.some(5))
    await exchange.tell(first)
    await exchange.tell(first)
    for beyond in (1, 3, POSITIONS // 2 - 1, POSITIONS // 2, -1, -5):
        for words in ([], exchange.some(4)):
            await exchange.tell(exchange.frame(words, beyond=beyond))
            await exchange.tell(exchange.frame())
    assert exchange.judge.accepted == list(first.words)


@cocotb.test()
async def full(dut: Any) -> None:
    """The buffer takes what it has room for, never a part of a frame; and says so when half of it is free."""
    exchange = await Exchange.start(dut, blocked=True)
    judge, line = exchange.judge, exchange.line
    while judge.room:
        await exchange.tell(exchange.frame(exchange.some(min(judge.room + 1, PAYLOAD_WORDS))))
        await exchange.tell(exchange.frame(exchange.some(min(judge.room, PAYLOAD_WORDS - 1))))
    assert len(judge.accepted) == judge.buffer
    assert judge.edge == len(judge.accepted)
    await exchange.tell(exchange.frame(exchange.some(1)))
    await exchange.tell(exchange.frame())
    line.blocked = False
    await exchange.rest()
    assert judge.edge - len(judge.accepted) >= judge.buffer // 2
    await exchange.tell(exchange.frame(exchange.some(3)))


@cocotb.test()
async def window(dut: Any) -> None:
    """The array sends what the host can take, at once when it can take more; its own buffer fills and no word is lost."""
    exchange = await Exchange.start(dut)
    judge = exchange.judge
    await exchange.offer(3 * judge.buffer)
    for size in (0, 1, 5, 5, 4, 0, PAYLOAD_WORDS + 3, judge.buffer, 2 * judge.buffer + 1, 4 * judge.buffer):
        await exchange.tell(exchange.frame(heard=judge.known, window=size))
    while judge.known < len(judge.offered):
        await exchange.tell(exchange.frame(window=0))
        await exchange.tell(exchange.frame(window=exchange.choice.randrange(70)))


@cocotb.test()
async def rewinds(dut: Any) -> None:
    """Words go out anew from where the host says, also when it has heard more than was sent since the last time."""
    exchange = await Exchange.start(dut)
    judge = exchange.judge
    await exchange.offer(100)
    await exchange.tell(exchange.frame())
    for heard in (0, 0, 7, 60, 59, 101, 60):
        await exchange.tell(exchange.frame(heard=heard, rewind=True))
    await exchange.tell(exchange.frame(heard=60, rewind=True, window=5))
    assert judge.sent == 65
    await exchange.tell(exchange.frame(heard=90, window=5))
    assert judge.known == 90
    await exchange.tell(exchange.frame(heard=89, window=10))
    await exchange.tell(exchange.frame(heard=100))


def distances(*further: int) -> list[int]:
    """How far off a number of 16 bits may be: by each power of two, up and down, and by what is given."""
    return sorted({sign << bit for bit in range(16) for sign in (1, -1)} | set(further))


@cocotb.test()
async def old_and_impossible_answers(dut: Any) -> None:
    """An answer to less than is forgotten, or to more than there is, counts for nothing, however far off: with a buffer that is full, and
    with one that holds a few words; all of its bits count."""
    exchange = await Exchange.start(dut)
    judge = exchange.judge
    await exchange.offer(2 * judge.buffer)
    await exchange.tell(exchange.frame(heard=0, window=5))
    for known, held in ((0, judge.buffer), (2 * judge.buffer - 3, 3)):
        while judge.known < known:
            await exchange.tell(exchange.frame(window=PAYLOAD_WORDS))
            await exchange.tell(exchange.frame(heard=min(judge.sent, known), window=0))
        assert (judge.known, judge.made - judge.known) == (known, held)
        for distance in distances(held + 1, -judge.buffer):
            if not 0 <= distance % POSITIONS <= held:
                await exchange.tell(exchange.frame(heard=known + distance, rewind=True))
                assert judge.known == known
    await exchange.tell(exchange.frame(heard=judge.made))


@cocotb.test()
async def every_bit_of_a_position(dut: Any) -> None:
    """Words are taken where they are due and nowhere else, and only behind that a gap is seen."""
    exchange = await Exchange.start(dut)
    judge = exchange.judge
    await exchange.tell(exchange.frame(exchange.some(3)))
    for distance in distances():
        await exchange.tell(exchange.frame(exchange.some(1), beyond=distance))
    assert len(judge.accepted) == 3


@cocotb.test()
async def every_bit_of_a_session(dut: Any) -> None:
    """One that differs in a single bit is another one: its words are dropped in silence, and to open it begins anew."""
    exchange = await Exchange.start(dut)
    for bit in range(16):
        await exchange.tell(exchange.frame(exchange.some(1))._replace(session=SESSION ^ 1 << bit))
    assert exchange.judge.accepted == []
    for bit in range(16):
        await exchange.tell(Frame(1 << bit, Kind.OPEN))
        await exchange.tell(exchange.frame(exchange.some(1)))
        await exchange.tell(Frame(1 << bit, Kind.OPEN))
    assert exchange.judge.resets == 17


@cocotb.test()
async def every_bit_of_a_window(dut: Any) -> None:
    """A host that can take more than the array keeps is sent what there is, whichever bits say so."""
    exchange = await Exchange.start(dut)
    for bit in range(16):
        await exchange.tell(exchange.frame(window=0))
        await exchange.offer(3)
        await exchange.tell(exchange.frame(window=1 << bit))
        await exchange.tell(exchange.frame(window=AMPLE))


@cocotb.test()
async def every_flag(dut: Any) -> None:
    """Flags that mean nothing change nothing, beside the one that does and without it."""
    exchange = await Exchange.start(dut)
    await exchange.offer(9)
    for bit in range(1, 8):
        for rewind in (False, True):
            frame = exchange.frame(heard=0, rewind=rewind)
            await exchange.tell(frame._replace(flags=frame.flags | 1 << bit))


@cocotb.test()
async def opened_anew(dut: Any) -> None:
    """A new session begins whatever is under way: half of a request, half of an answer. After its answer, nothing of the old one comes."""
    exchange = await Exchange.start(dut, blocked=True, session=1)
    line = exchange.line
    # OPEN ends after so many bytes of the answer, and cycles: some time in its first frame, and cycle by cycle as its second begins.
    for session, (count, wait) in enumerate([*((1, wait) for wait in range(0, 2400, 400)), *((236, wait) for wait in range(10, 30))], 2):
        await exchange.offer(70)
        await exchange.tell(exchange.frame(exchange.some(20), heard=0))
        anew = exchange.frame(exchange.some(30), heard=0, rewind=True)
        exchange.begin(frame := Frame(session, Kind.OPEN))
        line.send(wire(anew) + wire(frame)[:-1])
        await line.more(count)
        await Timer((wait + 1) * PERIOD, "ns")
        line.send(b"\0")
        await line.quiet()
        old = [sent for sent in line.frames if sent is None or sent.session != session]
        assert old == line.frames[: len(old)], "a frame of the session before came after the answer"
        assert None not in old[:-1], "a frame was cut that is not the last of its session"
        del line.frames[: len(old)]
        await exchange.rest()
        line.blocked = False
        await exchange.offer(3)
        await exchange.tell(exchange.frame(exchange.some(3)))
        await exchange.tell(frame)
        line.blocked = True


@cocotb.test()
async def damaged(dut: Any) -> None:
    """Every byte of a frame that is changed, lost or doubled, every cut: no answer, and nothing is changed."""
    exchange = await Exchange.start(dut)
    line = exchange.line
    await exchange.offer(3)
    await exchange.tell(exchange.frame(heard=0, window=1))
    words = [0x01020304, 0, 0xFFFFFF00]
    good = wire(exchange.frame(words))
    assert not line.damaged.value
    for place in range(len(good) - 1):
        turned = bytearray(good)
        turned[place] ^= 1 << place % 8
        for wrong in (bytes(turned), good[:place] + good[place + 1 :], good[: place + 1] + good[place:], good[:place] + b"\0"):
            if all(parsed(part) is None for part in wrong.split(b"\0")):
                line.send(wrong)
        await exchange.rest()
    assert line.damaged.value
    line.send(b"\0\0\0")
    await exchange.tell(exchange.frame(words))


@cocotb.test()
async def wrong_with_a_right_crc(dut: Any) -> None:
    """Headers that lie about the length or the kind, frames that are too long; what the buffer holds stays as it is."""
    exchange = await Exchange.start(dut, blocked=True)
    judge, line = exchange.judge, exchange.line
    while judge.room > PAYLOAD_WORDS + 2:
        await exchange.tell(exchange.frame(exchange.some(min(judge.room - PAYLOAD_WORDS - 2, PAYLOAD_WORDS))))
    contents = [content(exchange.frame(exchange.some(2)), extra=extra) for extra in (1, 2, 3)]
    for count in (PAYLOAD_WORDS + 1, PAYLOAD_WORDS + 7, PAYLOAD_WORDS + 8, 100, 300):
        contents += [content(exchange.frame(exchange.some(count)), stated=stated) for stated in (count, count % 64, 1)]
    for count in (0, 1, 3, PAYLOAD_WORDS):
        contents += [content(exchange.frame(exchange.some(count)), stated=count + more) for more in (1, 64, 256)]
        contents += [content(exchange.frame(exchange.some(count + 1)), stated=count)]
    contents += [content(exchange.frame(exchange.some(1)), stated=1 ^ 1 << bit) for bit in range(7, 16)]
    kinds = {0, 3, 255, *(kind ^ 1 << bit for kind in Kind for bit in range(8))} - set(Kind)
    contents += [content(exchange.frame(exchange.some(1)), kind=kind) for kind in sorted(kinds)]
    for wrong in contents:
        assert link.parse(wrong) is None
        line.send(stuffed(wrong) + b"\0")
        await exchange.rest()
    await exchange.tell(exchange.frame(exchange.some(PAYLOAD_WORDS)))
    line.blocked = False
    await exchange.rest()
