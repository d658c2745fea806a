"""Every program in examples/ is run."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
PROGRAMS = sorted(one for one in EXAMPLES.rglob("*.py") if "__main__" in one.read_text())


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(
        shutil.copytree(
            EXAMPLES / "shop", tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__", "secrets")
        )
    )


def run(*command: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONDONTWRITEBYTECODE": "1", **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_there_are_programs() -> None:
    """The list of programs that the next test runs is not empty, and none is forgotten."""
    assert [one.name for one in PROGRAMS] == ["preview.py", "send_one.py"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.name)
def test_every_program_runs(program: Path) -> None:
    """With a smarthost that shows mails, each ends well."""
    done = run(program.name, cwd=program.parent, MAILSEND_APPLICATION__SMARTHOSTS="console:")

    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_preview_shows_the_reasons_and_the_text(shop: Path) -> None:
    """The preview names the sender used, who was passed over, and the finished text."""
    said = run("preview.py", cwd=shop).stdout

    assert said.startswith("From is Zurich <zurich@operations-the-rat.example>:")
    assert "x@gmail.com was passed over" in said
    assert "Ihre Bestellung 4711 ist bestätigt" in said


def test_send_one_tells_of_a_server_that_is_not_there(shop: Path) -> None:
    """Where no server takes the mail, the program ends with the error and its advice, not a traceback."""
    done = run("send_one.py", cwd=shop, MAILSEND_APPLICATION__SMARTHOSTS="file:///dev/null/nowhere")

    assert (done.returncode, done.stdout) == (1, "")
    assert "not every recipient was accepted now" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_tests_of_the_shop_pass(shop: Path) -> None:
    """An application's own tests see its mails, though its Mailer is older than the fixture."""
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(shop), cwd=shop)

    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_shop_can_sign_as_its_file_says(shop: Path) -> None:
    """The key made by the command in mailsend.toml, and the lines there without their marks, sign."""
    settings = shop / "mailsend.toml"
    text = settings.read_text()
    (command,) = (line.removeprefix("#").split() for line in text.splitlines() if "mailsend dkim new" in line)
    made = run("-m", *command, cwd=shop)
    lines = ("[[application.dkim_keys]]", "domains = ", "selector = ", "key_file = ")
    for one in lines:
        assert f"# {one}" in text
        text = text.replace(f"# {one}", one)
    settings.write_text(text)

    said = run("-m", "mailsend", "explain", "--customer", "ratcatcher", cwd=shop)

    assert made.returncode == 0, made.stderr
    assert "It is signed by default._domainkey.operations-the-rat.example" in said.stdout


def test_no_secret_lies_in_the_examples() -> None:
    """No private key is kept beside the examples."""
    assert [one for one in EXAMPLES.rglob("*") if one.is_file() and b"PRIVATE KEY" in one.read_bytes()] == []
