"""``import mailsend``: what it offers, and how little it loads."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import mailsend

FRONT_DOOR = Path(mailsend.__file__)
HEAVY = (
    "aiosmtplib",
    "cryptography",
    "css_inline",
    "dkim",
    "dns",
    "email_validator",
    "jinja2",
    "pydantic",
    "pydantic_settings",
    "sqlalchemy",
    "tenacity",
)
LIGHT_WORK = {
    "import": "import mailsend",
    "names": "from mailsend import AsyncMailer, Attachment, Mailer, Message",
    "message": (
        "from mailsend import Attachment, Message\n"
        "Message(from_='Ann <ann@customer.example>', to=['bob@example.org', ('Cy', 'cy@example.org')],"
        " subject='Hello', text='Hello', attachments=(Attachment.from_bytes(b'x', filename='x.txt'),))"
    ),
    "plugin": "import mailsend.pytest_plugin",
}


def _promised() -> set[str]:
    """The names of the specification's first page of Python, and the values that they carry."""
    return {
        "Address",
        "AsyncMailer",
        "Attachment",
        "CachedDirectory",
        "Directory",
        "Envelope",
        "Mailbox",
        "Mailer",
        "Message",
        "Refusal",
        "Report",
        "Rules",
        "Settings",
        "Signer",
        "Submission",
    }


def _typed_names() -> set[str]:
    """The names imported under ``if TYPE_CHECKING``, which is what type checkers see."""
    tree = ast.parse(FRONT_DOOR.read_text())
    blocks = [
        one for one in tree.body if isinstance(one, ast.If) and "TYPE_CHECKING" in ast.unparse(one.test)
    ]
    return {
        alias.asname or alias.name
        for block in blocks
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_all_is_sorted_and_holds_what_was_promised() -> None:
    """``__all__`` is sorted, without doubles, and holds every name that callers rely on."""
    assert list(mailsend.__all__) == sorted(set(mailsend.__all__))
    assert _promised() <= set(mailsend.__all__)


def test_every_error_stands_at_the_front_door() -> None:
    """Whoever catches an error finds its class at the top of the package."""
    errors = importlib.import_module("mailsend.errors")

    assert set(errors.__all__) <= set(mailsend.__all__)


@pytest.mark.parametrize("name", getattr(mailsend, "__all__", ["__all__"]))
def test_every_name_can_be_had(name: str) -> None:
    """Each name in ``__all__`` can be read from the package, and is listed by ``dir``."""
    assert getattr(mailsend, name) is not None
    assert name in dir(mailsend)


def test_type_checkers_see_what_callers_see() -> None:
    """The names under TYPE_CHECKING are those of ``__all__``."""
    assert _typed_names() | {"__version__"} >= set(mailsend.__all__)
    assert _typed_names() <= set(mailsend.__all__)


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    """A misspelt name says where it was looked for."""
    with pytest.raises(AttributeError, match=r"mailsend.*Mesage"):
        mailsend.Mesage  # noqa: B018 - reading it is the test


@pytest.mark.parametrize("work", LIGHT_WORK)
def test_light_work_loads_nothing_heavy(work: str) -> None:
    """Importing, and building a Message with ASCII addresses, load no heavy dependency."""
    program = f"{LIGHT_WORK[work]}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(subprocess.check_output([sys.executable, "-c", program], text=True))

    assert [one for one in HEAVY if one in loaded] == []


def _seconds(statement: str) -> float:
    program = f"import time\nbegin = time.process_time()\n{statement}\nprint(time.process_time() - begin)"
    return float(subprocess.check_output([sys.executable, "-I", "-c", program], text=True))


def test_the_import_is_as_light_as_the_standard_librarys() -> None:
    """The import takes at most twice the processor time of ``import asyncio, ssl``, measured in turn."""
    ours, theirs = [], []
    for _ in range(7):
        theirs.append(_seconds("import asyncio, ssl"))
        ours.append(_seconds("from mailsend import AsyncMailer, Attachment, Mailer, Message"))

    assert min(ours) <= 2 * min(theirs)
