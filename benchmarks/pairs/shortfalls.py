"""Where the time goes in each case that falls short of a goal of speed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pairs.cases import Case
from pairs.catalogue import Contender
from pairs.databases import databases
from pairs.launch import Failed
from pairs.progress import Progress
from pairs.registry import ALL_CONTENDERS
from pairs.rounds import Measured, Ratio
from pairs.servers import delayed, sink
from pairs.task import Task
from pairs.where_time_goes import Profile, profile

_SECONDS = 4.0  # of a profile, where nobody says otherwise
_ROWS = 15


@dataclass(frozen=True, slots=True)
class Shortfall:
    """One of ours in one case that misses goals; ``profile`` is a reason in words where none could be made."""

    case: Case
    ours: str
    missed: tuple[Ratio, ...]
    cpu: float  # seconds of processor time for one mail, as measured
    profile: Profile | str

    def text(self) -> str:
        """Give it for people."""
        beside = ", ".join(
            f"{one.ratio:.2f} of {one.goal.ratio:g} × {one.peer}" for one in self.missed if one.goal
        )
        title = f"{self.case.name}: {ALL_CONTENDERS[self.ours].title}: {beside}; {1e6 * self.cpu:.0f} µs of CPU a mail"
        looked = (
            self.profile if isinstance(self.profile, str) else self.profile.text(cpu=self.cpu, most=_ROWS)
        )
        return f"{title}\n{looked}"


def look_into(case: Case, contender: Contender, task: Task) -> Profile:
    """Give a profile of one contender; raises Failed."""
    task = task.but(seconds=max(task.seconds, _SECONDS), memory=False)
    with databases(task.place, postgres=case.postgres) as database:
        task = task.but(database=database())
        if not case.wire:
            return profile(contender, task)
        with sink() as port, delayed(port, case.delay) as front:
            return profile(contender, task.but(port=front))


def shortfalls(
    done: Sequence[tuple[Case, Sequence[Measured]]],
    found: Sequence[Ratio],
    task_of: Callable[[Case], Task],
    progress: Progress,
) -> list[Shortfall]:
    """Look into each of ours that misses a goal of speed or processor time."""
    missed: dict[tuple[str, str], list[Ratio]] = {}
    for one in found:
        if one.holds is False and one.measure in ("rate", "cpu"):
            missed.setdefault((one.case, one.ours), []).append(one)
    seen = []
    for case, measured in done:
        for mine in case.ours:
            if (case.name, mine) not in missed:
                continue
            progress.step(f"{case.name}: where the time of {mine} goes")
            looked: Profile | str
            try:
                looked = look_into(case, ALL_CONTENDERS[mine], task_of(case))
            except Failed as problem:
                looked = f"  no profile: {problem}"
            cpu = next(one.median("cpu") for one in measured if one.contender.name == mine)
            seen.append(Shortfall(case, mine, tuple(missed[case.name, mine]), cpu, looked))
    progress.clear()
    return seen
