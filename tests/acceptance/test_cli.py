"""The command line as people have it: a process of its own, in examples/shop and with real servers."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailsend.testing import ScriptedServer

SHOP = Path(__file__).parents[2] / "examples" / "shop"
ASKED = ("explain", "--from", "x@gmail.com", "--customer", "ratcatcher", "--business-unit", "zurich")
GROUPS = "dkim template store server queue test-mode log list suppress customer limit".split()
TO_BOB = ("send", "--to", "bob@example.org", "--subject", "Hello", "--text", "Hello Bob")


def mailsend(
    *arguments: str, cwd: Path = SHOP, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mailsend", *arguments],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def in_a_terminal(*arguments: str) -> str:
    """Run a command in a terminal of 80 columns and give all that it wrote there."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    plain = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR"}}
    with subprocess.Popen(
        [sys.executable, "-m", "mailsend", *arguments],
        cwd=SHOP,
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
    return written.decode().replace("\r\n", "\n")


def send(server: ScriptedServer, *more: str) -> subprocess.CompletedProcess[str]:
    return mailsend(*TO_BOB, *more, env={"MAILSEND_APPLICATION__SMARTHOSTS": server.url})


def test_explain_in_the_shop() -> None:
    """Sender, reason and every candidate passed over, in words, without a recipient."""
    said = mailsend(*ASKED)

    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines() == [
        (
            "Sender      From is Zurich <zurich@operations-the-rat.example>: the fallback sender of the business"
            " unit zurich. x@gmail.com was passed over: gmail.com is not an allowed domain"
            " (allowed: operations-the-rat.example)."
        ),
        (
            "Reply-To    Answers go to x@gmail.com, the sender that was asked for."
            " Look at it: Reply-To is a free-mail address that nobody has vouched for."
        ),
        (
            "Route       It leaves through relay1.suite.example:587, relay2.suite.example:587, the application's"
            " smarthost. mail.operations-the-rat.example:587 was passed over: it is locked, not released."
        ),
        (
            "Bounces     Bounces go to bounces@suite.example, the application's bounce address."
            " SPF is asked about suite.example, which does not align with From."
        ),
        "Signature   It is not signed: there is no DKIM key for From's domain.",
    ]


def test_explain_in_the_shop_as_json() -> None:
    """The same as whole values: {v, step, reason, value, passed_over, facts} for each decision."""
    said = mailsend(*ASKED, "--json")

    assert (said.returncode, said.stderr) == (0, "")
    assert json.loads(said.stdout) == [
        {
            "v": 1,
            "step": "sender",
            "reason": "business_unit",
            "value": "Zurich <zurich@operations-the-rat.example>",
            "passed_over": [
                {
                    "candidate": "x@gmail.com",
                    "source": "requested",
                    "reason": "domain_not_allowed",
                    "facts": {"domain": "gmail.com", "allowed": ["operations-the-rat.example"]},
                }
            ],
            "facts": {
                "requested": "x@gmail.com",
                "customer": "ratcatcher",
                "business_unit": "zurich",
                "name": "fallback_alone",
            },
        },
        {
            "v": 1,
            "step": "reply_to",
            "reason": "requested_sender",
            "value": ["x@gmail.com"],
            "passed_over": [],
            "facts": {"findings": ["foreign_freemail"]},
        },
        {
            "v": 1,
            "step": "routes",
            "reason": "smarthost",
            "value": ["relay1.suite.example:587", "relay2.suite.example:587"],
            "passed_over": [
                {
                    "candidate": "mail.operations-the-rat.example:587",
                    "source": "customer",
                    "reason": "not_released",
                    "facts": {"state": "locked"},
                }
            ],
            "facts": {"owners": ["application", "application"]},
        },
        {
            "v": 1,
            "step": "return_path",
            "reason": "application_bounce_address",
            "value": "bounces@suite.example",
            "passed_over": [],
            "facts": {"spf_domain": "suite.example", "aligned": False, "findings": []},
        },
        {
            "v": 1,
            "step": "signatures",
            "reason": "unsigned",
            "value": [],
            "passed_over": [],
            "facts": {"signatures": [], "leave_out": []},
        },
    ]


def test_the_shop_is_valid() -> None:
    """The settings of the shop hold, and the customer's locked server is told as worth a look."""
    said = mailsend("check", "--json")

    assert (said.returncode, said.stderr) == (0, "")
    assert [one["where"] for one in json.loads(said.stdout)["findings"]] == ["customers.ratcatcher.servers"]


def test_a_mail_that_a_real_server_took() -> None:
    """What preview shows is what arrives, and the reply of the server is told."""
    with ScriptedServer() as server:
        said = send(server)
        (arrived,) = server.messages

    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines()[0] == (
        f"✓ bob@example.org accepted by 127.0.0.1:{server.port} (250 2.0.0 OK: queued as 1)"
    )
    assert arrived.recipients == ("bob@example.org",)
    assert b"Hello Bob" in arrived.data


@pytest.mark.parametrize(
    ("fault", "code", "outcome"),
    [
        ("rcpt-550", 67, "rejected"),
        ("dot-554", 65, "rejected"),
        ("rcpt-450", 75, "deferred"),
        ("dot-451", 75, "deferred"),
        ("drop-after-dot", 69, "unknown"),
        ("mail-550-sender", 77, "deferred"),
    ],
)
def test_a_mail_that_a_real_server_did_not_take(fault: str, code: int, outcome: str) -> None:
    """The code tells whether to mend the address, the content, the settings, or to wait."""
    with ScriptedServer(faults=[fault]) as server:
        words = send(server, "--deadline", "1")
        server.behave()
        server.misbehave(fault)
        document = json.loads(send(server, "--deadline", "1", "--json").stdout)

    assert words.returncode == code
    assert words.stderr.startswith("mailsend: no recipient was accepted\n  ")
    assert f"bob@example.org {outcome} by 127.0.0.1" in words.stdout
    assert (document["error"]["code"], document["recipients"][0]["outcome"]) == (code, outcome)


def test_an_unknown_outcome_says_not_to_send_again() -> None:
    """Where the server fell silent after the final dot, the advice is to look first."""
    with ScriptedServer(faults=["drop-after-dot"]) as server:
        said = send(server, "--deadline", "1")

    assert said.stderr == (
        "mailsend: no recipient was accepted\n"
        "  Do not send it again before you know: it may have arrived. The server's log tells.\n"
    )


def test_what_some_have_is_not_to_be_sent_again_to_all() -> None:
    """Where one was accepted and one may be later, 69 invites no second run, and the advice names who lacks it."""
    replies = {"eve@example.org": "450 4.2.1 Mailbox busy"}
    with ScriptedServer(replies=replies) as server:
        said = send(server, "--to", "eve@example.org", "--deadline", "1")
    with ScriptedServer(replies=replies) as server:
        document = json.loads(send(server, "--to", "eve@example.org", "--deadline", "1", "--json").stdout)

    advice = "Send it again to those alone who do not have it yet: eve@example.org."
    assert said.returncode == 69
    assert said.stderr.splitlines()[-1] == f"  {advice}"
    assert document["error"]["code"] == 69
    assert document["error"]["advice"].splitlines()[-1] == advice


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["words", "json"])
def test_an_interrupted_mail_is_told_as_far_as_it_is_known(
    more: tuple[str, ...], sent: signal.Signals
) -> None:
    """A signal while the server is silent ends with 130, and says that the outcome is unknown."""
    with ScriptedServer(faults=["silent-after-dot"]) as server:
        running = subprocess.Popen(
            [sys.executable, "-m", "mailsend", *TO_BOB, *more],
            cwd=SHOP,
            env={**os.environ, "MAILSEND_APPLICATION__SMARTHOSTS": server.url},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        while "DATA" not in server.commands and running.poll() is None:
            time.sleep(0.01)
        running.send_signal(sent)
        out, err = running.communicate(timeout=60)

    assert running.returncode == 130
    if more:
        document = json.loads(out)
        assert err == ""
        assert (document["error"]["code"], document["error"]["name"]) == (130, "interrupted")
        assert [(one["address"], one["outcome"]) for one in document["recipients"]] == [
            ("bob@example.org", "unknown")
        ]
        assert document["message_id"]
    else:
        assert out.splitlines()[0] == "! bob@example.org unknown (interrupted)"
        assert out.splitlines()[1].startswith("Message-ID  <")
        assert err == (
            "mailsend: interrupted\n"
            "  Do not send it again before you know: it may have arrived. The server's log tells.\n"
        )


def test_a_mail_that_one_of_two_got() -> None:
    """Half a success is told as such: who was accepted, who was not, and a code that is not 0."""
    with ScriptedServer(replies={"eve@example.org": "550 5.1.1 User unknown"}) as server:
        said = send(server, "--to", "eve@example.org")

    assert said.returncode == 67
    assert said.stdout.splitlines()[:2] == [
        f"✓ bob@example.org accepted by 127.0.0.1:{server.port} (250 2.0.0 OK: queued as 1)",
        f"✗ eve@example.org rejected by 127.0.0.1:{server.port} (550 5.1.1 User unknown)",
    ]
    assert said.stderr.startswith("mailsend: not every recipient was accepted\n")


def test_a_log_in_that_fails() -> None:
    """A wrong password ends with 77, and stands nowhere."""
    with ScriptedServer(accounts={"ann": "right"}) as server:
        url = server.url.replace("right", "planted-wrong")
        said = mailsend(*TO_BOB, "--deadline", "1", env={"MAILSEND_APPLICATION__SMARTHOSTS": url})

    assert said.returncode == 77
    assert "planted" not in said.stdout + said.stderr


def test_nobody_listens() -> None:
    """A server that cannot be reached ends with 69."""
    with ScriptedServer() as server:
        url = server.url
    said = mailsend(*TO_BOB, "--deadline", "1", env={"MAILSEND_APPLICATION__SMARTHOSTS": url})

    assert said.returncode == 69
    assert said.stderr == (
        "mailsend: no recipient was accepted\n"
        "  No connection: check host, port and firewall, and whether the server runs.\n"
    )


def test_quiet_tells_errors_only() -> None:
    """With --quiet a failure is told whole on standard error, and standard output stays empty."""
    with ScriptedServer(faults=["rcpt-550"]) as server:
        said = send(server, "--quiet")

    assert (said.returncode, said.stdout) == (67, "")
    assert "bob@example.org rejected at 127.0.0.1" in said.stderr


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("demo",),
        ("send",),
        ("preview",),
        ("explain",),
        ("check",),
        ("dkim",),
        ("dkim", "new"),
        ("dkim", "record"),
        ("template",),
        ("template", "list"),
        ("template", "show"),
        ("template", "preview"),
        ("store",),
        ("store", "upgrade"),
        ("server",),
        *(("server", one) for one in "list add set remove order probe verify release lock unlock".split()),
        ("queue",),
        *(
            ("queue", one)
            for one in "list show retry force hold lift release freeze thaw delete stats".split()
        ),
        ("test-mode",),
        *(("test-mode", one) for one in "status on off confirm".split()),
        ("log",),
        *(("log", one) for one in "search show export case resend stats".split()),
        *((group, one) for group in ("list", "suppress") for one in ("add", "remove")),
        *(("customer", one) for one in "list show set".split()),
        *((one,) for one in ("list", "suppress", "customer", "limit")),
        *(("limit", one) for one in "list reset".split()),
        ("worker",),
        ("person",),
        ("erase",),
    ],
    ids=lambda one: " ".join(one) or "mailsend",
)
def test_every_help_fits_a_terminal(command: tuple[str, ...]) -> None:
    """Each command explains itself in 80 columns and lists the common options."""
    said = mailsend(*command, "--help", env={"COLUMNS": "80"})

    assert (said.returncode, said.stderr) == (0, "")
    assert max(map(len, said.stdout.splitlines())) <= 80
    assert "..." not in re.sub(r"\[[A-Z|=]+\]\.\.\.", "", said.stdout)
    if len(command) > 1 or (command and command[0] not in GROUPS):
        assert [one for one in ("--config", "--json", "--quiet") if one not in said.stdout] == []


def test_a_terminal_gets_colours_and_whole_words() -> None:
    """In 80 columns long sentences hang under themselves, and labels have a colour; no mark is lost."""
    said = in_a_terminal(*ASKED)
    bare = re.sub(r"\x1b\[[0-9;]*m", "", said)

    assert "\x1b[" in said
    assert max(map(len, bare.splitlines())) <= 80
    assert [line.rstrip() for line in bare.splitlines()[:4]] == [
        "Sender      From is Zurich <zurich@operations-the-rat.example>: the fallback",
        "            sender of the business unit zurich. x@gmail.com was passed over:",
        "            gmail.com is not an allowed domain (allowed:",
        "            operations-the-rat.example).",
    ]


def test_shells_can_complete() -> None:
    """The shell is told which commands begin as typed."""
    said = mailsend(
        env={"_MAILSEND_COMPLETE": "complete_bash", "COMP_WORDS": "mailsend ex", "COMP_CWORD": "1"}
    )

    assert said.stdout.split() == ["explain"]
