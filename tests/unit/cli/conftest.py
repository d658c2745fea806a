"""The command line, run in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mailsend.cli import main

SETTINGS = """\
[application]
name = "Acme Suite"
fallback_sender = "Acme Suite <no-reply@suite.example>"
allowed_domains = ["suite.example"]
admin_address = "postmaster@suite.example"
smarthosts = ["memory:"]

[customers.ratcatcher]
allowed_domains = ["operations-the-rat.example"]
fallback_sender = "Operations the Rat <office@operations-the-rat.example>"

[customers.ratcatcher.business_units.zurich]
fallback_sender = "Zurich <zurich@operations-the-rat.example>"
"""


@dataclass(frozen=True)
class Said:
    """What a command said, and the code that it ended with."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Said]


@pytest.fixture
def mailsend(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: object, stdin: bytes = b"") -> Said:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main([str(one) for one in arguments])
        said = capsys.readouterr()
        return Said(ended.value.code, said.out, said.err)

    return run


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write settings into a fresh current folder."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mailsend.toml"
    file.write_text(SETTINGS)
    return file
