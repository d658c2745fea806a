"""The wheel itself: what is in it, and that it is what these tests run on."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import mailsend


def _told(name: str) -> Path:
    value = os.environ.get(name)
    if not value:
        pytest.fail(f"{name} is not set: run this ring by `nox -s acceptance`, which builds the wheel")
    return Path(value)


@pytest.fixture(scope="session")
def tree() -> Path:
    return _told("ACCEPTANCE_TREE")


@pytest.fixture(scope="session")
def names() -> set[str]:
    with zipfile.ZipFile(_told("ACCEPTANCE_WHEEL")) as wheel:
        return set(wheel.namelist())


def test_what_is_tested_is_the_wheel(tree: Path) -> None:
    """The package comes from the environment that the wheel was installed in, not from the tree."""
    assert Path(sys.prefix) in Path(mailsend.__file__).parents
    assert tree not in Path(mailsend.__file__).parents


def test_every_template_of_the_tree_is_in_the_wheel(tree: Path, names: set[str]) -> None:
    """No template, style or logo is left behind."""
    templates = {
        f"mailsend/templates/{path.relative_to(tree / 'templates').as_posix()}"
        for path in (tree / "templates").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert templates
    assert templates - names == set()


def test_every_module_of_the_tree_is_in_the_wheel(tree: Path, names: set[str]) -> None:
    """Each module is there, and so is the mark that says that the package is typed."""
    modules = {path.relative_to(tree / "src").as_posix() for path in (tree / "src").rglob("*.py")}

    assert modules | {"mailsend/py.typed"} <= names


def test_nothing_else_is_in_the_wheel(names: set[str]) -> None:
    """Tests, documentation and tools stay in the tree; the licence comes along."""
    tops = {name.split("/")[0] for name in names}

    assert tops == {"mailsend", f"mailsend-{importlib.metadata.version('mailsend')}.dist-info"}
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_version_is_that_of_the_tree(tree: Path) -> None:
    """The metadata say the version that pyproject.toml says."""
    said = tomllib.loads((tree / "pyproject.toml").read_text())["project"]["version"]

    assert importlib.metadata.version("mailsend") == said


def test_pytest_finds_the_plugin(tmp_path: Path) -> None:
    """Whoever installs the package has its fixtures without a line of configuration."""
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--fixtures", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    ).stdout

    assert "mailsend_outbox" in listed
    assert "mailsend_mailer" in listed
    assert "mailsend_async_mailer" in listed
    assert "mailsend_smtp" in listed


@pytest.mark.parametrize(
    "program", [["mailsend"], [sys.executable, "-m", "mailsend"]], ids=["script", "module"]
)
def test_the_command_runs(program: list[str]) -> None:
    """The command is there under both its names, and names its commands."""
    told = subprocess.run([*program, "--help"], capture_output=True, text=True, check=True).stdout

    assert [
        one for one in ("demo", "send", "preview", "explain", "check", "dkim", "template") if one not in told
    ] == []
