"""What import-linter cannot say about the floors, and that what it says is true."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "mailsend"
PLANTED = {
    "aiosmtplib in a value": ("model/reply.py", "import aiosmtplib", "Door: aiosmtplib"),
    "the clock in a decision": ("decide/sender.py", "import time", "Thought touches no network"),
    "a look upwards": ("model/reply.py", "import mailsend.decide.sender", "Floors: nothing looks up"),
    "a decision in a decision": (
        "decide/sender.py",
        "import mailsend.decide.route",
        "No decision imports another",
    ),
}


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("mailsend", cache_dir=None)


def test_nobody_inside_imports_the_front_door(graph: grimp.ImportGraph) -> None:
    """The lazy front door would hide floors: inside, names come from where they live."""
    assert graph.find_modules_that_directly_import("mailsend") == set()


def test_no_function_inside_imports_the_front_door() -> None:
    """Neither does an import within a function or under TYPE_CHECKING."""
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.ImportFrom) and node.module == "mailsend")
        or (isinstance(node, ast.Import) and any(alias.name == "mailsend" for alias in node.names))
    ]

    assert found == []


def test_only_the_mailer_calls_prepare(graph: grimp.ImportGraph) -> None:
    """``gather`` stands before ``prepare``, and only the mailer joins the two."""
    callers = graph.find_modules_that_directly_import("mailsend.prepare")

    assert callers
    assert {one for one in callers if not one.startswith("mailsend.mailer")} == set()


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_import_breaks_its_contract(planted: str, tmp_path: Path) -> None:
    """Each kind of contract sees an import that it forbids."""
    file, line, contract = PLANTED[planted]
    shutil.copytree(PACKAGE, tmp_path / "mailsend", ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path / "mailsend" / file
    target.write_text(f"{target.read_text()}\n{line}\n")

    checked = subprocess.run(
        [
            str(Path(sys.executable).with_name("lint-imports")),
            "--no-logo",
            "--no-cache",
            "--config",
            str(ROOT / "pyproject.toml"),
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 1, checked.stdout + checked.stderr
    broken = [one for one in checked.stdout.splitlines() if " BROKEN" in one]
    assert [one for one in broken if one.startswith(contract)], checked.stdout
