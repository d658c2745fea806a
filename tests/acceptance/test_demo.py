"""The demo: the README's first command."""

from __future__ import annotations

import email
import hashlib
import json
import subprocess
import sys
from email import policy
from pathlib import Path

import dkim
import pytest


def demo(cwd: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mailsend", "demo", *more],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    folder = tmp_path_factory.mktemp("demo")
    said = demo(folder, "--json", "--out", "left")
    assert (said.returncode, said.stderr) == (0, "")
    return folder / "left", json.loads(said.stdout)


def test_the_demo_says_what_it_does(tmp_path: Path) -> None:
    """Two mails, each with its seven decisions and four proofs, and where they were left."""
    said = demo(tmp_path)

    lines = said.stdout.splitlines()
    assert (said.returncode, said.stderr) == (0, "")
    assert [line for line in lines if line and not line.startswith(" ")] == [
        "Two customers, one DKIM key made just now, and a real SMTP server on 127.0.0.1.",
        "1. Operations the Rat sends an order confirmation from its own domain.",
        "2. Morning Bakery sends an invoice; somebody typed ann.meier@gmail.com.",
        "Now open them in mailsend-demo: .html in a browser, .eml in a mail program.",
    ]
    steps = ["Sender", "Reply-To", "Recipients", "Route", "Bounces", "Content", "Signature", *"✓✓✓✓"]
    assert [line.split()[0] for line in lines if line.startswith("   ")] == steps * 2
    assert sorted(one.name for one in (tmp_path / "mailsend-demo").iterdir()) == [
        "allowed.eml",
        "allowed.html",
        "rewritten.eml",
        "rewritten.html",
    ]


def test_one_sender_is_allowed_and_one_is_rewritten(shown: tuple[Path, dict]) -> None:
    """The requested sender stays where its domain is allowed, else the fallback is used, and told why."""
    _, document = shown

    senders = [one["mail"]["decisions"][0] for one in document["mails"]]
    assert [(one["reason"], one["value"]) for one in senders] == [
        ("requested", "Operations the Rat <office@operations-the-rat.example>"),
        ("customer", "Ann Meier via Morning Bakery <post@morning-bakery.example>"),
    ]
    assert [one["reason"] for one in senders[1]["passed_over"]] == ["domain_not_allowed"]


def test_what_arrived_is_what_the_preview_held(shown: tuple[Path, dict]) -> None:
    """The file left behind is what the server got: its digest is the preview's."""
    folder, document = shown

    for one in document["mails"]:
        data = (folder / f"{one['name']}.eml").read_bytes()
        assert one["same_bytes"] is True
        assert hashlib.sha256(data).hexdigest() == one["mail"]["digest"] == one["report"]["digest"]


def test_the_signatures_verify(shown: tuple[Path, dict]) -> None:
    """dkimpy agrees about the very files left behind, and no longer once a byte is changed."""
    folder, document = shown

    def published(name: bytes, timeout: int = 0) -> bytes:
        return document["record"].encode()

    for one in document["mails"]:
        data = (folder / f"{one['name']}.eml").read_bytes()
        assert [each["valid"] for each in one["signatures"]] == [True]
        assert dkim.DKIM(data).verify(dnsfunc=published)
        assert not dkim.DKIM(data.replace(b"bob@example.org", b"eve@example.org")).verify(dnsfunc=published)


def test_the_mails_are_branded(shown: tuple[Path, dict]) -> None:
    """Each mail shows its customer's logo inside and carries a paper; the page shows the logo too."""
    folder, document = shown

    for one, paper in zip(document["mails"], ("order.pdf", "invoice.pdf"), strict=True):
        mail = email.message_from_bytes((folder / f"{one['name']}.eml").read_bytes(), policy=policy.default)
        parts = {part.get_content_type(): part for part in mail.walk()}
        (attached,) = mail.iter_attachments()
        cid = parts["image/png"]["Content-ID"].strip("<>")
        page = (folder / f"{one['name']}.html").read_text()
        assert (attached.get_filename(), attached.get_content()[:5]) == (paper, b"%PDF-")
        assert f"cid:{cid}" in parts["text/html"].get_content()
        assert "data:image/png;base64," in page
        assert "cid:" not in page


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where a file stands in the way, the demo says so and ends with 73."""
    (tmp_path / "mailsend-demo").write_text("in the way")

    said = demo(tmp_path)

    assert (said.returncode, said.stdout, said.stderr) == (
        73,
        "",
        "mailsend: mailsend-demo cannot be made: File exists\n  Name another folder: --out FOLDER.\n",
    )


def test_a_demo_without_its_extra(tmp_path: Path) -> None:
    """Without aiosmtpd the demo names the extra that brings it."""
    program = "import sys; sys.modules['aiosmtpd'] = None; from mailsend.cli import main; main(['demo'])"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stderr) == (
        69,
        (
            "mailsend: the demo needs the extra 'demo'\n"
            "  In a checkout of mailsend: python3 -m pip install '.[demo]'\n"
        ),
    )


def test_the_demo_needs_no_more_than_its_extra(tmp_path: Path) -> None:
    """It runs without pytest, SQLAlchemy and the like, which the extra ``demo`` does not bring."""
    lacking = ["trustme", "pytest", "nacl", "sqlalchemy", "alembic", "psycopg", "celery", "procrastinate"]
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({lacking})); "
        "from mailsend.cli import main; main(['demo', '--quiet'])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")
