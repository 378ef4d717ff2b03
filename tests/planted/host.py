"""Faults of an echo: host/nudge.py, host/echo.py, host/parameters.py and host/traverse.py."""

from __future__ import annotations

from .fault import Fault

NUDGE, ECHO, PARAMETERS, TRAVERSE = (f"host/{name}.py" for name in ("nudge", "echo", "parameters", "traverse"))
IN_NUDGE, IN_BOUNDS, IN_ECHO = (f"tests/host/test_{name}.py::test" for name in ("nudge", "echo_bounds", "echo"))
IN_PARAMETERS, IN_TRAVERSE = (f"tests/host/test_{name}.py::test" for name in ("parameters", "traverse"))

LIMITS = f"{IN_NUDGE}_trust_ends_at_its_limits"
AIM = f"{IN_NUDGE}_aim_follows_the_multiplier"
STENCIL = f"{IN_NUDGE}_stencil_of_one_pair_and_of_two"
DEVIATION = f"{IN_NUDGE}_deviation_is_that_of_those_who_deviate"
ASYMMETRY = f"{IN_NUDGE}_asymmetry_is_even_part_over_odd_part"

OF_NUDGE = [
    Fault(NUDGE, "ASYMMETRY_LIMIT = 2.0**-4", "ASYMMETRY_LIMIT = 2.0**-2", LIMITS),
    Fault(NUDGE, "ASYMMETRY_LIMIT = 2.0**-4", "ASYMMETRY_LIMIT = 2.0**-5", LIMITS),
    Fault(NUDGE, "DEVIATION_LIMIT = 2.0**-3", "DEVIATION_LIMIT = 2.0**-1", LIMITS),
    Fault(NUDGE, "DEVIATION_LIMIT = 2.0**-3", "DEVIATION_LIMIT = 2.0**-4", LIMITS),
    Fault(NUDGE, "self.asym < ASYMMETRY_LIMIT", "self.asym <= ASYMMETRY_LIMIT", LIMITS),
    Fault(NUDGE, "self.dev < DEVIATION_LIMIT", "self.dev <= DEVIATION_LIMIT", LIMITS),
    Fault(NUDGE, "self.dev < DEVIATION_LIMIT", "not self.dev >= DEVIATION_LIMIT", LIMITS),
    Fault(NUDGE, " and self.dev < DEVIATION_LIMIT", "", LIMITS),
    Fault(NUDGE, " and self.asym < ASYMMETRY_LIMIT", "", LIMITS),
    Fault(NUDGE, "not (self.overflow or self.clip)", "not self.overflow", LIMITS),
    Fault(NUDGE, "not (self.overflow or self.clip)", "not self.clip", LIMITS),
    Fault(NUDGE, "not (self.overflow or self.clip)", "not (self.overflow and self.clip)", LIMITS),
    Fault(NUDGE, "formats.multiplier <= 16", "formats.multiplier < 16", AIM),
    Fault(NUDGE, "formats.multiplier <= 16", "formats.multiplier <= 17", AIM),
    Fault(NUDGE, " or formats.multiplier <= 16", "", f"{IN_NUDGE}_aim_of_the_presets"),
    Fault(NUDGE, "not DEFINITIONS[hamiltonian].activated or ", "", AIM),
    Fault(NUDGE, "            return -4", "            return -5", AIM),
    Fault(NUDGE, "return -6 if formats.multiplier >= 24 else -5", "return -6 if formats.multiplier > 24 else -5", AIM),
    Fault(NUDGE, "return -6 if formats.multiplier >= 24 else -5", "return -5", f"{IN_NUDGE}_aim_of_the_presets"),
    Fault(NUDGE, "return -6 if formats.multiplier >= 24 else -5", "return -6", AIM),
    Fault(NUDGE, "if self.target is not None:", "if self.target:", f"{IN_NUDGE}_aim_that_is_asked_for_is_taken"),
    Fault(NUDGE, "start: int = -3", "start: int = -2", f"{IN_NUDGE}_policy_by_default"),
    Fault(NUDGE, "return 3 if self.pairs == 2 else 0", "return 2 if self.pairs == 2 else 0", STENCIL),
    Fault(NUDGE, "return 9 if self.pairs == 2 else 1", "return 8 if self.pairs == 2 else 1", STENCIL),
    Fault(NUDGE, "return 1 / 12 if self.pairs == 2 else 1 / 2", "return 1 / 6 if self.pairs == 2 else 1 / 2", STENCIL),
    Fault(
        NUDGE,
        "math.floor(-math.log2(norm))",
        "math.ceil(-math.log2(norm))",
        f"{IN_NUDGE}_first_probe_is_at_most_the_start_over_the_norm",
    ),
    Fault(
        NUDGE,
        "k + round(self.aim(formats, hamiltonian) - math.log2(caused))",
        "k + math.floor(self.aim(formats, hamiltonian) - math.log2(caused))",
        f"{IN_NUDGE}_second_eps_causes_what_is_aimed_at",
    ),
    Fault(NUDGE, "/ peak)) - 1", "/ peak))", f"{IN_NUDGE}_largest_nudge_leaves_a_factor_of_two"),
    Fault(NUDGE, "/ peak)) - 1", "/ peak)) - 2", f"{IN_NUDGE}_largest_nudge_leaves_a_factor_of_two"),
    Fault(
        NUDGE,
        "np.rint(np.ldexp(-gradient",
        "np.floor(np.ldexp(-gradient",
        f"{IN_NUDGE}_nudge_is_minus_eps_times_the_slope_to_the_nearest_code",
    ),
    Fault(NUDGE, "np.ldexp(-gradient", "np.ldexp(gradient", f"{IN_NUDGE}_nudge_is_minus_eps_times_the_slope_to_the_nearest_code"),
    Fault(NUDGE, "squares = ((plus - minus) / 2) ** 2", "squares = (plus - minus) ** 2", DEVIATION),
    Fault(NUDGE, "np.sqrt((squares**2).sum(axis=1) / np.where(total > 0, total, 1))", "np.sqrt(squares.mean(axis=1))", DEVIATION),
    Fault(NUDGE, "plus + minus - 2 * start", "plus + minus - start", ASYMMETRY),
    Fault(NUDGE, "np.where(odd > 0, odd, 1), np.inf)", "np.where(odd > 0, odd, 1), 0.0)", ASYMMETRY),
]

