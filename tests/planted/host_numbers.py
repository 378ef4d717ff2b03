"""Faults of the host's numbers: integers, weights, losses, scaling and updates."""

from __future__ import annotations

from .fault import Fault

INTEGERS, CONSTRAINTS, OPTIMISER, SCALING, LOSS, SLOPE = (
    f"host/{name}.py" for name in ("integers", "constraints", "optimiser", "scaling", "loss", "input_slope")
)
IN_INTEGERS, IN_CONSTRAINTS, IN_OPTIMISER, IN_SCALING, IN_LOSS, IN_SLOPE = (
    f"tests/host/test_{name}.py::test" for name in ("integers", "constraints", "optimiser", "scaling", "loss", "input_slope")
)

ROUNDED = f"{IN_INTEGERS}_rounding_is_that_of_the_contract"
HALVES = f"{IN_INTEGERS}_drifts_of_half_a_unit_go_to_the_even_one"
NARROWED = f"{IN_INTEGERS}_saturation_and_wrapping_are_those_of_the_contract"

OF_INTEGERS = [
    Fault(INTEGERS, "- 1 + ((value >> shift) & 1)) >> shift", ") >> shift", ROUNDED),
    Fault(INTEGERS, "- 1 + ((value >> shift) & 1)) >> shift", "- 1) >> shift", HALVES),
    Fault(INTEGERS, "((value >> shift) & 1)", "(~(value >> shift) & 1)", ROUNDED),
    Fault(INTEGERS, "value.clip(-limit, limit)", "value.clip(-limit - 1, limit)", NARROWED),
    Fault(INTEGERS, "limit = (1 << (width - 1)) - 1", "limit = 1 << (width - 1)", NARROWED),
    Fault(INTEGERS, "& (2 * half - 1)) - half", "& (half - 1)) - half", NARROWED),
    Fault(INTEGERS, "drift[momentum == formats.state.lowest] = 0", "", f"{IN_INTEGERS}_last_midpoint_is_half_a_drift_back"),
    Fault(
        INTEGERS,
        "drift[momentum == formats.state.lowest] = 0",
        "drift[momentum == formats.state.highest] = 0",
        f"{IN_INTEGERS}_last_midpoint_is_half_a_drift_back",
    ),
    Fault(INTEGERS, "wrapped(position - drift, formats.state)", "position - drift", f"{IN_INTEGERS}_last_midpoint_is_half_a_drift_back"),
    Fault(INTEGERS, "formats.drift_shift(s))", "formats.drift_shift(s + 1))", f"{IN_INTEGERS}_last_midpoint_is_half_a_drift_back"),
]

FLOOR = f"{IN_CONSTRAINTS}_floor_is_that_of_each_weight_that_must_be_positive"
CLIPPED = f"{IN_CONSTRAINTS}_each_weight_is_clipped_to_its_format"
SINGLE = f"{IN_CONSTRAINTS}_uncoupled_oscillators_are_slowed_one_by_one"
TOGETHER = f"{IN_CONSTRAINTS}_coupled_oscillators_are_slowed_together"
MATRIX = f"{IN_CONSTRAINTS}_matrix_of_springs_fits_with_a_margin"
DENSE = f"{IN_CONSTRAINTS}_bound_of_dense_systems_does_not_miss_one"

