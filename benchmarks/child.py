"""One contender in its own process: open, warm up, measure, print JSON."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

from pairs.meter import Meter
from pairs.task import Task

Contender = Callable[[Task], AbstractContextManager[Callable[[Meter], None]]]


def measure(contender: Contender, task: Task) -> dict[str, Any]:
    """Give what the meter read after a warm-up that nobody counts."""
    with contender(task) as go:
        if task.warm or task.memory:
            go(Meter(task.warm or 60.0, most=1 if task.memory else 0))
        gc.collect()
        if task.memory:
            return _peak(go)
        meter = Meter(task.seconds, task.most)
        if task.profile:
            _profiled(go, meter, task.profile)
        else:
            go(meter)
        return meter.read()


def _peak(go: Callable[[Meter], None]) -> dict[str, Any]:
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    meter = Meter(60.0, most=1)
    go(meter)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {**meter.read(), "peak": peak - before}


def _profiled(go: Callable[[Meter], None], meter: Meter, path: str) -> None:
    import cProfile

    profile = cProfile.Profile()
    profile.enable()
    try:
        go(meter)
    finally:
        profile.disable()
        profile.dump_stats(path)


def main() -> None:
    """Run ``child.py MODULE:FUNCTION TASK``."""
    where, _, name = sys.argv[1].partition(":")
    contender = getattr(import_module(f"pairs.peers.{where}"), name)
    print(json.dumps(measure(contender, Task.from_json(sys.argv[2]))))


if __name__ == "__main__":
    main()
