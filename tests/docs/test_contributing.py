"""What contributors read names all there is: floors, folders of tests, sessions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
FLOORS = [
    re.split(r" [|:] ", floor.translate({ord("("): None, ord(")"): None}))  # those in brackets may be missing
    for one in CONTRACTS
    if one["type"] == "layers"
    for floor in one.get("layers", ())
]
SESSIONS = re.findall(r"^@nox\.session\ndef (\w+)", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
RINGS = tuple(re.findall(r"@nox\.session\ndef (\w+).*\n    \"\"\"Ring:", (ROOT / "noxfile.py").read_text()))
FOLDERS = sorted(one.name for one in (ROOT / "tests").iterdir() if one.is_dir() and "__" not in one.name)


def _rows(page: str) -> list[set[str]]:
    """Give what stands in code in the first column of each row."""
    text = (ROOT / page).read_text()
    return [
        set(re.findall(r"`([^`]+)`", line.split("|")[1])) for line in text.splitlines() if "|" in line[:1]
    ]


@pytest.mark.parametrize("floor", FLOORS, ids=" ".join)
def test_every_floor_is_told(floor: list[str]) -> None:
    """Each floor of the import contract is a row of the house, with the rooms beside each other."""
    assert set(floor) in _rows("docs/explanation/the-house.md")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_of_tests_is_told(folder: str) -> None:
    """Each folder of tests stands in the table of CONTRIBUTING."""
    assert any(f"tests/{folder}" in row for row in _rows("CONTRIBUTING.md"))


@pytest.mark.parametrize("ring", RINGS)
def test_every_ring_is_told(ring: str) -> None:
    """Each slow session stands in CONTRIBUTING with what it proves."""
    assert {ring} in _rows("CONTRIBUTING.md")


def test_there_is_something_to_tell() -> None:
    """The three lists were found, and `bench` and the rings are sessions."""
    assert {"laws", "mutants", "scenarios", "slow", "postgres", "extras", "minimums"} <= set(RINGS)
    assert {"engines", "torture"} <= set(RINGS)
    assert {"bench", *RINGS} <= set(SESSIONS)
    assert len(FLOORS) > 5
    assert "smtp" in FOLDERS
