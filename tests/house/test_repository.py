"""The files around the code."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FRAGMENT = re.compile(r"(\d+|\+[\w-]+)\.(added|changed|removed|fixed|security)(\.\d+)?\.md")


def test_every_change_is_told() -> None:
    """Each fragment has a name that towncrier reads and says something; or a release took them in."""
    fragments = [
        one for one in (ROOT / "changelog.d").iterdir() if one.name not in {".gitignore", "README.md"}
    ]
    released = re.search(r"^## \d", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

    assert fragments or released
    assert [one.name for one in fragments if not FRAGMENT.fullmatch(one.name)] == []
    assert [one.name for one in fragments if not one.read_text().strip()] == []


def test_the_menu_says_what_each_session_does() -> None:
    """Each nox session has a docstring of one line."""
    tree = ast.parse((ROOT / "noxfile.py").read_text())
    sessions = {
        node.name: ast.get_docstring(node) or ""
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(one).startswith("nox.session") for one in node.decorator_list)
    }

    assert sessions
    assert {name: text for name, text in sessions.items() if not text or "\n" in text} == {}


def test_every_exception_from_a_lint_has_its_reason() -> None:
    """Each line of ruff's ignore lists ends in a comment."""
    section = (
        (ROOT / "pyproject.toml").read_text().split("[tool.ruff.lint]")[1].split("[tool.ruff.format]")[0]
    )
    codes = [line for line in section.splitlines() if re.match(r'\s*"[A-Z]+\d*",', line)]

    assert codes
    assert [line for line in codes if "#" not in line] == []


def test_all_holds_every_extra() -> None:
    """The extra `all` names every other extra."""
    extras = PYPROJECT["project"]["optional-dependencies"]
    named = set(re.search(r"\[(.*)\]", extras["all"][0])[1].split(","))

    assert named == set(extras) - {"all"}


def test_install_lines_use_the_checkout() -> None:
    """No page tells anybody to install `mailsend` by its name, which belongs to someone else."""
    tracked = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md", "*.py", "*.toml"],
        cwd=ROOT,
        text=True,
    ).split()
    wrong = [
        f"{name}: {line.strip()}"
        for name in tracked
        if (ROOT / name).is_file()
        for line in (ROOT / name).read_text().splitlines()
        if re.search(r"pip install ['\"]?mailsend\b", line) and name != "tests/house/test_repository.py"
    ]

    assert wrong == []
