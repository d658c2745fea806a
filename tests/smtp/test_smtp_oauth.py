"""Logging in by access tokens: XOAUTH2 and OAUTHBEARER, one refresh, one retry, nothing shown (M12, P5)."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from passing_time import pass_time

from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.report import Fault, Outcome
from mailsend.model.secret import Secret
from mailsend.model.server import AuthMethod, Credentials, Server, TlsMode
from mailsend.model.tokens import AccessToken, TokenNotGiven
from mailsend.testing import ScriptedServer
from mailsend.testing.server_thread import ServerThread
from mailsend.transport.base import SubmitOptions
from mailsend.transport.smtp import SmtpTransport
from mailsend.transport.smtp.memory import gate_for
from mailsend.transport.tokens import forget_tokens

USER = "ann@suite.example"
GOOD = "ya29.good-token_0123456789"
LONG = "eyJ0eXAi." + "Qm9i" * 500 + ".c2ln"
BAD = "ya29.expired-token_0123456789"
MAIL = b"Subject: x\r\n\r\nhello\r\n"
ENVELOPE = Envelope(
    reverse_path=Address.parse("no-reply@suite.example"), recipients=(Address.parse("bob@example.org"),)
)
METHODS = ["XOAUTH2", "OAUTHBEARER"]


@pytest.fixture(autouse=True)
def no_token_is_remembered():
    """Each test begins without tokens."""
    forget_tokens()


class Tokens:
    """A provider that gives these tokens in turn, the last one for ever; an error among them is raised."""

    def __init__(self, *given, expires=timedelta(hours=1)):
        self.given = list(given)
        self.expires = expires
        self.asked = 0

    def __call__(self):
        one = self.given[min(self.asked, len(self.given) - 1)]
        self.asked += 1
        if isinstance(one, BaseException):
            raise one
        return AccessToken(value=Secret(one), expires_at=datetime.now(UTC) + self.expires)


def reached(server, provider=None, **more):
    """Give the settings that reach a scripted server with a token provider."""
    known = {"credentials": Credentials(user=USER, token_provider=provider), "auth": None}
    return replace(server.server, **{**(known if provider else {}), **more})


def submit(server, *, deadline=None, times=1):
    async def run():
        transport = SmtpTransport(server)
        try:
            options = SubmitOptions(deadline=deadline)
            return [await transport.submit(ENVELOPE, MAIL, options=options) for _ in range(times)]
        finally:
            await transport.aclose()

    attempts = asyncio.run(run())
    return attempts[0] if times == 1 else attempts


def said(attempt):
    """Give what the client said between EHLO and MAIL."""
    lines = [one.line for one in attempt.conversation if one.who == "C"]
    start = max(n for n, line in enumerate(lines) if line.startswith("EHLO"))
    return [
        line for line in lines[start + 1 :] if not line.startswith(("MAIL", "RCPT", "DATA", "(21 ", "QUIT"))
    ]


def told(attempt):
    return attempt.outcome, attempt.fault, attempt.reason


def shapes(token):
    """Give a token as it is, and the middle of each way in which it stands in base64."""
    inside = [base64.b64encode(b"x" * n + token.encode()).decode()[4:-4] for n in range(3)]
    return [token, *inside, *(one[len(one) // 3 : len(one) // 3 + 16] for one in inside)]


def assert_hidden(attempt, *tokens, log=""):
    shown = f"{attempt!r}" + "".join(one.line for one in attempt.conversation) + log
    for token in tokens:
        for shape in shapes(token):
            assert shape not in shown


@pytest.mark.parametrize("token", [GOOD, LONG], ids=["short", "long"])
@pytest.mark.parametrize("method", METHODS)
def test_a_token_logs_in(method, token, caplog):
    """A short first answer stands in the AUTH line, a long one waits for its 334 (RFC 4954, section 4)."""
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(tls="starttls", tokens={USER: token}, auth_methods=(method,)) as server:
        attempt = submit(reached(server, Tokens(token)))
        assert told(attempt) == (Outcome.ACCEPTED, None, "accepted")
        assert server.messages[0].user == USER
    first = [f"AUTH {method} ***"] if token is GOOD else [f"AUTH {method}", "***"]
    assert said(attempt) == first
    assert_hidden(attempt, token, log=caplog.text)


def test_a_long_password_waits_for_its_question_too():
    """PLAIN beyond the length of a command line is answered, not sent along (RFC 4954, section 4)."""
    password = "p" * 500
    with ScriptedServer(tls="starttls", accounts={USER: password}, auth_methods=("PLAIN",)) as server:
        attempt = submit(server.server)
        assert said(attempt) == ["AUTH PLAIN", "***"]
        assert server.messages[0].user == USER


def test_where_both_are_offered_the_standard_one_is_taken():
    """OAUTHBEARER goes before XOAUTH2; Google offers both, Microsoft only the latter."""
    with ScriptedServer(
        tls="starttls", tokens={USER: GOOD}, auth_methods=("XOAUTH2", "OAUTHBEARER")
    ) as server:
        assert said(submit(reached(server, Tokens(GOOD)))) == ["AUTH OAUTHBEARER ***"]
        asked_for = reached(server, Tokens(GOOD), auth=AuthMethod.XOAUTH2)
        assert said(submit(asked_for)) == ["AUTH XOAUTH2 ***"]


@pytest.mark.parametrize("method", METHODS)
def test_a_refused_token_is_renewed_once_and_tried_once_more(method, caplog):
    """The error in the 334 is answered as its method wants, the 535 read, and the gate stays open."""
    caplog.set_level(logging.DEBUG)
    provider = Tokens(BAD, GOOD)
    with ScriptedServer(tls="starttls", tokens={USER: GOOD}, auth_methods=(method,)) as server:
        known = reached(server, provider)
        attempt = submit(known)
        assert told(attempt) == (Outcome.ACCEPTED, None, "accepted")
        assert said(attempt) == [
            f"AUTH {method} ***",
            "(an empty line)" if method == "XOAUTH2" else "AQ==",
            "(the token was refused: once more, with another)",
            f"AUTH {method} ***",
        ]
        assert [one.line[:3] for one in attempt.conversation if one.line[:3] in ("334", "535", "235")] == [
            "334", "535", "235",
        ]  # fmt: skip
        assert any("status" in one.line for one in attempt.conversation if one.line.startswith("("))
        assert not gate_for(known.fingerprint).is_closed(0.0)
        assert told(submit(known))[0] is Outcome.ACCEPTED
    assert provider.asked == 2
    assert_hidden(attempt, BAD, GOOD, log=caplog.text)


@pytest.mark.parametrize("method", METHODS)
def test_a_second_refusal_is_the_accounts(method):
    """It is told once, counts once, and nobody tries for five minutes."""
    provider = Tokens(BAD, BAD + "2")
    with ScriptedServer(tls="starttls", tokens={USER: GOOD}, auth_methods=(method,)) as server:
        known = reached(server, provider)
        first, second = submit(known, times=2)
        assert told(first) == (Outcome.DEFERRED, Fault.ACCOUNT, "token_refused")
        assert first.reply.code == 535
        assert "SMTP.SendAsApp" in first.advice
        assert told(second) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_paused")
        assert [one for one in server.commands if one.startswith("AUTH")] == [f"AUTH {method}"] * 2
        assert not gate_for(known.fingerprint).locked
    assert provider.asked == 2
    assert_hidden(first, BAD, BAD + "2")


def test_the_same_token_again_is_not_tried_again():
    """A provider that knows no other token spares the account a second refusal."""
    with ScriptedServer(tls="starttls", tokens={USER: GOOD}, auth_methods=("XOAUTH2",)) as server:
        attempt = submit(reached(server, Tokens(BAD)))
        assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, "token_refused")
        assert [one for one in server.commands if one.startswith("AUTH")] == ["AUTH XOAUTH2"]


@pytest.mark.parametrize("method", METHODS)
def test_a_password_may_be_a_token(method):
    """With auth=xoauth2 or oauthbearer what stands as password logs in, and is never renewed."""
    auth = AuthMethod(method.lower())
    with ScriptedServer(tls="starttls", tokens={USER: GOOD}, auth_methods=(method,)) as server:
        right = reached(server, credentials=Credentials(user=USER, password=Secret(GOOD)), auth=auth)
        assert told(submit(right))[0] is Outcome.ACCEPTED
        wrong = reached(server, credentials=Credentials(user=USER, password=Secret(BAD)), auth=auth)
        attempt = submit(wrong)
        assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, "token_refused")
        assert len([one for one in server.commands if one.startswith("AUTH")]) == 2
    assert_hidden(attempt, BAD)


def test_a_password_is_never_taken_for_a_token():
    """Where auth is not set, a server that offers only methods for tokens gets nothing of a password."""
    with ScriptedServer(tls="starttls", tokens={USER: GOOD}, auth_methods=("XOAUTH2",)) as server:
        known = reached(server, credentials=Credentials(user=USER, password=Secret(GOOD)), auth=None)
        assert told(submit(known)) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_method_not_offered")
        assert not any(one.startswith("AUTH") for one in server.commands)


@pytest.mark.parametrize("auth", [None, AuthMethod.XOAUTH2, AuthMethod.PLAIN])
def test_a_token_goes_to_no_other_method(auth):
    """A server without a method for tokens gets none, and the provider is not even asked."""
    provider = Tokens(GOOD)
    with ScriptedServer(tls="starttls", accounts={USER: "pw"}, auth_methods=("PLAIN", "LOGIN")) as server:
        attempt = submit(reached(server, provider, auth=auth))
        reason = "auth_method_unfit" if auth is AuthMethod.PLAIN else "auth_method_not_offered"
        assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, reason)
        assert not any(one.startswith("AUTH") for one in server.commands)
    assert provider.asked == 0


def test_where_no_log_in_is_offered_nothing_is_sent():
    """Neither a token nor a mail goes to a server without AUTH, and no token is asked for."""
    provider = Tokens(GOOD)
    with ScriptedServer(tls="starttls") as server:
        attempt = submit(reached(server, provider))
        assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_not_offered")
        assert (server.messages, provider.asked) == ([], 0)


@pytest.mark.parametrize("user", ["ann\x01auth=Bearer x@suite.example", "ann\x01"])
def test_a_user_that_would_end_its_field_is_sent_to_nobody(user):
    """The sign that parts the fields cannot be smuggled in by a name (RFC 7628, section 3.1)."""
    with ScriptedServer(tls="starttls", tokens={user: GOOD}, auth_methods=("XOAUTH2",)) as server:
        known = reached(server, credentials=Credentials(user=user, token_provider=Tokens(GOOD)), auth=None)
        assert told(submit(known)) == (Outcome.DEFERRED, Fault.ACCOUNT, "auth_method_unfit")
        assert not any(one.startswith("AUTH") for one in server.commands)


def test_a_user_with_the_signs_of_gs2_is_written_as_gs2_wants_it():
    """A comma and an equals sign in a name reach the server as such (RFC 5801, section 4)."""
    user = "a=b,c@suite.example"
    with ScriptedServer(tls="starttls", tokens={user: GOOD}, auth_methods=("OAUTHBEARER",)) as server:
        known = reached(server, credentials=Credentials(user=user, token_provider=Tokens(GOOD)), auth=None)
        assert told(submit(known))[0] is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("problem", "reason", "advice"),
    [
        (OSError("ya29.secret"), "token_not_given", "No access token could be had just now"),
        (TokenNotGiven("asleep"), "token_not_given", "No access token could be had just now"),
        (TokenNotGiven("gone", lasting=True), "token_denied", "The identity provider gives no access token"),
        (TokenNotGiven("gone", lasting=True, advice="Ask Ann."), "token_denied", "Ask Ann."),
    ],
)
def test_a_provider_without_a_token_is_told_with_the_attempt(problem, reason, advice, caplog):
    """Nothing is raised, nothing is sent, and no refusal is counted."""
    with ScriptedServer(tls="starttls", tokens={USER: GOOD}, auth_methods=("XOAUTH2",)) as server:
        known = reached(server, Tokens(problem, GOOD))
        first, second = submit(known, times=2)
        assert told(first) == (Outcome.DEFERRED, Fault.ACCOUNT, reason)
        assert first.advice.startswith(advice)
        assert told(second)[0] is Outcome.ACCEPTED
    assert "ya29.secret" not in f"{first!r}{caplog.text}"


def test_a_token_that_cannot_be_renewed_counts_as_no_refusal():
    """The first 535 of an expired token closes no gate where the provider is down."""
    with ScriptedServer(tls="starttls", tokens={USER: GOOD}, auth_methods=("XOAUTH2",)) as server:
        known = reached(server, Tokens(BAD, OSError("down"), GOOD))
        first, second = submit(known, times=2)
        assert told(first) == (Outcome.DEFERRED, Fault.ACCOUNT, "token_not_given")
        assert told(second)[0] is Outcome.ACCEPTED


def test_a_deadline_ends_the_waiting_for_a_token():
    """A provider that hangs holds nobody up beyond the deadline."""
    go = threading.Event()

    def hangs():
        go.wait(20)
        return AccessToken(value=Secret(GOOD))

    with ScriptedServer(tls="starttls", tokens={USER: GOOD}, auth_methods=("XOAUTH2",)) as server:
        attempt = submit(reached(server, hangs), deadline=0.5)
        go.set()
        assert attempt.reason == "deadline"
        assert not any(one.startswith("AUTH") for one in server.commands)


def test_a_hanging_provider_is_waited_for_as_long_as_a_log_in_may_take():
    """Without a deadline the limit of the step ends it, and it is no fault of the server."""
    asked, go = threading.Event(), threading.Event()

    def hangs():
        asked.set()
        go.wait(20)
        return AccessToken(value=Secret(GOOD))

    async def run(server):
        transport = SmtpTransport(server)
        work = asyncio.create_task(transport.submit(ENVELOPE, MAIL))
        await asyncio.to_thread(asked.wait, 20)
        pass_time(6.0)
        attempt = await work
        await transport.aclose()
        return attempt

    with ScriptedServer(tls="starttls", tokens={USER: GOOD}, auth_methods=("XOAUTH2",)) as server:
        attempt = asyncio.run(run(reached(server, hangs, timeout=5.0)))
        go.set()
        assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, "token_not_given")


def test_a_log_in_that_the_server_cannot_check_now_asks_for_no_other_token():
    """454 is its own trouble: nothing is renewed and nothing counted."""
    provider = Tokens(GOOD)
    with RawServer([b"454 4.7.0 Temporary authentication failure"]) as server:
        known = server.reached(provider)
        first, second = submit(known, times=2)
        assert (first.reason, second.reason) == ("auth_temporary", "auth_temporary")
    assert provider.asked == 1


@pytest.mark.parametrize("method", METHODS)
def test_what_a_server_repeats_of_a_token_is_hidden(method, caplog):
    """Raw, in base64, in the middle of a challenge or amid words: no record holds it."""
    caplog.set_level(logging.DEBUG)
    challenge = base64.b64encode(json.dumps({"status": BAD, "scope": f"x {BAD} y"}).encode())
    answers = [
        b"334 " + challenge,
        b"535-5.7.8 " + BAD.encode() + b"\r\n535 5.7.8 you said " + base64.b64encode(b"y" + BAD.encode()),
    ]
    with RawServer(answers, methods=method) as server:
        attempt = submit(server.reached(Tokens(BAD)))
    assert told(attempt) == (Outcome.DEFERRED, Fault.ACCOUNT, "token_refused")
    assert len([one for one in attempt.conversation if "***" in one.line and one.who == "S"]) == 3
    assert_hidden(attempt, BAD, log=caplog.text)


def test_a_challenge_that_writes_the_token_another_way_is_told_without_it():
    """JSON may write a letter as a number; what it means is hidden as well."""
    challenge = base64.b64encode(b'{"status": "%s", "scope": "mail"}' % BAD.replace("x", "\\u0078").encode())
    with RawServer([b"334 " + challenge, b"535 5.7.8 No"]) as server:
        attempt = submit(server.reached(Tokens(BAD)))
    assert [one.line for one in attempt.conversation if one.line.startswith("(status")] == [
        "(status ***, scope mail)"
    ]


@pytest.mark.parametrize(
    "challenge",
    [b"", b"%%%", b"WzFd", b"bm90IGpzb24=", base64.b64encode(b'{"status": 5}'),
     base64.b64encode(b'{"status": "\\u001b[2J"}'), base64.b64encode(b"[" * 3000)],
)  # fmt: skip
def test_a_challenge_that_tells_nothing_is_answered_all_the_same(challenge):
    """Empty, no base64, no JSON, no object, no text, or signs that move a cursor: the 535 is read."""
    with RawServer([b"334 " + challenge, b"535 5.7.3 Authentication unsuccessful"]) as server:
        attempt = submit(server.reached(Tokens(BAD)))
        assert server.lines[1:2] == [b""]
    assert attempt.reason == "token_refused"
    assert not any(one.line.startswith("(status") for one in attempt.conversation)


def test_a_server_that_asks_for_ever_is_answered_once():
    """A second 334 where the reply is due makes no sense, and ends the log-in."""
    with RawServer([b"334 e30=", b"334 e30=", b"334 e30="]) as server:
        attempt = submit(server.reached(Tokens(BAD)))
        assert [one for one in server.lines if one != b"QUIT"][1:] == [b""]
    assert attempt.reason == "senseless_reply"


def test_a_server_that_hangs_up_after_each_refusal_is_not_asked_for_ever():
    """A new token that nobody has taken is not renewed again: the refusal counts."""
    provider = Tokens(BAD, BAD + "2", BAD + "3", BAD + "4")
    with RawServer([b"535 5.7.3 Authentication unsuccessful", None], times=9) as server:
        attempts = submit(server.reached(provider), times=3)
        assert len([one for one in server.lines if one.startswith(b"AUTH")]) == 3
    assert [one.reason for one in attempts] == ["connection_lost", "token_refused", "auth_paused"]
    assert provider.asked == 2


class RawServer:
    """A server on loopback that gives these answers from the first AUTH on; ``None`` closes."""

    def __init__(self, answers, *, methods="XOAUTH2", times=1):
        self.answers = answers
        self.methods = methods
        self.times = times
        self.lines = []

    def reached(self, provider):
        return Server(
            host="127.0.0.1",
            port=self.port,
            tls=TlsMode.DANGEROUS_NONE,
            credentials=Credentials(user=USER, token_provider=provider),
        )

    def __enter__(self):
        self.running = ServerThread(self.session, "127.0.0.1", None)
        self.port = self.running.port
        return self

    def __exit__(self, *_):
        self.running.stop(())

    def session(self, loop):
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(loop=loop), self.serve, loop)

    async def serve(self, reader, writer):
        try:
            await self.talk(reader, writer)
        finally:
            writer.close()

    async def talk(self, reader, writer):
        writer.write(b"220 raw ESMTP\r\n")
        left = None
        while line := (await reader.readline()).rstrip(b"\r\n") or not reader.at_eof():
            line = b"" if line is True else line
            if line.startswith(b"EHLO"):
                writer.write(f"250-raw\r\n250 AUTH {self.methods}\r\n".encode())
                continue
            self.lines.append(line)
            if line == b"QUIT":
                writer.write(b"221 Bye\r\n")
                break
            if line.startswith(b"AUTH") and left is None:
                left = list(self.answers)
            answer = left.pop(0) if left else b"535 5.7.8 No more"
            if answer is None:
                break
            writer.write(answer + b"\r\n")
        await writer.drain()
