"""Where our time goes in one case: py-spy where it is there and may look, else cProfile."""

from __future__ import annotations

import pstats
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

from pairs.catalogue import Contender
from pairs.launch import Failed, command, run
from pairs.task import Task

_FRAME = re.compile(r"(?P<name>.+?) \((?P<path>[^():]+)(?::\d+)?\)$")
_ROWS = 25
_AT_WORK = re.compile(
    r"\b(go|work|worker|caller) \([^;]*/pairs/peers/"
)  # not yet there while it opens and imports


def profile(contender: Contender, task: Task) -> str:
    """Give a table of shares; asyncio's one thread is what cProfile sees."""
    spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if spy is not None:
        try:
            return _by_samples(spy, contender, task)
        except (Failed, subprocess.SubprocessError) as problem:
            note = f"py-spy could not look ({str(problem).strip().splitlines()[-1]}), so cProfile did.\n"
            return note + _by_calls(contender, task)
    return _by_calls(contender, task)


def _by_samples(spy: str, contender: Contender, task: Task) -> str:
    out = task.place / "samples.txt"
    options = ["record", "--rate", "500", "--format", "raw", "--output", str(out), "--full-filenames"]
    run([spy, *options, "--", *command(contender, task)], task)
    parts: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for line in out.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        if "child.py" in stack and not _AT_WORK.search(stack):
            continue
        frames = [found for one in stack.split(";") if (found := _FRAME.match(one))]
        if not frames:
            continue
        functions[_function(frames[-1])] += int(count)
        parts[_part(frames)] += int(count)
    return "\n".join((_shares("by part of mailsend", parts), "", _shares("by function", functions)))


def _part(frames: list[re.Match[str]]) -> str:
    """Give the innermost module of mailsend on the stack: what called whatever runs."""
    for frame in reversed(frames):
        if "/mailsend/" in frame["path"] and "/pairs/" not in frame["path"]:
            return frame["path"].rpartition("/mailsend/")[2]
    return "the event loop and the benchmark itself"


def _function(frame: re.Match[str]) -> str:
    return f"{frame['name']} ({'/'.join(frame['path'].split('/')[-2:])})"


def _shares(title: str, counted: Counter[str]) -> str:
    total = counted.total() or 1
    rows = [f"{100 * count / total:6.1f} %  {name}" for name, count in counted.most_common(_ROWS)]
    return "\n".join((f"{title}, {total} samples", *rows))


def _by_calls(contender: Contender, task: Task) -> str:
    out = task.place / "profile"
    run(command(contender, task.but(profile=str(out))), task)
    stats = pstats.Stats(str(out)).get_stats_profile()
    rows = sorted(stats.func_profiles.items(), key=lambda one: -one[1].tottime)[:_ROWS]
    lines = [
        f"{100 * one.tottime / stats.total_tt:6.1f} %  {name} ({'/'.join(one.file_name.split('/')[-2:])})"
        for name, one in rows
    ]
    return "\n".join((f"by function, own time of {stats.total_tt:.1f} s under cProfile", *lines))
