"""Faults of what measures and remembers: `verify`, the rehearsal of a line, checkpoints and metrics."""

from __future__ import annotations

from .fault import Fault

VERIFY, REVERSAL, RECORDER, REHEARSING = (f"host/{name}.py" for name in ("verify", "reversal", "recorder", "rehearsing"))
CHECKPOINT, METRICS, ENGINE, TRAINING, REPORT = (f"host/{name}.py" for name in ("checkpoint", "metrics", "engine", "training", "report"))
IN_VERIFY, IN_LINK, IN_CHECKPOINT = (f"tests/host/test_{name}.py::test" for name in ("verify", "link", "checkpoint"))
IN_METRICS, IN_TRAINING = (f"tests/host/test_{name}.py::test" for name in ("metrics", "training"))

FLAGS = f"{IN_VERIFY}_flag_that_only_one_device_raises_is_a_disagreement"
COMPARED = f"{IN_VERIFY}_recorders_compare_what_was_given_since_they_were_last_compared"
WITHIN = f"{IN_VERIFY}_gradient_passes_within_its_bounds"
BROKEN = f"{IN_VERIFY}_broken_device_is_caught"
STILL = f"{IN_VERIFY}_device_that_stands_still_has_reversed_nothing"

OF_VERIFY = [
    Fault(RECORDER, "in (status.overflow, status.clip):", "in ():", FLAGS),
    Fault(RECORDER, "in (status.overflow, status.clip):", "in (status.overflow,):", FLAGS),
    Fault(RECORDER, "in (status.overflow, status.clip):", "in (status.clip,):", FLAGS),
    Fault(RECORDER, "        self._keep(values)\n        return values", "        return values", COMPARED),
    Fault(RECORDER, "np.count_nonzero(mine != its)", "np.any(mine != its)", COMPARED),
    Fault(RECORDER, "if mine.shape == its.shape else max(mine.size, its.size)", "if mine.shape == its.shape else 0", COMPARED),
    Fault(RECORDER, "max(mine.size, its.size)", "min(mine.size, its.size)", COMPARED),
    Fault(RECORDER, "self._log, other._log = [], []", "self._log = []", COMPARED),
    Fault(RECORDER, "zip(self._log, other._log, strict=True)", "zip(self._log, other._log, strict=False)", COMPARED),
    Fault(RECORDER, "        if self._recording:", "        if True:", f"{IN_VERIFY}_recorder_keeps_nothing_unless_it_is_to_be_compared"),
    Fault(RECORDER, "for context in range(self.shape.contexts)", "for context in range(self.shape.contexts - 1)", COMPARED),
    Fault(VERIFY, '"none differ", wrong == 0)', '"none differ", True)', f"{IN_VERIFY}_one_wrong_bit_is_a_disagreement"),
    Fault(VERIFY, '"none differ", wrong == 0)', '"none differ", wrong <= 1)', f"{IN_VERIFY}_one_wrong_bit_is_a_disagreement"),
    Fault(VERIFY, "COSINE, NORM = 0.9999, 0.005", "COSINE, NORM = 0.999, 0.005", WITHIN),
    Fault(VERIFY, "COSINE, NORM = 0.9999, 0.005", "COSINE, NORM = 0.9999, 0.006", f"{IN_VERIFY}_bounds_are_those_that_are_claimed"),
    Fault(VERIFY, "cosine >= COSINE and abs(ratio - 1) <= NORM", "cosine >= COSINE", WITHIN),
    Fault(VERIFY, "cosine >= COSINE and abs(ratio - 1) <= NORM", "abs(ratio - 1) <= NORM", WITHIN),
    Fault(VERIFY, "abs(ratio - 1) <= NORM", "ratio - 1 <= NORM", WITHIN),
    Fault(VERIFY, "float(np.sum(found * expected)) /", "abs(float(np.sum(found * expected))) /", WITHIN),
    Fault(VERIFY, "if all(size) else float(size[0] == size[1])", "if all(size) else 1.0", f"{IN_VERIFY}_gradient_of_nothing_is_nothing"),
    Fault(VERIFY, "if size[1] else 1.0 + size[0]", "if size[1] else 1.0", f"{IN_VERIFY}_gradient_of_nothing_is_nothing"),
    Fault(REVERSAL, "wrong == 0 and left", "wrong == 0", STILL),
    Fault(REVERSAL, "wrong == 0 and left", "left", BROKEN),
    Fault(REVERSAL, "!= before[i][context])) for i in range(2))", "!= before[i][context])) for i in range(1))", BROKEN),
    Fault(REVERSAL, "!= before[i][context])) for i in range(2))", "!= before[i][context])) for i in range(1, 2))", BROKEN),
    Fault(REVERSAL, "np.full(n, state.lowest)", "np.full(n, state.lowest + 1)", BROKEN),
    Fault(
        REPORT,
        "all(row.passed for row in self.rows)",
        "any(row.passed for row in self.rows)",
        f"{IN_VERIFY}_missed_bound_shows_in_the_table",
    ),
]

