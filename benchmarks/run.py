"""mailsend beside its peers: paired in one run, told as ratios.

Every contender runs in a fresh process, in turn, for several rounds; medians are compared. No figure
decides the exit code: it is 1 where a contender of ours fails, and 0 otherwise. Where one falls short
of a goal of speed, a profile says where its time goes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

from pairs.cases import Case
from pairs.laid_down import lay_down
from pairs.progress import Progress
from pairs.registry import ALL_CASES, ALL_CONTENDERS
from pairs.rounds import Measured, Ratio, measure, ratios
from pairs.servers import INSTALL, find
from pairs.shortfalls import look_into, shortfalls
from pairs.table import as_json, compared, figures, surroundings
from pairs.task import Task

RESULTS = Path(__file__).parents[1] / ".nox" / "bench" / "results.json"


def asked_for(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short round: shows that all runs, no more")
    parser.add_argument(
        "--only", action="append", metavar="NAME", help="a case, * for several; may be repeated"
    )
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help="default: %(default)s")
    parser.add_argument("--rounds", type=int, help="default: 5")
    parser.add_argument("--seconds", type=float, help="of each measurement; default: 1.5")
    parser.add_argument("--connections", type=int, help="where a case does not say so itself; default: 8")
    parser.add_argument("--concurrency", type=int, help="our mails at a time; default: 32")
    parser.add_argument("--profile", metavar="CASE", help="show where our time goes in one case instead")
    parser.add_argument("--contender", help="with --profile: which of ours; default: the last one")
    return parser.parse_args(arguments)


def chosen(names: Sequence[str] | None) -> list[Case]:
    """Give the cases that were asked for; ends the program where a name fits none."""
    wanted = names or ["*"]
    for name in wanted:
        if not any(fnmatch(one.name, name) for one in ALL_CASES):
            sys.exit(f"no case {name}; there are: {', '.join(one.name for one in ALL_CASES)}")
    return [one for one in ALL_CASES if any(fnmatch(one.name, name) for name in wanted)]


def task_of(case: Case, folder: Path, asked: argparse.Namespace) -> Task:
    """Give what the contenders of a case are asked to do; what a case says itself stays."""
    times = {"seconds": 0.3, "warm": 0.1} if asked.quick else {"seconds": 1.5, "warm": 0.4}
    task = Task(folder=str(folder), short=asked.quick, **times)
    given = {
        "seconds": asked.seconds,
        "connections": asked.connections,
        "concurrency": asked.concurrency,
    }
    return task.but(**{name: value for name, value in given.items() if value is not None}).but(**case.task)


def main() -> None:
    """Measure, print, keep the JSON."""
    asked = asked_for()
    if asked.list:
        print("\n".join(f"{one.name:20} {one.title}" for one in ALL_CASES))
        return
    with tempfile.TemporaryDirectory(prefix="mailsend-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        lay_down(folder)
        if asked.profile:
            print(_profile(asked, folder))
        elif not _measure(asked, folder):
            sys.exit(1)


def _profile(asked: argparse.Namespace, folder: Path) -> str:
    case = chosen([asked.profile])[0]
    contender = ALL_CONTENDERS[asked.contender or case.ours[-1]]
    return (
        f"{case.name}: {contender.title}\n{look_into(case, contender, task_of(case, folder, asked)).text()}"
    )


def _measure(asked: argparse.Namespace, folder: Path) -> bool:
    cases = chosen(asked.only)
    rounds = asked.rounds or (1 if asked.quick else 5)
    fall_back = any(one.wire for one in cases) and find("smtp-sink") is None
    if fall_back:
        print(f"smtp-sink NOT FOUND: our own sink in Python takes its place and slows the fast. {INSTALL}\n")
    progress = Progress(sum(len(one.contenders) * (rounds + one.wire) for one in cases))
    done: list[tuple[Case, list[Measured]]] = []
    found: list[Ratio] = []
    for case in cases:
        measured = measure(case, task_of(case, folder, asked), rounds, progress)
        progress.clear()
        done.append((case, measured))
        found += ratios(case, measured)
        print(f"{figures(case, measured)}\n", flush=True)
    print(compared(found))
    short = (
        [] if asked.quick else shortfalls(done, found, lambda case: task_of(case, folder, asked), progress)
    )
    for one in short:
        print(f"\n{one.text()}")
    told = {
        **surroundings(),
        "sink": "python" if fall_back else "smtp-sink",
        "rounds": rounds,
        "quick": bool(asked.quick),
    }
    asked.json.parent.mkdir(parents=True, exist_ok=True)
    asked.json.write_text(json.dumps(as_json(told, done, found, short), indent=2) + "\n")
    return _summed_up(done, found, asked.json)


def _summed_up(
    done: Sequence[tuple[Case, Sequence[Measured]]], found: Sequence[Ratio], written: Path
) -> bool:
    goals = [one for one in found if one.goal is not None]
    print(f"\nbench: {len(found)} ratios, {sum(bool(one.holds) for one in goals)} of {len(goals)} goals hold")
    print(f"bench: written to {written}")
    absent = [one for _, measured in done for one in measured if one.left_out]
    for title, why in {one.contender.title: one.left_out for one in absent}.items():
        print(f"bench: LEFT OUT {title}: {why.strip()}")
    return not any(one.contender.is_ours for one in absent)


if __name__ == "__main__":
    main()
