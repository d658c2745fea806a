"""The benchmark of searching runs; no figure is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_small_log_is_written_and_searched(tmp_path: Path) -> None:
    """A log of a few mails gives a figure for every kind of query, beside that of a bare SELECT."""
    told = tmp_path / "told.json"
    program = ROOT / "benchmarks" / "search.py"
    printed = subprocess.run(
        [sys.executable, str(program), "--rows", "300", "--json", str(told)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout

    figures = json.loads(told.read_text())
    assert {"indexed", "partial", "rcpt:", "word, nowhere"} <= set(figures)
    assert all(set(one) == {"median", "longest", "ratio"} for one in figures.values())
    assert [line.partition(":")[0] for line in printed.splitlines()[-2:]] == ["indexed", "partial"]
