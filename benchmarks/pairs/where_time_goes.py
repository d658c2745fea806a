"""Where our time goes in one case: py-spy where it is there and may look, else cProfile."""

from __future__ import annotations

import pstats
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pairs.catalogue import Contender
from pairs.launch import Failed, command, run
from pairs.task import Task

_FRAME = re.compile(r"(?P<name>.+?) \((?P<path>[^():]+)(?::\d+)?\)$")
_MOST = 25
_ELSEWHERE = "the event loop and the benchmark itself"
# Threads that wait for work or for the wire, which a sampler at times takes for busy.
_WAITING = re.compile(
    r"\b(_worker \([^;]*/futures/thread\.py|_?wait\w* \([^;]*/threading\.py|select \([^;]*/selectors\.py)[^;]*$"
)
_OPENING = re.compile(r"measure \([^;]*child\.py[^;]*\);[^;]*__(enter|exit)__ \(")


@dataclass(frozen=True, slots=True)
class Shares:
    """What has which share of the time, the largest first; shares add up to 1 at most."""

    by: str
    rows: tuple[tuple[str, float], ...]

    def text(self, cpu: float, most: int) -> str:
        """Give a table; with ``cpu``, the seconds of one mail, in microseconds too."""
        lines = [f"{'':4}{'%':>5}{'  µs' if cpu else '':>6}  by {self.by}"]
        for name, share in self.rows[:most]:
            lines.append(f"{'':4}{100 * share:5.1f}{f'{1e6 * cpu * share:6.1f}' if cpu else '':>6}  {name}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Profile:
    """How it was looked at, and what came out."""

    how: str
    tables: tuple[Shares, ...]

    def text(self, *, cpu: float = 0.0, most: int = _MOST) -> str:
        """Give it for people."""
        return "\n".join((f"  {self.how}", *(one.text(cpu, most) for one in self.tables)))

    def as_json(self) -> dict[str, Any]:
        """Give it for programs."""
        return asdict(self)


def profile(contender: Contender, task: Task) -> Profile:
    """Give the shares; asyncio's one thread is what cProfile sees."""
    spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if spy is None:
        return _by_calls(contender, task, "py-spy is not here")
    try:
        return _by_samples(spy, contender, task)
    except (Failed, subprocess.SubprocessError) as problem:
        return _by_calls(contender, task, f"py-spy could not look ({str(problem).strip().splitlines()[-1]})")


def _by_samples(spy: str, contender: Contender, task: Task) -> Profile:
    out = task.place / "samples.txt"
    options = ["record", "--rate", "500", "--format", "raw", "--output", str(out), "--full-filenames"]
    run([spy, *options, "--", *command(contender, task)], task)
    rooms: Counter[str] = Counter()
    files: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for frames, count in _at_work(out.read_text().splitlines()):
        file = _file(frames)
        rooms[file.partition("/")[0].removesuffix(".py")] += count
        files[file] += count
        functions[_function(frames[-1]["name"], frames[-1]["path"])] += count
    tables = (_shares("room", rooms), _shares("file", files), _shares("function", functions))
    return Profile(f"{functions.total()} samples by py-spy", tables)


def _at_work(lines: Iterable[str]) -> Iterator[tuple[list[re.Match[str]], int]]:
    """Give the stacks that were met at work, not while a contender imports, opens or closes."""
    for line in lines:
        stack, _, count = line.rpartition(" ")
        if _WAITING.search(stack) or _OPENING.search(stack):
            continue
        if "child.py" in stack and "measure (" not in stack:
            continue
        frames = [found for one in stack.split(";") if (found := _FRAME.match(one))]
        if frames:
            yield frames, int(count)


def _file(frames: list[re.Match[str]]) -> str:
    """Give the innermost module of mailsend on the stack: what called whatever runs."""
    for frame in reversed(frames):
        if "/mailsend/" in frame["path"] and "/pairs/" not in frame["path"]:
            return frame["path"].rpartition("/mailsend/")[2]
    return _ELSEWHERE


def _function(name: str, path: str) -> str:
    return f"{name} ({'/'.join(path.split('/')[-2:])})"


def _shares(by: str, counted: Counter[str]) -> Shares:
    total = counted.total() or 1
    return Shares(by, tuple((name, round(count / total, 4)) for name, count in counted.most_common(_MOST)))


def _by_calls(contender: Contender, task: Task, why: str) -> Profile:
    out = task.place / "profile"
    run(command(contender, task.but(profile=str(out))), task)
    stats = pstats.Stats(str(out)).get_stats_profile()
    rows = sorted(stats.func_profiles.items(), key=lambda one: -one[1].tottime)[:_MOST]
    shares = tuple(
        (_function(name, one.file_name), round(one.tottime / stats.total_tt, 4)) for name, one in rows
    )
    how = f"{why}: own time of {stats.total_tt:.1f} s under cProfile"
    return Profile(how, (Shares("function", shares),))