FLAGS = f"{IN_BOUNDS}_flag_of_any_run_reaches_the_report"
SHIFTS = f"{IN_BOUNDS}_samples_share_accumulators_up_to_the_largest_shift"
CHUNKS = f"{IN_BOUNDS}_chunks_are_as_long_as_accumulators_surely_hold"
UNCUT = f"{IN_BOUNDS}_what_accumulators_hold_is_not_cut"
SHARED = f"{IN_BOUNDS}_samples_share_accumulators_that_surely_hold_them"
REPEATED = f"{IN_BOUNDS}_probe_is_repeated_where_it_may_be_rounding_or_is_not_linear"
SILENT = f"{IN_BOUNDS}_probes_without_an_answer_get_stronger_and_come_to_an_end"
FLIPPED = f"{IN_BOUNDS}_momentum_that_is_its_own_negative_is_flipped_to_itself"

OF_ECHO = [
    Fault(ECHO, "np.where(forward.momentum == state.lowest, state.lowest, -forward.momentum)", "-forward.momentum", FLIPPED),
    Fault(ECHO, "forward.momentum == state.lowest, state.lowest, -", "forward.momentum == state.lowest, state.highest, -", FLIPPED),
    Fault(ECHO, "np.where(forward.momentum == state.lowest, state", "np.where(forward.momentum <= state.lowest + 1, state", FLIPPED),
    Fault(ECHO, "shift + self.policy.headroom > SHIFT_LIMIT", "shift > SHIFT_LIMIT", SHIFTS),
    Fault(ECHO, "shift + self.policy.headroom > SHIFT_LIMIT", "shift + self.policy.headroom >= SHIFT_LIMIT", SHIFTS),
    Fault(ECHO, "shift + self.policy.headroom > SHIFT_LIMIT", "shift + 3 > SHIFT_LIMIT", SHIFTS),
    Fault(ECHO, "self.policy.weight << max(", "1 << max(", CHUNKS),
    Fault(ECHO, "self.policy.weight << max(", "self.policy.weight << 1 + max(", UNCUT),
    Fault(ECHO, "self._room // self._largest if flush", "2 * self._room // self._largest if flush", CHUNKS),
    Fault(ECHO, "self._room // self._largest if flush", "(self._room + self._largest) // self._largest if flush", CHUNKS),
    Fault(ECHO, "self._room // self._largest if flush", "self._room // self._largest // 2 if flush", CHUNKS),
    Fault(ECHO, "(1 << (self._formats.accumulator - 1)) - 1", "1 << self._formats.accumulator", CHUNKS),
    Fault(ECHO, "(1 << (self._formats.accumulator - 1)) - 1", "1 << (self._formats.accumulator - 1)", CHUNKS),
    Fault(ECHO, "* self._largest > self._room else None", "* self._largest > 2 * self._room else None", CHUNKS),
    Fault(ECHO, "* self._largest > self._room else None", "* self._largest > self._room // 2 else None", UNCUT),
    Fault(ECHO, "total + (most << shift) > self._room", "total + most > self._room", SHARED),
    Fault(ECHO, "total + (most << shift) > self._room", "most << shift > self._room", SHARED),
    Fault(ECHO, "            total += most << shift", "            total += most", SHARED),
    Fault(ECHO, "batch, total, shift = {}, 0, 0", "batch, shift = {}, 0", SHARED),
    Fault(ECHO, "batch, total, shift = {}, 0, 0", "batch, total = {}, 0", SHARED),
    Fault(ECHO, "ends.overflow | wider.overflow", "ends.overflow", FLAGS),
    Fault(ECHO, "ends.clip | wider.clip", "ends.clip", FLAGS),
    Fault(ECHO, "ends.overflow | wider.overflow", "wider.overflow", FLAGS),
    Fault(ECHO, "ends.clip | wider.clip", "wider.clip", FLAGS),
    Fault(ECHO, "end.overflow[::2] | end.overflow[1::2]", "end.overflow[::2]", FLAGS),
    Fault(ECHO, "end.overflow[::2] | end.overflow[1::2]", "end.overflow[1::2]", FLAGS),
    Fault(ECHO, "end.clip[::2] | end.clip[1::2]", "end.clip[::2]", FLAGS),
    Fault(ECHO, "end.clip[::2] | end.clip[1::2]", "end.clip[1::2]", FLAGS),
    Fault(ECHO, "before.overflow or bool(overflow[i])", "bool(overflow[i])", FLAGS),
    Fault(ECHO, "before.clip or bool(clip[i])", "bool(clip[i])", FLAGS),
    Fault(ECHO, "before.clip or bool(clip[i])", "before.clip", FLAGS),
    Fault(
        ECHO,
        "SampleReport(0.0, 0.0, 0.0, bool(overflow), bool(clip))",
        "SampleReport(0.0, 0.0, 0.0, False, False)",
        f"{IN_BOUNDS}_sample_without_a_gradient_keeps_the_flags_of_its_free_run",
    ),
    Fault(
        ECHO,
        "flags = Flags(end.overflow, end.clip)",
        "flags = Flags(end.clip, end.overflow)",
        f"{IN_BOUNDS}_flags_of_the_free_run_are_told",
    ),
    Fault(ECHO, "float(np.abs(g).max())", "float(g.max())", f"{IN_BOUNDS}_slope_down_is_nudged_like_a_slope_up"),
    Fault(ECHO, "float(np.abs(g).sum())", "float(g.sum())", f"{IN_BOUNDS}_slope_down_is_nudged_like_a_slope_up"),
    Fault(ECHO, "size = np.abs(rows)", "size = rows", f"{IN_BOUNDS}_slope_down_is_nudged_like_a_slope_up"),
    Fault(ECHO, "PROBES, LEAP = 6, 8", "PROBES, LEAP = 5, 8", SILENT),
    Fault(ECHO, "PROBES, LEAP = 6, 8", "PROBES, LEAP = 7, 8", SILENT),
    Fault(ECHO, "PROBES, LEAP = 6, 8", "PROBES, LEAP = 6, 7", REPEATED),
    Fault(ECHO, "PROBES, LEAP = 6, 8", "PROBES, LEAP = 6, 9", REPEATED),
    Fault(ECHO, "if caused else before + LEAP", "if caused else before + 1", SILENT),
    Fault(ECHO, "<= caused <= DEVIATION_LIMIT", "<= caused", REPEATED),
    Fault(ECHO, "not 2.0 ** (aim - LEAP) <= caused <=", "not caused <=", REPEATED),
    Fault(ECHO, "held = len(forward.inputs[b]) if", "held = 1 if", f"{IN_BOUNDS}_first_nudge_is_bounded_over_all_steps"),
    Fault(
        ECHO,
        "if self.policy.fixed > limit:",
        "if self.policy.fixed > limit + 1:",
        f"{IN_BOUNDS}_nudge_is_as_strong_as_fits_and_no_stronger",
    ),
    Fault(
        ECHO, "if self.policy.fixed > limit:", "if self.policy.fixed >= limit:", f"{IN_BOUNDS}_nudge_is_as_strong_as_fits_and_no_stronger"
    ),
    Fault(
        ECHO,
        "b] = min(self.policy.first(held * slope.norm), most[b])",
        "b] = self.policy.first(held * slope.norm)",
        f"{IN_BOUNDS}_nudge_is_as_strong_as_fits_and_no_stronger",
    ),
    Fault(ECHO, "signs[negate is not swap]", "signs[negate]", f"{IN_BOUNDS}_echoes_are_nudged_both_ways_and_the_second_is_subtracted"),
    Fault(ECHO, " or len(sample) == 0:", ":", f"{IN_BOUNDS}_sample_of_another_shape_is_refused"),
    Fault(
        ECHO,
        "sample.ndim != 2 or sample.shape[1] != shape.inputs or",
        "sample.ndim != 2 or",
        f"{IN_BOUNDS}_sample_of_another_shape_is_refused",
    ),
    Fault(
        ECHO,
        "{b: k + 1 for b, k in batch.items()}",
        "{b: k + 2 for b, k in batch.items()}",
        f"{IN_ECHO}_two_pairs_cancel_the_error_of_curvature",
    ),
]

