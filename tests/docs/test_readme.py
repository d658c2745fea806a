"""The README shows what the demo really prints."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_the_first_screen_shows_what_the_demo_prints(tmp_path: Path) -> None:
    """Each line of the README's output is a line of the demo's, in order; … stands for what varies."""
    block = re.search(
        r"<!-- mailsend demo prints -->\n```text\n(.*?)```", README.read_text("utf-8"), re.DOTALL
    )
    assert block is not None
    demo = subprocess.run(
        [sys.executable, "-m", "mailsend", "demo"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=60,
    )
    printed = iter(demo.stdout.splitlines())
    shown = [line for line in block[1].splitlines() if line != "…"]

    assert len(shown) >= 10
    for line in shown:
        pattern = ".*".join(map(re.escape, line.split("…")))
        assert any(re.fullmatch(pattern, one) for one in printed), line


def test_the_first_screen_is_one_screen() -> None:
    """What this is, two commands and what the first prints stand in the first forty lines."""
    top = "\n".join(README.read_text("utf-8").splitlines()[:40])

    assert "python3 -m pip install '.[demo]' && mailsend demo" in top
    assert "python3 -m pip install nox && nox" in top
    assert "byte for byte what the preview held" in top
