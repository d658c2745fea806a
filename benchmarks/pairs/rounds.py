"""Rounds: every contender once in each, in turn, so that a slow minute of the machine hits all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pairs.cases import Case, Goal
from pairs.catalogue import Contender
from pairs.databases import databases
from pairs.judge import look_at
from pairs.launch import Failed, launch, missing
from pairs.progress import Progress
from pairs.registry import ALL_CONTENDERS
from pairs.servers import delayed, sink
from pairs.task import Task


@dataclass(slots=True)
class Measured:
    """What the rounds of one contender came to."""

    contender: Contender
    rounds: list[dict[str, Any]] = field(default_factory=list)
    left_out: str = ""

    def median(self, measure: str) -> float:
        """Give the median of ``rate`` (a second), ``cpu`` (seconds each), or another figure in bytes."""
        return statistics.median(_figure(one, measure) for one in self.rounds)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Ours beside a peer's, and the goal where there is one."""

    case: str
    ours: str
    peer: str
    measure: str
    ratio: float
    less_cpu: float  # their processor time for one, divided by ours
    goal: Goal | None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        return None if self.goal is None else self.goal.holds(self.ratio)


def _figure(one: dict[str, Any], measure: str) -> float:
    if measure == "rate":
        return float(one["count"] / one["seconds"])
    if measure == "cpu":
        return float(one["cpu"] / one["count"])
    return float(one[measure])


def measure(case: Case, task: Task, rounds: int, progress: Progress) -> list[Measured]:
    """Give the figures of every contender of a case."""
    all_of_them = [Measured(ALL_CONTENDERS[name]) for name in case.contenders]
    for one in all_of_them:
        one.left_out = missing(one.contender)
    with databases(task.place, postgres=case.postgres) as database:
        if case.wire:
            _on_the_wire(case, all_of_them, task, rounds, progress, database)
        else:
            _rounds(case, all_of_them, task, rounds, progress, database)
    return all_of_them


def _on_the_wire(
    case: Case,
    all_of_them: Sequence[Measured],
    task: Task,
    rounds: int,
    progress: Progress,
    database: Callable[[], str],
) -> None:
    for one in all_of_them:
        progress.step(f"{case.name}: a look at what {one.contender.name} sends")
        if not one.left_out and one.contender.name != "rsa":
            try:
                look_at(one.contender, task.but(database=database(), queued=0))
            except Failed as problem:
                one.left_out = f"failed: {problem}"
    with sink() as port, delayed(port, case.delay) as front:
        _rounds(case, all_of_them, task.but(port=front), rounds, progress, database)


def _rounds(
    case: Case,
    measured: Sequence[Measured],
    task: Task,
    rounds: int,
    progress: Progress,
    database: Callable[[], str],
) -> None:
    rounds = min(rounds, case.rounds or rounds)
    for number in range(rounds):
        for one in measured:
            progress.step(f"{case.name}: {one.contender.name}, round {number + 1} of {rounds}")
            if one.left_out:
                continue
            try:
                one.rounds.append(launch(one.contender, task.but(database=database())))
            except Failed as problem:
                one.left_out = f"failed: {problem}"


def ratios(case: Case, measured: Sequence[Measured]) -> list[Ratio]:
    """Give every ratio of a case: each of ours beside each peer, and what the goals ask for besides."""
    by_name = {one.contender.name: one for one in measured if one.rounds and not one.left_out}
    found = []
    for peer in case.peers:
        for mine in case.ours:
            if peer not in by_name or mine not in by_name:
                continue
            goals = [one for one in case.goals if one.peer == peer and mine in (one.ours or case.ours)]
            usual = "peak" if case.task.get("memory") else "rate"
            for name in dict.fromkeys([*(one.measure for one in goals), *([] if peer == "rsa" else [usual])]):
                ratio = by_name[mine].median(name) / by_name[peer].median(name)
                less = by_name[peer].median("cpu") / by_name[mine].median("cpu")
                goal = next((one for one in goals if one.measure == name), None)
                found.append(Ratio(case.name, mine, peer, name, ratio, less, goal))
    return found