STABLE = f"{IN_PARAMETERS}_gain_of_either_sign_is_as_stiff"
ADVICE = f"{IN_PARAMETERS}_time_step_that_is_advised_is_the_largest_that_is_stable"
CODES = f"{IN_PARAMETERS}_codes_are_the_nearest_and_the_ends_are_admitted"
MATRIX = f"{IN_PARAMETERS}_spring_whose_matrix_entry_has_no_code_is_refused"
SIGNS = f"{IN_ECHO}_gradient_with_gains_of_both_signs"
BEYOND = "tests/host/test_differences.py::test_gain_beyond_the_table"

OF_PARAMETERS = [
    Fault(PARAMETERS, 'stiffness + np.abs(master["gain"])', 'stiffness + master["gain"]', STABLE),
    Fault(PARAMETERS, 'stiffness + np.abs(master["gain"])', 'stiffness + np.maximum(master["gain"], 0)', STABLE),
    Fault(PARAMETERS, 'stiffness + np.abs(master["gain"])', "stiffness", STABLE),
    Fault(PARAMETERS, "driven / gain[:, None]", "driven / np.abs(gain[:, None])", SIGNS),
    Fault(PARAMETERS, "constant / gain", "constant / np.abs(gain)", SIGNS),
    Fault(PARAMETERS, "formats.conjugate.lsb) - elsewhere", "formats.conjugate.lsb)", BEYOND),
    Fault(PARAMETERS, "axis=1) + bias * constant", "axis=1)", BEYOND),
    Fault(PARAMETERS, "np.sum(weight * driven, axis=1) + bias", "bias", BEYOND),
    Fault(PARAMETERS, "    if product >= 2:", "    if product > 2:", STABLE),
    Fault(PARAMETERS, "    if product >= 2:", "    if product >= 2.1:", ADVICE),
    Fault(PARAMETERS, "s >= {s + int(np.floor(np.log2(product)))}", "s >= {s + int(np.ceil(np.log2(product)))}", ADVICE),
    Fault(PARAMETERS, "if np.any(mu <= 0):", "if np.any(mu < 0):", f"{IN_PARAMETERS}_mass_of_nothing_is_refused"),
    Fault(
        PARAMETERS,
        "stiffness[lowest] < 0 or (hamiltonian is Hamiltonian.LINEAR and stiffness[lowest] == 0)",
        "stiffness[lowest] < 0",
        f"{IN_PARAMETERS}_no_stiffness_is_a_fault_where_nothing_else_restores",
    ),
    Fault(
        PARAMETERS,
        "stiffness[lowest] < 0 or (hamiltonian is Hamiltonian.LINEAR and stiffness[lowest] == 0)",
        "stiffness[lowest] <= 0",
        f"{IN_PARAMETERS}_no_stiffness_is_a_fault_where_nothing_else_restores",
    ),
    Fault(PARAMETERS, "if np.min(squares) <= 0 and", "if np.min(squares) <= -1e-3 and", f"{IN_PARAMETERS}_springs_that_only_just_restore"),
    Fault(PARAMETERS, "np.rint(np.ldexp(values, target.fraction))", "np.floor(np.ldexp(values, target.fraction) + 0.5)", CODES),
    Fault(PARAMETERS, "(codes >= target.lowest)", "(codes > target.lowest)", CODES),
    Fault(PARAMETERS, "(codes <= target.highest)", "(codes < target.highest)", CODES),
    Fault(PARAMETERS, "(codes <= target.highest)", "(codes <= target.highest + 1)", CODES),
    Fault(PARAMETERS, "if not target.holds(int(value)):", "if int(value) > 2 * target.highest:", MATRIX),
    Fault(PARAMETERS, "np.any(matrix < target.lowest) or np.any(matrix > target.highest)", "np.any(matrix < target.lowest)", MATRIX),
]

