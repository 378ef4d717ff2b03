"""Faults of the C++ kernel: bounds that leave something out, and guards of shifts."""

from __future__ import annotations

from .fault import Fault

_LAST_PARAMETERS_OF_ONE_LANE = "tests/sim/test_bounds.py::test_last_parameters_of_one_lane"
_SYSTEMS_AS_THEY_ARE_MADE_GO_IN_NARROW_LANES = "tests/sim/test_bounds.py::test_systems_as_they_are_made_go_in_narrow_lanes"
_EVERY_TIME_STEP_IN_EVERY_LANE = "tests/sim/test_bounds.py::test_every_time_step_in_every_lane"
_LAST_COUPLINGS = "tests/sim/test_bounds.py::test_last_couplings_of_many_oscillators"
_LAST_PARAMETERS_IN_STEP = "tests/sim/test_bounds.py::test_last_parameters_in_step"

FAULTS: list[Fault] = [
    Fault("sim/vector/plan.h", "state + kick + state <= limit && ", "state + kick <= limit && ", _LAST_PARAMETERS_OF_ONE_LANE),
    Fault("sim/vector/plan.h", "state + kick + state <= limit && ", "", _LAST_PARAMETERS_OF_ONE_LANE),
    Fault("sim/vector/plan.h", "state + drift <= limit && ", "", _LAST_PARAMETERS_OF_ONE_LANE),
    Fault("sim/vector/plan.h", "code * (row.norm + largest(c.gain))", "code * row.norm", _LAST_PARAMETERS_OF_ONE_LANE),
    Fault("sim/vector/plan.h", "reach * column.norm + (spring << c.align_left)", "reach * column.norm", _LAST_PARAMETERS_OF_ONE_LANE),
    Fault(
        "sim/vector/plan.h", "(reach << c.value_left) + (spring << c.align_left)", "(reach << c.value_left)", _LAST_PARAMETERS_OF_ONE_LANE
    ),
    Fault(
        "sim/vector/plan.h", "(reach << c.value_left) + (spring << c.align_left)", "(spring << c.align_left)", _LAST_PARAMETERS_OF_ONE_LANE
    ),
    Fault("sim/vector/plan.h", "(sum + spring) << c.force_left", "sum << c.force_left", _LAST_PARAMETERS_OF_ONE_LANE),
    Fault("sim/vector/plan.h", "+ largest(c.bias)", "", _LAST_PARAMETERS_OF_ONE_LANE),
    Fault("sim/vector/plan.h", "(sum << c.sum_left) +", "sum +", _LAST_PARAMETERS_OF_ONE_LANE),
    Fault(
        "sim/vector/plan.h",
        "{c.to_operand.shift, c.to_kick.shift, c.to_table.shift}",
        "{c.to_operand.shift, c.to_table.shift}",
        _LAST_PARAMETERS_OF_ONE_LANE,
    ),
    Fault("sim/vector/plan.h", "reach < code && ", "reach < 256 && ", _SYSTEMS_AS_THEY_ARE_MADE_GO_IN_NARROW_LANES),
    Fault("sim/vector/in_step.h", " || to_kick.shift - pad > HALF", "", _EVERY_TIME_STEP_IN_EVERY_LANE),
    Fault("sim/vector/in_step.h", "to_table.shift > HALF || ", "", _EVERY_TIME_STEP_IN_EVERY_LANE),
    Fault("sim/vector/in_step.h", "to_kick.shift - pad > HALF", "to_kick.shift - pad > 8", _SYSTEMS_AS_THEY_ARE_MADE_GO_IN_NARROW_LANES),
    Fault("sim/vector/in_lanes.h", "look != r.align_left || ", "", _EVERY_TIME_STEP_IN_EVERY_LANE),
    Fault("sim/vector/in_lanes.h", "r.kick_shift < pad || ", "", _EVERY_TIME_STEP_IN_EVERY_LANE),
    Fault("sim/vector/in_lanes.h", "r.drift_shift + pad > 31 || ", "", _EVERY_TIME_STEP_IN_EVERY_LANE),
    Fault("sim/vector/in_step.h", "+ bias + to_table.half, force", "+ to_table.half, force", _LAST_PARAMETERS_IN_STEP),
    Fault(
        "sim/vector/in_step.h", "knot * column_norm + spring + to_kick.half", "knot * column_norm + to_kick.half", _LAST_PARAMETERS_IN_STEP
    ),
    Fault("sim/vector/in_step.h", "seen <= LIMIT && ", "", _LAST_PARAMETERS_IN_STEP),
    Fault("sim/vector/in_step.h", " && force <= LIMIT;", ";", _LAST_PARAMETERS_IN_STEP),
    Fault("sim/vector/in_lanes.h", " && (mass << 31 >> r.drift_shift) + 1 <= LIMIT", "", _LAST_PARAMETERS_IN_STEP),
    Fault("sim/vector/in_lanes.h", "(rise << r.offset_bits) + in_segment.half <= LIMIT", "true", _LAST_PARAMETERS_IN_STEP),
    Fault("sim/vector/in_step.h", "low <= LIMIT && ", "", _LAST_COUPLINGS),
]
