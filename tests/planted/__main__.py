"""``python -m tests.planted [WORD ...]``: plant each fault in a copy of the checkout, and see whether its test catches it.

Words choose the faults whose file or test contains one of them. One line for each fault; ends with 1 if any was not caught.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from tests.house import ROOT

from .fault import Fault
from .faults import faults
from .trial import Verdict, sound, trial

#: Faults that are tried at the same time, a process each.
PROCESSES = 2


def main(words: Sequence[str]) -> int:
    chosen = [fault for fault in faults() if not words or any(word in fault.file or word in fault.caught_by for word in words)]
    if not chosen:
        print(f"error: no fault has a file or test that contains {' or '.join(words)}", file=sys.stderr)
        return 1
    tests = list(dict.fromkeys(fault.caught_by for fault in chosen))
    print(f"{len(chosen)} faults; first their {len(tests)} tests without any", flush=True)
    if not sound(tests, ROOT, lambda text: print(text, flush=True)):
        return 1
    verdicts = []
    with ThreadPoolExecutor(PROCESSES) as pool:
        waiting = {pool.submit(trial, fault, ROOT): fault for fault in chosen}
        for done in as_completed(waiting):
            verdicts.append(done.result())
            print(f"[{len(verdicts)}/{len(chosen)}] {line(waiting[done], verdicts[-1])}", flush=True)
    caught = verdicts.count(Verdict.CAUGHT)
    print(f"{caught} of {len(chosen)} faults caught")
    return int(caught < len(chosen))


def line(fault: Fault, verdict: Verdict) -> str:
    """What became of a fault, in one line."""
    before, after = (" ".join(text.split()) for text in (fault.before, fault.after))
    return f"{verdict.value:8} {fault.file}: {before} -> {after or 'nothing'}  ({fault.caught_by})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