OF_CONSTRAINTS = [
    Fault(CONSTRAINTS, "FLOOR = 2.0**-6", "FLOOR = 2.0**-7", FLOOR),
    Fault(CONSTRAINTS, "FLOOR = 2.0**-6", "FLOOR = 2.0**-5", FLOOR),
    Fault(CONSTRAINTS, "MARGIN = 0.95", "MARGIN = 1.0", SINGLE),
    Fault(CONSTRAINTS, "MARGIN = 0.95", "MARGIN = 0.9", SINGLE),
    Fault(CONSTRAINTS, 'for name in {"stiffness", "gain", "inverse_mass"} &', 'for name in {"stiffness", "inverse_mass"} &', FLOOR),
    Fault(CONSTRAINTS, 'for name in {"stiffness", "gain", "inverse_mass"} &', 'for name in {"gain", "inverse_mass"} &', FLOOR),
    Fault(CONSTRAINTS, 'for name in {"stiffness", "gain", "inverse_mass"} &', 'for name in {"stiffness", "gain"} &', FLOOR),
    Fault(CONSTRAINTS, '"bias", "coupling", "input_weight"} &', '"coupling", "input_weight"} &', CLIPPED),
    Fault(CONSTRAINTS, '"bias", "coupling", "input_weight"} &', '"bias", "input_weight"} &', CLIPPED),
    Fault(CONSTRAINTS, '"bias", "coupling", "input_weight"} &', '"bias", "coupling"} &', CLIPPED),
    Fault(CONSTRAINTS, 'names = {"stiffness", "gain", "inverse_mass",', 'names = {"gain", "inverse_mass",', CLIPPED),
    Fault(CONSTRAINTS, 'names = {"stiffness", "gain", "inverse_mass",', 'names = {"stiffness", "inverse_mass",', CLIPPED),
    Fault(CONSTRAINTS, "-largest, largest, out", "-2 * largest, largest, out", CLIPPED),
    Fault(CONSTRAINTS, "-largest, largest, out", "-largest, 2 * largest, out", CLIPPED),
    Fault(
        CONSTRAINTS,
        'np.maximum(masters["coupling"], 0.0,',
        'np.maximum(masters["coupling"], -1.0,',
        f"{IN_CONSTRAINTS}_springs_between_oscillators_pull",
    ),
    Fault(CONSTRAINTS, "* MARGIN * 2.0**s) ** 2", "* 2.0**s) ** 2", SINGLE),
    Fault(CONSTRAINTS, "* MARGIN * 2.0**s) ** 2", "* MARGIN) ** 2", TOGETHER),
    Fault(CONSTRAINTS, 'limit / (masters["stiffness"] + masters["gain"])', 'limit / masters["gain"]', SINGLE),
    Fault(CONSTRAINTS, "if heaviest > MARGIN * largest:", "if heaviest > largest:", MATRIX),
    Fault(CONSTRAINTS, "*= MARGIN * largest / heaviest", "*= largest / heaviest", MATRIX),
    Fault(CONSTRAINTS, 'for name in ("stiffness", "coupling"):', 'for name in ("coupling",):', MATRIX),
    Fault(CONSTRAINTS, "        if bound > limit:", "        if bound > 2 * limit:", DENSE),
    Fault(CONSTRAINTS, " + float(np.sum(coupling**2)))", ")", DENSE),
    Fault(
        CONSTRAINTS,
        "coupling.T @ coupling, limit",
        "coupling @ coupling, limit",
        "tests/host/test_optimiser.py::test_projection_makes_any_weights_stable_and_storable",
    ),
    Fault(CONSTRAINTS, "    if fastest > limit:", "    if True:", TOGETHER),
    Fault(CONSTRAINTS, "np.linalg.eigvalsh(root[:, None] * curvature * root)", "np.linalg.eigvalsh(root[:, None] * curvature)", TOGETHER),
]

ADAM = f"{IN_OPTIMISER}_adam_follows_its_equations"

OF_OPTIMISER = [
    Fault(OPTIMISER, "= 0.9, 0.999, 1e-8", "= 0.8, 0.999, 1e-8", ADAM),
    Fault(OPTIMISER, "= 0.9, 0.999, 1e-8", "= 0.9, 0.99, 1e-8", ADAM),
    Fault(OPTIMISER, "= 0.9, 0.999, 1e-8", "= 0.9, 0.999, 1e-7", ADAM),
    Fault(OPTIMISER, "first / (1.0 - self.beta1**self.steps)", "first", ADAM),
    Fault(OPTIMISER, "second / (1.0 - self.beta2**self.steps)", "second", ADAM),
    Fault(OPTIMISER, "(gradient**2 - second)", "(np.abs(gradient) - second)", ADAM),
    Fault(OPTIMISER, "    momentum = 0.9", "    momentum = 0.8", f"{IN_OPTIMISER}_sgd_has_heavy_ball_momentum"),
    Fault(OPTIMISER, "math.cos(math.pi * step / steps)", "math.cos(math.pi * step / steps / 2)", f"{IN_OPTIMISER}_schedule"),
    Fault(OPTIMISER, "if 0.0 < largest < norm else 1.0", "if largest < norm else 1.0", f"{IN_OPTIMISER}_clip_is_over_all_parts_together"),
    Fault(OPTIMISER, "if 0.0 < largest < norm else 1.0", "if 0.0 < largest else 1.0", f"{IN_OPTIMISER}_clip_is_over_all_parts_together"),
]

