"""Deliberately broken links: one fault each, as in `mutants`."""

from __future__ import annotations

from functools import partial
from types import ModuleType

from amaranth.lib import wiring

from loschmidt.hw import relay
from loschmidt.hw.delay import later
from loschmidt.hw.link import cobs, link, receiver, transmitter, uart
from loschmidt.spec.link import LEAST_BUFFER

from .link_parts import RELAYED, linked
from .mutants import Fault, Mutant, broken, component, with_imports
from .parts import Part

#: As few as try every test: a link takes long to compile.
RECEIVER = {
    "no_crc": (Fault("good.eq(matched & whole", "good.eq(whole"), "damaged"),
    "bytes_past_the_crc": (Fault("with m.If(whole):", "with m.If(0):"), "wrong_with_a_right_crc"),
    "no_room": (Fault("fits.eq(count <= self.room)", "fits.eq(1)"), "full"),
    "twice": (Fault("due.eq(here)", "due.eq(1)"), "twice_and_out_of_order"),
    "any_session": (Fault("known.eq(same)", "known.eq(1)"), "asleep"),
    "old_requests": (Fault("out.eq(self.first),", "out.eq(out),"), "opened_anew"),
}

TRANSMITTER = {
    "one_word_too_many": (Fault("free.eq(~kept[-1] & ~taken & ~self.hold)", "free.eq(~kept[-1] & ~self.hold)"), "window"),
    "words_of_the_past": (Fault("self.notice.payload.rewind | (gone < heard[: len(gone)])", "self.notice.payload.rewind"), "rewinds"),
    "uncut": (Fault("                    with m.If(cut):", "                    with m.If(0):"), "opened_anew"),
    "no_answer": (Fault("m.d.sync += [answer.eq(1), turn.eq(0)]", "m.d.sync += turn.eq(0)"), "both_ways"),
}


#: Of how a link is put together.
WHOLE = {
    "brief_reset": (
        Fault(
            "self.reset.eq(transmitter.hold)", "self.reset.eq(transmitter.hold & ~later(m, transmitter.hold, 'held', 20))", {"later": later}
        ),
        "opened_anew",
    ),
}


def linked_with(module: ModuleType, name: str, fault: Fault) -> Part:
    """A link of which one component is broken."""

    def make(buffer: int, first: int) -> wiring.Component:
        made: wiring.Component = with_imports(link, **{name: getattr(broken(module, fault), name)}).Link(buffer, first)
        return made

    return linked("link", LEAST_BUFFER, make)


def link_mutants() -> dict[str, Mutant]:
    """Broken links, and broken parts of one."""
    found = {name: Mutant(linked_with(receiver, "FrameReceiver", fault), test) for name, (fault, test) in RECEIVER.items()}
    found |= {name: Mutant(linked_with(transmitter, "FrameTransmitter", fault), test) for name, (fault, test) in TRANSMITTER.items()}
    found |= {
        name: Mutant(linked("link", LEAST_BUFFER, partial(component, link, "Link", fault)), test) for name, (fault, test) in WHOLE.items()
    }
    for name, fault, test in (
        ("zeros_lost", Fault("Mux(code, 0, self.i.payload)", "self.i.payload"), "any_frames"),
        ("cuts_unseen", Fault("self.o.payload.good.eq(code)", "self.o.payload.good.eq(1)"), "any_frames"),
    ):
        found[name] = Mutant(Part(partial(component, cobs, "Decoder", fault), "cobs_decoder", {}), test)
    for name, fault in (
        ("zeros_kept", Fault("zero.eq((self.data == 0) | self.finish", "zero.eq(self.finish")),
        ("short_codes", Fault("place - code, byte", "place - code - 1, byte")),
        ("room_too_early", Fault("self.room.eq(~sending)", "self.room.eq(1)")),
        ("no_end", Fault("Mux(closing, 0, ", "Mux(closing, 1, ")),
        ("second_begins_late", Fault("sending.eq(0), code.eq(0), place.eq(1)", "sending.eq(0), place.eq(1)")),
    ):
        found[name] = Mutant(Part(partial(component, cobs, "Encoder", fault), "cobs_encoder", {}), "any_frames")
    for name, fault, test in (
        ("word_twice", Fault("self.i.valid & ~self.i.ready", "self.i.valid"), "any_words"),
        ("word_lost", Fault("self.i.ready.eq(taken)", "self.i.ready.eq(self.o.valid)"), "any_words"),
        ("way_through", Fault("m.d.sync += self.i.ready", "m.d.comb += self.i.ready"), "nothing_within_a_cycle"),
    ):
        found[name] = Mutant(Part(partial(component, relay, "Relay", fault, RELAYED), "relay", {"width": RELAYED}), test)
    for name, kind, fault, bench, test in (
        ("no_stop", "UartReceiver", Fault("with m.If(line):", "with m.If(1):"), "uart_receiver", "no_stop_bit"),
        ("late_samples", "UartReceiver", Fault("self.divisor // 2 - 1", "self.divisor - 1"), "uart_receiver", "any_bytes"),
        (
            "long_stop",
            "UartTransmitter",
            Fault("with m.If(bits == 0):", "with m.If((bits == 0) & self.i.valid):"),
            "uart_transmitter",
            "any_bytes",
        ),
    ):
        found[name] = Mutant(Part(partial(component, uart, kind, fault, 13), bench, {"divisor": 13}), test)
    return found
