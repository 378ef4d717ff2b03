"""The far end of `spec.link` in plain Python, and lines that damage what they carry."""

from .end import DeviceEnd, Server
from .faults import CLEAN, ROUGH, FaultyLine, Rates
from .rehearsal import Pace, Rehearsal, StuckError

__all__ = ["CLEAN", "ROUGH", "DeviceEnd", "FaultyLine", "Pace", "Rates", "Rehearsal", "Server", "StuckError"]
