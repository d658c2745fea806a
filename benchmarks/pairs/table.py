"""Tables for people, JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from pairs.cases import Case
from pairs.node import versions as node_versions
from pairs.rounds import Measured, Ratio
from pairs.shortfalls import Shortfall

_PACKAGES = (
    "mailsend aiosmtplib cryptography dkimpy Django emails fastapi-mail Jinja2 premailer redmail"
    " django-post_office django-mailer procrastinate psycopg SQLAlchemy".split()
)
_MEASURES = {"rate": "speed", "cpu": "CPU time", "peak": "peak memory", "rss": "memory"}


def figures(case: Case, measured: Sequence[Measured]) -> str:
    """Give the medians of one case as a table."""
    lines = [f"{case.name}: {case.title}"]
    memory = bool(case.task.get("memory"))
    unit = "MB at the peak" if memory else case.unit
    lines.append(f"  {'':58} {unit:>14} {'ms':>9} {'CPU ms':>9} {'RSS MB':>7}")
    for one in measured:
        title = f"  {one.contender.title[:57]:58}"
        if one.left_out:
            lines.append(f"{title} left out: {shortly(one.left_out)}")
            continue
        main = one.median("peak") / 1e6 if memory else one.median("rate")
        shown = f"{main:14,.1f}" if memory or main < 1000 else f"{main:14,.0f}"
        wall = 1000 / one.median("rate")
        lines.append(
            f"{title} {shown} {wall:9.3f} {1000 * one.median('cpu'):9.3f} {one.median('rss') / 1e6:7.0f}"
        )
    return "\n".join(lines)


def compared(found: Sequence[Ratio]) -> str:
    """Give all ratios, with the goal beside each where there is one, and whether it holds."""
    lines = [f"{'case':19} {'ours':16} {'beside':20} {'in':12} {'ratio':>7} {'goal':>6}  holds  less CPU"]
    for one in found:
        goal, holds = "", ""
        if one.goal is not None:
            goal = f"{'≤' if one.goal.at_most else '≥'} {one.goal.ratio:g}"
            holds = "yes" if one.holds else "NO"
        # Processor time is the steadier figure on a machine that does other things besides.
        less = f"{_digits(one.less_cpu)} x" if one.measure == "rate" else ""
        who = f"{one.case:19} {one.ours:16} {one.peer:20} {_MEASURES[one.measure]:12}"
        lines.append(f"{who} {_digits(one.ratio):>7} {goal:>6}  {holds:5}  {less:>8}".rstrip())
    return "\n".join(lines)


def _digits(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"


def as_json(
    told: dict[str, Any],
    cases: Sequence[tuple[Case, Sequence[Measured]]],
    found: Sequence[Ratio],
    short: Sequence[Shortfall],
) -> dict[str, Any]:
    """Give all of it as one document."""
    return {
        **told,
        "cases": {
            case.name: {
                "title": case.title,
                "task": case.task,
                "delay_ms_each_way": case.delay,
                "contenders": {
                    one.contender.name: {
                        "title": one.contender.title,
                        "left_out": one.left_out or None,
                        "median": _medians(one),
                        "rounds": one.rounds,
                    }
                    for one in measured
                },
            }
            for case, measured in cases
        },
        "ratios": [
            {
                "case": one.case,
                "ours": one.ours,
                "peer": one.peer,
                "measure": one.measure,
                "ratio": round(one.ratio, 3),
                "less_cpu": round(one.less_cpu, 3),
                "goal": None if one.goal is None else one.goal.ratio,
                "holds": one.holds,
            }
            for one in found
        ],
        "where_time_goes": [
            {
                "case": one.case.name,
                "ours": one.ours,
                "cpu": one.cpu,
                "profile": one.profile if isinstance(one.profile, str) else one.profile.as_json(),
            }
            for one in short
        ],
    }


def _medians(one: Measured) -> dict[str, float] | None:
    if not one.rounds:
        return None
    names = ["rate", "cpu", "rss", *(["peak"] if "peak" in one.rounds[0] else [])]
    return {name: one.median(name) for name in names}


def surroundings() -> dict[str, Any]:
    """Give machine and versions: figures mean nothing without them."""
    installed = {}
    for name in _PACKAGES:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "versions": {**installed, **node_versions()},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "")


def shortly(reason: str) -> str:
    """Give the last line of a reason, cut."""
    return reason.strip().splitlines()[-1][:160]