UNITS = f"{IN_SCALING}_channels_are_centred_in_units_of_their_own_deviation"
ROOM = f"{IN_SCALING}_gain_leaves_room_for_values_twice_as_large"
TAKEN = f"{IN_SCALING}_codes_are_the_nearest_of_a_symmetric_range"
BY_HAND = f"{IN_LOSS}_softmax_by_hand"
OWN = f"{IN_LOSS}_derivative_by_the_heads_own_weights"
TRACKED = f"{IN_LOSS}_tracking_by_hand"

OF_LOSSES = [
    Fault(SCALING, "SHARE = 0.5", "SHARE = 1.0", ROOM),
    Fault(SCALING, "np.max(np.abs((rows - mean) * factor))", "np.max((rows - mean) * factor)", ROOM),
    Fault(SCALING, "min(1.0, limit / largest)", "limit / largest", UNITS),
    Fault(SCALING, "1.0 / np.where(deviation > 0.0, deviation, 1.0)", "np.where(deviation > 0.0, deviation, 1.0)", UNITS),
    Fault(SCALING, "deviation > 0.0, deviation, 1.0)\n", "deviation > 0.0, deviation, 2.0)\n", UNITS),
    Fault(SCALING, "(sample - self.mean) * self.factor", "sample * self.factor", UNITS),
    Fault(SCALING, "(rows - mean).std()", "rows.std()", f"{IN_SCALING}_values_that_are_weighed_first_share_one_deviation"),
    Fault(SCALING, "np.clip(real, -operand.highest, operand.highest)", "np.clip(real, operand.lowest, operand.highest)", TAKEN),
    Fault(SCALING, "np.rint(np.ldexp(scaled", "np.floor(np.ldexp(scaled", TAKEN),
    Fault(SCALING, "np.count_nonzero(real != inside)", "np.count_nonzero(real > inside)", TAKEN),
    Fault(LOSS, "SHARPNESS = 6.0", "SHARPNESS = 5.0", BY_HAND),
    Fault(LOSS, "np.argmax(logits, axis=1) == labels", "np.argmax(logits, axis=1) >= labels", BY_HAND),
    Fault(LOSS, "        logits -= logits.max(axis=1, keepdims=True)\n", "", f"{IN_LOSS}_softmax_does_not_overflow"),
    Fault(LOSS, '"readout_weight": SHARPNESS * error.T @ x', '"readout_weight": error.T @ x', OWN),
    Fault(LOSS, '"readout_bias": error.sum(axis=0)', '"readout_bias": error.mean(axis=0)', OWN),
    Fault(
        LOSS,
        " / (SHARPNESS * np.sqrt(self.oscillators))",
        " / np.sqrt(self.oscillators)",
        f"{IN_LOSS}_head_starts_with_logits_of_variance_one",
    ),
    Fault(LOSS, "Judgement(total / 2.0, total,", "Judgement(total, total,", TRACKED),
    Fault(LOSS, "error / (error.size * len(chosen))", "error / error.size", TRACKED),
    Fault(LOSS, "if max(chosen) >= oscillators:", "if max(chosen) > oscillators:", f"{IN_LOSS}_outputs_that_cannot_be"),
    Fault(LOSS, " or len(set(chosen)) != targets:", ":", f"{IN_LOSS}_outputs_that_cannot_be"),
    Fault(SLOPE, "EXACT = 2.0**53", "EXACT = 2.0**63", f"{IN_SLOPE}_products_are_exact_beyond_the_integers_of_float64"),
    Fault(SLOPE, "float(np.abs(values).max())", "float(values.max())", f"{IN_SLOPE}_products_are_exact_beyond_the_integers_of_float64"),
    Fault(
        SLOPE,
        "saturated(nearest(midpoints, f.operand_shift), f.operand.width)",
        "nearest(midpoints, f.operand_shift)",
        f"{IN_SLOPE}_activity_is_that_of_the_golden_model",
    ),
    Fault(
        SLOPE,
        "place = saturated(nearest(z, f.table_shift), f.table_width)",
        "place = saturated(z >> f.table_shift, f.table_width)",
        f"{IN_SLOPE}_activity_is_that_of_the_golden_model",
    ),
]

FAULTS: list[Fault] = [*OF_INTEGERS, *OF_CONSTRAINTS, *OF_OPTIMISER, *OF_LOSSES]
