"""Commands of the store where its extra is not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import contextlib, io, json, sys
sys.modules.update(dict.fromkeys(["sqlalchemy", "alembic", "psycopg"]))
from mailsend.cli import main
said = {}
for command in json.loads(sys.argv[1]):
    errors = io.StringIO()
    with contextlib.redirect_stderr(errors), contextlib.suppress(SystemExit):
        main(command.split())
    said[command] = errors.getvalue()
print(json.dumps(said))
"""
_COMMANDS = (
    *("queue list", "queue list --after 1.a", "queue show a", "queue stats", "queue retry a --reason b"),
    *("log search", "log search --after 1.a", "log search --follow", "log show a", "log case a", "log stats"),
    *(
        "log resend a --reason b",
        "log export --out out.csv",
        "test-mode status",
        "test-mode confirm a --reason b",
    ),
    *("worker --once", "worker --health", "person a@example.org", "erase a@example.org --reason b"),
    *("suppress list", "limit list", "customer list", "server list", "store upgrade"),
)


def test_commands_of_the_store_name_its_extra(tmp_path: Path) -> None:
    """Without SQLAlchemy each of them says which extra brings it, and none fails otherwise."""
    (tmp_path / "keys").write_text("k" * 43)
    (tmp_path / "keys").chmod(0o600)
    (tmp_path / "mailsend.toml").write_text(
        '[application]\nname = "Acme"\nfallback_sender = "no-reply@suite.example"\n'
        'allowed_domains = ["suite.example"]\nsmarthosts = ["memory:"]\nadmin_address = "it@suite.example"\n'
        'store = "sqlite:///mailsend.db"\nsecret_keys_file = "keys"\n'
    )
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM, json.dumps(_COMMANDS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    told = (
        "mailsend: the store needs the extra 'store'\n"
        "  In a checkout of mailsend: python3 -m pip install '.[store]'\n"
    )
    ends = {command: one[-len(told) :] for command, one in json.loads(said.stdout.splitlines()[-1]).items()}
    assert ends == dict.fromkeys(_COMMANDS, told)
