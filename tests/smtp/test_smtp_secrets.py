"""A password that is used to log in shows itself nowhere."""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
import traceback
from urllib.parse import quote

import pytest
from mail_strategies import shop

from mailsend.errors import MailsendError
from mailsend.mailer import Mailer
from mailsend.model.message import Message
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer

PASSWORD = "Geheim/Schl%üssel+7391"
SHAPES = {
    PASSWORD,
    quote(PASSWORD, safe=""),
    quote(PASSWORD),
    base64.b64encode(PASSWORD.encode()).decode().rstrip("="),
    base64.b64encode(b"\0user\0" + PASSWORD.encode()).decode().rstrip("=")[-16:],
}


def _assert_clean(*shown):
    for one in shown:
        for shape in SHAPES:
            assert shape not in one


@pytest.mark.parametrize("methods", [("PLAIN",), ("LOGIN",)])
@pytest.mark.parametrize("faults", [(), ("auth-535",), ("auth-drop",), ("dot-554",)])
def test_a_password_that_logs_in_is_in_no_report_log_or_error(methods, faults, caplog):
    """Whatever the server does: no report, conversation, log line, error or traceback holds it."""
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(
        tls="starttls", accounts={"user": PASSWORD}, auth_methods=methods, faults=faults
    ) as server:
        told = [server.url.replace(quote(PASSWORD, safe=""), "***")]
        with Mailer(Settings.model_validate(shop(server.url))) as mailer:
            try:
                report = mailer.send(Message(to="bob@example.org", text="x"), deadline=5, retry=False)
            except MailsendError as problem:
                told += traceback.format_exception(problem)
                report = problem.report
            told += [repr(mailer), repr(mailer.rules), repr(report)]
        assert bool(report.accepted) is not bool(faults)
        assert any(line.line.startswith("AUTH") for line in report.conversation)
    told += [str(line) for line in report.conversation]
    _assert_clean(*told, caplog.text)


@pytest.mark.parametrize("command", ["check", "preview", "explain", "send"])
def test_no_command_shows_a_password_from_the_environment(command, tmp_path):
    """--json and words alike keep the password of a server that the environment names."""
    with ScriptedServer(tls="starttls", accounts={"user": PASSWORD}) as server:
        (tmp_path / "mailsend.toml").write_text(
            '[application]\nfallback_sender = "no-reply@suite.example"\nallowed_domains = ["suite.example"]\n'
        )
        asked = [] if command == "check" else ["--to", "bob@example.org"]
        asked += ["--subject", "x", "--text", "x"] if command in ("preview", "send") else []
        for more in ([], ["--json"]):
            done = subprocess.run(
                [sys.executable, "-m", "mailsend", command, *asked, *more],
                cwd=tmp_path,
                env={**os.environ, "SMTP_URL": server.url},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            _assert_clean(done.stdout, done.stderr)
    assert json.loads(done.stdout)
