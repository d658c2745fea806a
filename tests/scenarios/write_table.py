"""Run every scenario, and write the table of the documentation where all of them held."""

from __future__ import annotations

import sys
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from catalogue import CATALOGUE, PARTS
from running import wrong
from scenario_page import PAGE, page


def judged(name: str) -> tuple[str, tuple[str, ...]]:
    """Run one scenario; give its name and what did not hold."""
    return name, wrong(CATALOGUE[name])


def main() -> int:
    """Run, tell, write; 1 where something did not hold, and then nothing is written."""
    with Pool() as pool:
        failed = {name: broken for name, broken in pool.imap(judged, CATALOGUE) if broken}
    for name, broken in failed.items():
        print(name, *broken, sep="\n    ")
    print(f"{len(CATALOGUE) - len(failed)} of {len(CATALOGUE)} scenarios held")
    if not failed:
        PAGE.write_text(page(PARTS), encoding="utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