ROW = f"{IN_LINK}_row_of_a_rough_line_passes_if_all_is_right"
LIES = f"{IN_LINK}_one_wrong_bit_is_counted_and_ends_the_rehearsal"
CLAIMED = f"{IN_LINK}_figures_of_the_link_are_those_that_are_claimed"

OF_REHEARSING = [
    Fault(REHEARSING, "not found.wrong and not found.hung and", "not found.hung and", ROW),
    Fault(REHEARSING, "not found.wrong and not found.hung and", "not found.wrong and", ROW),
    Fault(REHEARSING, " and found.stall <= RECOVERY", "", ROW),
    Fault(REHEARSING, "found.stall <= RECOVERY", "found.stall < RECOVERY", ROW),
    Fault(REHEARSING, "TIMEOUT, RECOVERY = 0.02, 3", "TIMEOUT, RECOVERY = 0.02, 6", ROW),
    Fault(REHEARSING, "ROUGH, seed + index, buffer", "ROUGH, seed, buffer", ROW),
    Fault(REHEARSING, "share >= BUSY)", "True)", f"{IN_LINK}_row_of_a_line_that_idles_does_not_pass"),
    Fault(REHEARSING, "share >= BUSY)", "share > BUSY)", ROW),
    Fault(REHEARSING, "BUSY, STREAMED = 0.9,", "BUSY, STREAMED = 0.5,", CLAIMED),
    Fault(REHEARSING, "FRAMES = 100_000", "FRAMES = 10_000", CLAIMED),
    Fault(REHEARSING, "wrong += port.receive(len(request)).tolist() != wanted", "port.receive(len(request))", LIES),
    Fault(REHEARSING, "port.receive(len(request)).tolist() != wanted", "port.receive(len(request)).tolist()[:-1] != wanted[:-1]", LIES),
    Fault(REHEARSING, "line.frames < frames and not wrong", "line.frames < frames", LIES),
    Fault(REHEARSING, "        hung = True", "        pass", f"{IN_LINK}_host_that_gives_up_counts_as_hung"),
]

FIELDS = f"{IN_CHECKPOINT}_every_field_is_restored"
RESUMED = f"{IN_TRAINING}_resumed_run_is_the_run_that_never_stopped"
UNCHANGED = f"{IN_METRICS}_tally_goes_through_a_checkpoint_unchanged"
SUMS = f"{IN_METRICS}_sums_of_two_minibatches"
ANEW = "tests/host/test_echo_engine.py::test_sums_begin_anew_with_each_epoch"
LINE = f"{IN_METRICS}_line_of_an_epoch"
COUNTED = f"{IN_METRICS}_what_the_detector_says_of_each_sample_is_counted"