SMALL = f"{IN_TRAVERSE}_small_device_gives_the_same_integers"
PIECES = f"{IN_TRAVERSE}_pieces_are_as_large_as_fit"
ITS_OWN = f"{IN_TRAVERSE}_flag_is_that_of_its_trip"
STILL_THERE = f"{IN_TRAVERSE}_inputs_that_are_still_there_are_those_of_the_same_samples"

OF_TRAVERSE = [
    Fault(TRAVERSE, "most = min(most, shape.nudge_depth)", "most = max(most, shape.nudge_depth)", SMALL),
    Fault(TRAVERSE, "            most = min(most, shape.nudge_depth)", "            pass", SMALL),
    Fault(TRAVERSE, "most = min(most, shape.nudge_depth)", "most = min(most, shape.nudge_depth - 1)", PIECES),
    Fault(TRAVERSE, "contexts = min(contexts, shape.trace_depth)", "pass", SMALL),
    Fault(TRAVERSE, "shape.contexts, min(self._depths(journey))", "shape.contexts, max(self._depths(journey))", SMALL),
    Fault(TRAVERSE, "if index - first == contexts or", "if index - first == contexts - 1 or", PIECES),
    Fault(TRAVERSE, "len(samples) > most:", "len(samples) > most + 1:", SMALL),
    Fault(TRAVERSE, "len(samples) > most:", "len(samples) >= most:", PIECES),
    Fault(TRAVERSE, "index - first == contexts or len(samples) > most", "index - first == contexts", SMALL),
    Fault(TRAVERSE, "for b in who) <= depth for", "for b in who) <= depth + 1 for", SMALL),
    Fault(TRAVERSE, "for b in who) <= depth for", "for b in who) < depth for", PIECES),
    Fault(
        TRAVERSE,
        "chunk = min(chunk, journey.longest)",
        "chunk = max(chunk, journey.longest)",
        f"{IN_TRAVERSE}_chunks_are_no_longer_than_asked_for_and_each_is_flushed",
    ),
    Fault(
        TRAVERSE,
        "                journey.flush()",
        "                pass",
        f"{IN_TRAVERSE}_chunks_are_no_longer_than_asked_for_and_each_is_flushed",
    ),
    Fault(TRAVERSE, "journey.nudge is Nudge.IMPULSE and left > chunk", "journey.nudge is Nudge.IMPULSE and left < chunk", SMALL),
    Fault(TRAVERSE, "        device.reset_status()\n", "", f"{IN_TRAVERSE}_flags_are_cleared_before_each_group"),
    Fault(TRAVERSE, "(end.overflow, status.overflow), (end.clip, status.clip)", "(end.overflow, status.overflow)", ITS_OWN),
    Fault(
        TRAVERSE, "(end.overflow, status.overflow), (end.clip, status.clip)", "(end.clip, status.clip), (end.clip, status.clip)", ITS_OWN
    ),
    Fault(
        TRAVERSE,
        "flags[[first + context for context in raised if context < n]]",
        "flags[[context for context in raised if context < n]]",
        ITS_OWN,
    ),
    Fault(
        TRAVERSE,
        " for context in raised if context < n]]",
        " for context in raised if first + context < len(flags)]]",
        f"{IN_TRAVERSE}_flag_of_a_context_that_is_not_in_use_is_nobodys",
    ),
    Fault(
        TRAVERSE,
        "self.cycles += status.cycles",
        "self.cycles = status.cycles",
        f"{IN_TRAVERSE}_counters_are_those_of_all_groups_of_all_journeys",
    ),
    Fault(
        TRAVERSE,
        "self.busy += status.busy",
        "self.busy += status.cycles",
        f"{IN_TRAVERSE}_counters_are_those_of_all_groups_of_all_journeys",
    ),
    Fault(
        TRAVERSE,
        "end.observed[index] += midpoints.sum(axis=0)",
        "end.observed[index] = midpoints.sum(axis=0)",
        f"{IN_TRAVERSE}_midpoints_of_the_way_out",
    ),
    Fault(TRAVERSE, "if (first, count) == (low, chunk) and len(held)", "if len(held)", STILL_THERE),
    Fault(TRAVERSE, "all(a is b for a, b in zip(held, inputs, strict=True))", "True", STILL_THERE),
    Fault(TRAVERSE, "journey.direction is Direction.DESCENDING and self._held", "self._held", STILL_THERE),
    Fault(TRAVERSE, '        """Something else has used the device."""\n        self._held = None', "        pass", STILL_THERE),
]

FAULTS: list[Fault] = [*OF_NUDGE, *OF_ECHO, *OF_PARAMETERS, *OF_TRAVERSE]
