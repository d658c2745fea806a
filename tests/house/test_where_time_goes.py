"""A benchmark that falls short of a goal says where the time goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
_ROOT = "<module> (/b/child.py:67);main (/b/child.py:63);measure (/b/child.py:30)"


@pytest.fixture
def pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks' own modules can be imported."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))


@pytest.mark.usefixtures("pairs")
def test_a_stack_is_counted_only_where_it_was_met_at_work() -> None:
    """Importing, opening, and threads that wait are left out; what any thread of ours does is not."""
    from pairs.where_time_goes import _at_work

    met = {
        "working": f"{_ROOT};go (/b/pairs/peers/ours.py:9);send (/s/mailsend/mailer/many.py:3) 7",
        "importing": "<module> (/b/child.py:1);_find (<frozen importlib._bootstrap>:8) 9",
        "opening": f"{_ROOT};_GeneratorContextManager.__enter__ (/lib/contextlib.py:137);upgrade (/s/mailsend/store/upgrading.py:5) 9",
        "waiting for work": "_bootstrap (/lib/threading.py:1);_worker (/lib/concurrent/futures/thread.py:81) 9",
        "waiting for the wire": "run (/lib/threading.py:1);select (/lib/selectors.py:468) 9",
        "the loop's thread": "run (/lib/threading.py:1);write (/s/mailsend/transport/smtp/link.py:20) 2",
    }

    seen = [(frames[-1]["name"], count) for frames, count in _at_work(met.values())]

    assert seen == [("send", 7), ("write", 2)]


@pytest.mark.usefixtures("pairs")
def test_what_falls_short_is_looked_into(tmp_path: Path) -> None:
    """A goal nobody reaches gives a profile of ours: shares of rooms, files and functions, and microseconds."""
    from pairs.cases import CASES, Goal
    from pairs.laid_down import lay_down
    from pairs.progress import Progress
    from pairs.rounds import measure, ratios
    from pairs.shortfalls import shortfalls
    from pairs.task import Task

    lay_down(tmp_path)
    task = Task(folder=str(tmp_path), seconds=0.3, warm=0.1)
    sign = next(one for one in CASES if one.name == "sign")
    case = replace(sign, peers=("rsa",), goals=(Goal(peer="rsa", ratio=1e9),))
    measured = measure(case, task, 1, Progress(0))

    (short,) = shortfalls([(case, measured)], ratios(case, measured), lambda _: task, Progress(0))

    assert not isinstance(short.profile, str)
    tables: dict[str, Any] = {one.by: dict(one.rows) for one in short.profile.tables}
    assert any("(compose/" in name for name in tables["function"])
    assert 0.9 < sum(tables["function"].values()) <= 1.001
    assert short.text().startswith("sign: mailsend Signer: ")
    assert "of 1e+09 × rsa" in short.text()