OF_CHECKPOINT = [
    Fault(CHECKPOINT, '            about["tally"],', "            {},", FIELDS),
    Fault(CHECKPOINT, '            about["batch"],', "            0,", FIELDS),
    Fault(CHECKPOINT, '            about["epoch"],', "            0,", FIELDS),
    Fault(
        CHECKPOINT,
        '            about["epoch"],\n            about["batch"],',
        '            about["batch"],\n            about["epoch"],',
        FIELDS,
    ),
    Fault(CHECKPOINT, '            about["generator"],', "            {},", FIELDS),
    Fault(CHECKPOINT, '            about["steps"],', "            0,", FIELDS),
    Fault(CHECKPOINT, '            _group(arrays, "memory/"),', "            {},", FIELDS),
    Fault(CHECKPOINT, '            _group(arrays, "master/"),', '            _group(arrays, "memory/"),', FIELDS),
    Fault(CHECKPOINT, 'Scaling.from_arrays(arrays, "target") if', 'Scaling.from_arrays(arrays, "input") if', FIELDS),
    Fault(CHECKPOINT, ' if "target/mean" in arrays else None', ' if "target" in arrays else None', FIELDS),
    Fault(CHECKPOINT, '            about["targets"],', "            0,", FIELDS),
    Fault(CHECKPOINT, '            about["channels"],', '            about["targets"],', FIELDS),
    Fault(CHECKPOINT, 'tuple(about["classes"])', 'tuple(sorted(about["classes"]))', FIELDS),
    Fault(CHECKPOINT, "np.asarray(value, np.float64) for name", "np.asarray(value, np.float32) for name", FIELDS),
    Fault(METRICS, 'self.samples = int(saved.get("samples", 0))', "self.samples = 0", UNCHANGED),
    Fault(METRICS, 'self.loss = float(saved.get("loss", 0.0))', "self.loss = 0.0", UNCHANGED),
    Fault(METRICS, 'self.score = float(saved.get("score", 0.0))', "self.score = 0.0", UNCHANGED),
    Fault(METRICS, 'self.seconds = float(saved.get("seconds", 0.0))', "self.seconds = 0.0", UNCHANGED),
    Fault(METRICS, 'Health(**saved.get("health", {}))', "Health()", UNCHANGED),
    Fault(METRICS, '"seconds": self.seconds + seconds', '"seconds": seconds', UNCHANGED),
    Fault(METRICS, "        self.health.add(health)", "        pass", SUMS),
    Fault(METRICS, "self.samples += samples", "self.samples += 1", SUMS),
    Fault(METRICS, "np.median(getattr", "np.max(getattr", LINE),
    Fault(METRICS, '("untrusted", "overflow", "clip")', '("overflow", "clip")', LINE),
    Fault(METRICS, "        if health.samples:", "        if True:", f"{IN_METRICS}_line_without_a_detector_is_silent_about_it"),
    Fault(ENGINE, "sum(not sample.trusted for", "sum(sample.trusted for", COUNTED),
    Fault(ENGINE, "[sample for sample in report if sample.eps]", "list(report)", COUNTED),
    Fault(ENGINE, "overflow=sum(sample.overflow for", "overflow=sum(sample.clip for", COUNTED),
    Fault(ENGINE, "        self.untrusted += other.untrusted\n", "", SUMS),
    Fault(ENGINE, "        self.clip += other.clip\n", "", SUMS),
    Fault(ENGINE, "        self.overflow += other.overflow\n", "", SUMS),
    Fault(ENGINE, "self.asym += other.asym", "self.asym += other.dev", SUMS),
    Fault(TRAINING, "tally = Tally(point.tally)", "tally = Tally({})", RESUMED),
    Fault(
        TRAINING,
        "self._optimiser.memory, self._optimiser.steps = checkpoint.memory, checkpoint.steps",
        "self._optimiser.steps = checkpoint.steps",
        RESUMED,
    ),
    Fault(
        TRAINING,
        "self._optimiser.memory, self._optimiser.steps = checkpoint.memory, checkpoint.steps",
        "self._optimiser.memory = checkpoint.memory",
        RESUMED,
    ),
    Fault(TRAINING, "generator.bit_generator.state = point.generator", "pass", RESUMED),
    Fault(TRAINING, "point.epoch + 1, 0, {}", "point.epoch + 1, 0, point.tally", ANEW),
]

ECHO_ENGINE = "host/echo_engine.py"
IN_ENGINE = "tests/host/test_echo_engine.py::test"
AT_ONCE = f"{IN_ENGINE}_array_takes_a_minibatch_at_once"
WRAPPED = f"{IN_ENGINE}_free_runs_that_wrap_are_counted"
PAST = f"{IN_ENGINE}_inputs_past_the_range_are_counted"
LOOKED = f"{IN_ENGINE}_test_set_is_looked_at_every_fifth_epoch_and_in_the_end"

OF_TRAINING = [
    Fault(ECHO_ENGINE, "self.saturated += sum", "self.saturated = sum", PAST),
    Fault(ECHO_ENGINE, "self._forward.flags.overflow)", "self._forward.flags.clip)", WRAPPED),
    Fault(ECHO_ENGINE, "self.wrapped += int", "self.wrapped = int", WRAPPED),
    Fault(ECHO_ENGINE, "contexts=2 * config.batch", "contexts=config.batch", AT_ONCE),
    Fault(ECHO_ENGINE, "min(DEPTH, config.batch * longest)", "config.batch * longest", AT_ONCE),
    Fault(ECHO_ENGINE, "LANES = 16", "LANES = 8", AT_ONCE),
    Fault(TRAINING, "TEST_EVERY = 5", "TEST_EVERY = 4", LOOKED),
    Fault(TRAINING, " or point.epoch == self.config.epochs:", ":", LOOKED),
    Fault(
        TRAINING,
        'DECAYED = ("coupling", "input_weight", ',
        'DECAYED = ("coupling", "bias", ',
        f"{IN_ENGINE}_only_couplings_and_input_weights_decay",
    ),
    Fault(TRAINING, "1.0 - rate * config.decay", "1.0 - config.decay", f"{IN_ENGINE}_only_couplings_and_input_weights_decay"),
]

FAULTS: list[Fault] = [*OF_VERIFY, *OF_REHEARSING, *OF_CHECKPOINT, *OF_TRAINING]
