"""``mailsend server`` as people have it: a process of its own, a store in a file, a real server."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from mailsend.testing import ScriptedServer

SETTINGS = """\
[application]
fallback_sender = "no-reply@suite.example"
allowed_domains = ["suite.example"]
store = "sqlite:///mailsend.db"
secret_keys_file = "keys"

[customers.ratcatcher]
allowed_domains = ["operations-the-rat.example"]
fallback_sender = "office@operations-the-rat.example"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mailsend.toml").write_text(SETTINGS)
    (tmp_path / "keys").write_text("k" * 43)
    (tmp_path / "password").write_text("secret-7391\n")
    return tmp_path


def mailsend(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mailsend", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def in_a_terminal(folder: Path, *arguments: str) -> list[str]:
    """Give the lines that a terminal of 80 columns shows in the end."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    plain = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    with subprocess.Popen(
        [sys.executable, "-m", "mailsend", *arguments],
        cwd=folder,
        env={**plain, "TERM": "xterm-256color"},
        stdout=theirs,
        stderr=theirs,
    ):
        os.close(theirs)
        written = b""
        with contextlib.suppress(OSError):  # so a terminal says that its other end is closed
            while part := os.read(ours, 65536):
                written += part
        os.close(ours)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode())
    return [line.rpartition("\r")[2].rstrip() for line in shown.replace("\r\n", "\n").split("\n")]


def test_a_customers_server_goes_from_entered_to_released(folder: Path) -> None:
    """Entered, verified, released by processes of their own; then its customer's mail goes through it."""
    with ScriptedServer(tls="starttls", accounts={"ann": "secret-7391"}) as server:
        url = f"smtp://127.0.0.1:{server.port}?ca_file={server.ca_file}"
        name = f"127.0.0.1:{server.port}"
        steps = [
            mailsend(folder, *words.split())
            for words in (
                "store upgrade",
                f"server add ratcatcher {url} --user ann --password-file password --by ops",
                "send --customer ratcatcher --to bob@example.org --subject Hi --text Hi",
                "server release ratcatcher",
                "server verify ratcatcher --by ops",
                "server release ratcatcher --by boss",
                "send --customer ratcatcher --to bob@example.org --subject Hi --text Hi",
                "server list --json",
                "server lock ratcatcher --by boss",
                "send --customer ratcatcher --to bob@example.org --subject Hi --text Hi",
            )
        ]

    assert [one.returncode for one in steps] == [0, 0, 78, 77, 0, 0, 0, 0, 0, 78], [
        one.stderr for one in steps
    ]
    assert [one.user for one in server.messages] == ["ann"]
    (listed,) = json.loads(steps[7].stdout)
    assert (listed["name"], listed["state"]) == (name, "released")
    assert [(one["state"], one["by"]) for one in listed["steps"]] == [
        ("entered", "ops"),
        ("verified", "ops"),
        ("released", "boss"),
    ]
    assert not [one for one in steps if "secret-7391" in one.stdout + one.stderr]
    assert b"secret-7391" not in (folder / "mailsend.db").read_bytes()


def test_a_probe_by_url_needs_no_settings_and_is_one_json_document(tmp_path: Path) -> None:
    """The whole report stands on standard output; nothing stands anywhere else."""
    with ScriptedServer(tls="implicit", accounts={"ann": "secret-7391"}) as server:
        said = mailsend(tmp_path, "server", "probe", server.url, "--from", "ann@rat.example", "--json")

    report = json.loads(said.stdout)
    assert (said.returncode, said.stderr, report["ok"]) == (0, "", True)
    assert [one["code"] for one in report["findings"]] == [
        "resolved",
        "connected",
        "tls_verified",
        "extensions",
        "logged_in",
        "sender_accepted",
    ]
    assert "secret-7391" not in said.stdout


def test_what_a_probe_meets_decides_how_it_ends(tmp_path: Path) -> None:
    """No such host 68, nobody there 69, log-in refused 77."""
    with ScriptedServer(tls="implicit", accounts={"ann": "secret-7391"}) as server:
        refused = mailsend(tmp_path, "server", "probe", server.url.replace("secret-7391", "wrong"))
        gone = f"smtp://127.0.0.1:{server.port}"
    missing = mailsend(tmp_path, "server", "probe", "smtp://mail.does-not-exist.invalid")
    silent = mailsend(tmp_path, "server", "probe", gone)

    assert [one.returncode for one in (missing, silent, refused)] == [68, 69, 77]
    assert "535" in refused.stdout
    assert "wrong" not in refused.stdout.replace("is wrong", "")


def test_a_terminal_of_eighty_columns_holds_table_and_report(folder: Path) -> None:
    """No line is wider than the terminal, long sentences hang under themselves, and nothing moves."""
    mailsend(folder, "store", "upgrade")
    for host in ("mail.operations-the-rat.example", "backup-of-the-mail.operations-the-rat.example"):
        mailsend(folder, "server", "add", "ratcatcher", f"smtp://{host}", "--by", "somebody@suite.example")
    with ScriptedServer(tls="starttls", certificate="expired") as server:
        lines = in_a_terminal(folder, "server", "list")
        lines += in_a_terminal(folder, "server", "probe", server.url)

    assert lines[0].split() == ["CUSTOMER", "SERVER", "STATE", "SINCE", "(UTC)"]
    assert max(len(line) for line in lines) <= 80
    assert any(line.startswith("  ✗ TLS: No connection that can be trusted") for line in lines)
    assert "It ended on 2020-02-01." in " ".join(line.strip() for line in lines)
