"""The benchmarks run, and their page tells what they measure; no figure is judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "benchmarks" / "run.py"


def _run(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, str(PROGRAM), *arguments], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_a_quick_run_prints_a_table_and_writes_json(tmp_path: Path) -> None:
    """One case that needs no server gives figures of all its contenders, and ratios of one beside the others."""
    printed = _run("--quick", "--only", "sign", "--json", str(tmp_path / "told.json"))

    told = json.loads((tmp_path / "told.json").read_text())
    contenders = told["cases"]["sign"]["contenders"]
    assert list(told["cases"]) == ["sign"]
    assert {name: len(one["rounds"]) for name, one in contenders.items()} == {
        "sign": 1,
        "dkimpy": 1,
        "rsa": 1,
    }
    assert [(one["peer"], one["measure"], one["goal"]) for one in told["ratios"]] == [("dkimpy", "rate", 15)]
    assert [line.split()[:3] for line in printed.splitlines() if line.startswith("sign ")] == [
        ["sign", "sign", "dkimpy"]
    ]


def test_a_case_that_does_not_exist_is_told() -> None:
    """A name that fits no case ends the program with the names that there are."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--only", "nothing"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "no case nothing; there are: template, content" in done.stderr


def test_the_page_names_every_case() -> None:
    """The reference tells of each case that can be asked for."""
    page = (ROOT / "docs" / "reference" / "benchmarks.md").read_text()
    names = [line.split()[0] for line in _run("--list").splitlines()]

    assert names
    assert [name for name in names if f"`{name}`" not in page] == []
