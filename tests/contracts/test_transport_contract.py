"""One contract for every transport, the real one first."""

from __future__ import annotations

import asyncio
import io
import json
import threading

import pytest

from mailsend.errors import InvalidMessage, InvalidSettings
from mailsend.model.address import Address
from mailsend.model.envelope import NULL_REVERSE_PATH, Envelope
from mailsend.model.report import Outcome
from mailsend.model.server import Server, ServerKind
from mailsend.testing.server import ScriptedServer
from mailsend.transport import (
    CaptureTransport,
    ConsoleTransport,
    FileTransport,
    SmtpTransport,
    SubmitOptions,
    open_transport,
)

DATA = (
    b"From: ann@suite.example\r\nTo: bob@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nMessage-ID: <1@suite.example>\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n.a dot\r\n..two dots\r\n.\r\nend\r\n"
)
ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=("bob@example.org", "eve@example.net"))


class Subject:
    """A transport under test, and how to see what it was given."""

    def __init__(self, transport, seen):
        self.transport = transport
        self.seen = seen


@pytest.fixture(params=["smtp", "smtp-starttls", "memory", "file", "console"])
def subject(request, tmp_path):
    """Give each transport in turn, with a list of (reverse-path, recipients, bytes or None)."""
    match request.param:
        case "smtp" | "smtp-starttls":
            with ScriptedServer(tls="starttls" if "starttls" in request.param else None) as server:
                yield Subject(
                    SmtpTransport(server.server),
                    lambda: [(one.reverse_path, one.recipients, one.data) for one in server.messages],
                )
        case "memory":
            capture = CaptureTransport()
            yield Subject(
                capture,
                lambda: [
                    (str(one.envelope.reverse_path), tuple(map(str, one.envelope.recipients)), one.data)
                    for one in capture.messages
                ],
            )
        case "file":
            yield Subject(FileTransport(tmp_path / "mails"), lambda: list(_files(tmp_path / "mails")))
        case _:
            stream = io.StringIO()
            yield Subject(ConsoleTransport(stream), lambda: list(_shown(stream.getvalue())))


def _files(folder):
    for one in sorted(folder.glob("*.eml")):
        envelope = json.loads(one.with_suffix(".json").read_text(encoding="utf-8"))
        yield envelope["reverse_path"], tuple(envelope["recipients"]), one.read_bytes()


def _shown(text):
    for mail in text.split("MAIL FROM:<")[1:]:
        lines = mail.splitlines()
        recipients = [one[9:-1] for one in lines if one.startswith("RCPT TO:<")]
        yield lines[0][:-1], tuple(recipients), None


def _same(seen, data):
    """Compare what was seen; the console shows mails and keeps no bytes."""
    return [(path, who, data if kept is None else kept) for path, who, kept in seen]


def test_every_recipient_is_accepted_and_the_bytes_arrive_unchanged(subject):
    """The envelope and the bytes arrive as they were given, dots at line starts too."""
    attempt = asyncio.run(subject.transport.submit(ENVELOPE, DATA))
    assert _same(subject.seen(), DATA) == [
        ("ann@suite.example", ("bob@example.org", "eve@example.net"), DATA)
    ]
    assert attempt.outcome is Outcome.ACCEPTED
    assert {
        str(who): (one.outcome, one.envelope_address, one.attempts, one.fault)
        for who, one in attempt.recipients.items()
    } == {
        "bob@example.org": (Outcome.ACCEPTED, Address.parse("bob@example.org"), 1, None),
        "eve@example.net": (Outcome.ACCEPTED, Address.parse("eve@example.net"), 1, None),
    }


def test_an_attempt_says_when_and_with_whom(subject):
    """An attempt names its server as its results do, has a 250, and ended after it started."""
    attempt = asyncio.run(subject.transport.submit(ENVELOPE, DATA))
    assert {one.server for one in attempt.recipients.values()} == {attempt.server}
    assert {one.reply.code for one in attempt.recipients.values()} == {250}
    assert attempt.started.utcoffset().total_seconds() == 0
    assert attempt.started <= attempt.ended
    assert (attempt.name_missing, attempt.retry_now) == (False, False)


def test_the_null_reverse_path_is_carried(subject):
    """A delivery status notice goes out with the empty reverse-path."""
    envelope = Envelope(reverse_path=NULL_REVERSE_PATH, recipients=("bob@example.org",))
    attempt = asyncio.run(subject.transport.submit(envelope, DATA))
    assert attempt.outcome is Outcome.ACCEPTED
    assert _same(subject.seen(), DATA) == [("", ("bob@example.org",), DATA)]


@pytest.mark.parametrize("answer", [True, False, "raises"])
def test_whoever_has_to_be_asked_before_content_is_obeyed(subject, answer):
    """Asked once, with the server and those it accepted; without a yes nothing arrives and nobody is lost."""
    asked = []

    async def before(server, addresses):
        asked.append((server, tuple(map(str, addresses))))
        if answer == "raises":
            raise OSError("no store")
        return answer

    attempt = asyncio.run(
        subject.transport.submit(ENVELOPE, DATA, options=SubmitOptions(before_content=before))
    )
    assert asked == [(attempt.server, ("bob@example.org", "eve@example.net"))]
    assert len(subject.seen()) == (1 if answer is True else 0)
    told = {(one.outcome, one.reason) for one in attempt.recipients.values()}
    expected = (Outcome.ACCEPTED, "accepted") if answer is True else (Outcome.DEFERRED, "taken_over")
    assert told == {expected}


def test_a_recipient_named_twice_is_told_once(subject):
    """A recipient that stands twice in an envelope has one result."""
    envelope = Envelope(reverse_path="ann@suite.example", recipients=("bob@example.org",) * 2)
    attempt = asyncio.run(subject.transport.submit(envelope, DATA))
    assert [str(one) for one in attempt.recipients] == ["bob@example.org"]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"A: b\n\r\nx\r\n", "a CR or LF stands alone"),
        (b"A: b\r\n\r\nx\r.\r\n", "a CR or LF stands alone"),
        (b"A: b\r\n\r\nx\n.\r\n\r\n", "a CR or LF stands alone"),
        (b"A: b\r\n\r\nx\r", "a CR or LF stands alone"),
        (b"", "there is nothing to send"),
        ("A: b\r\n\r\nx\r\n", "a mail is bytes, not str"),
    ],
)
def test_what_would_not_arrive_unchanged_is_refused_with_advice(subject, data, why):
    """A lone CR or LF, text, or nothing at all is the caller's error, and nothing is sent."""
    with pytest.raises(InvalidMessage, match=f"^data: {why}$") as caught:
        asyncio.run(subject.transport.submit(ENVELOPE, data))
    assert caught.value.advice
    assert subject.seen() == []


def test_a_last_line_that_does_not_end_is_ended(subject):
    """The last CRLF is added where it is missing, as RFC 5321 lets the sender do; nothing else is."""
    attempt = asyncio.run(subject.transport.submit(ENVELOPE, DATA.removesuffix(b"\r\n")))
    assert attempt.outcome is Outcome.ACCEPTED
    assert _same(subject.seen(), DATA) == [
        ("ann@suite.example", ("bob@example.org", "eve@example.net"), DATA)
    ]


def test_options_are_taken_by_all(subject):
    """Each transport takes the options, also where they mean nothing to it."""
    options = SubmitOptions(envelope_id="4711", deadline=30.0)
    attempt = asyncio.run(subject.transport.submit(ENVELOPE, DATA, options=options))
    assert attempt.outcome is Outcome.ACCEPTED


def test_several_mails_at_once_are_kept_apart(subject):
    """Mails submitted at the same time arrive once each."""

    async def several():
        return await asyncio.gather(
            *(
                subject.transport.submit(
                    Envelope(reverse_path="ann@suite.example", recipients=(f"bob{n}@example.org",)), DATA
                )
                for n in range(8)
            )
        )

    assert {one.outcome for one in asyncio.run(several())} == {Outcome.ACCEPTED}
    assert sorted(who for _, who, _ in subject.seen()) == [(f"bob{n}@example.org",) for n in range(8)]


def test_a_transport_serves_one_loop_after_another(subject):
    """A transport that was used on one event loop works on the next, and on another thread's."""
    outcomes = [asyncio.run(subject.transport.submit(ENVELOPE, DATA)).outcome for _ in range(2)]
    thread = threading.Thread(
        target=lambda: outcomes.append(asyncio.run(subject.transport.submit(ENVELOPE, DATA)).outcome)
    )
    thread.start()
    thread.join()
    assert outcomes == [Outcome.ACCEPTED] * 3


def test_closing_twice_does_no_harm(subject):
    """aclose is idempotent, before a first mail and after."""

    async def close_often():
        await subject.transport.aclose()
        attempt = await subject.transport.submit(ENVELOPE, DATA)
        await subject.transport.aclose()
        await subject.transport.aclose()
        return attempt.outcome

    assert asyncio.run(close_often()) is Outcome.ACCEPTED


REFUSED = {"eve@example.net": "550 5.1.1 Unknown", "joe@example.com": "450 4.2.1 Busy"}


@pytest.fixture(params=["smtp", "memory"])
def choosy(request):
    """Give the transports that can refuse recipients, with replies of one's own."""
    if request.param == "memory":
        yield CaptureTransport(replies=REFUSED)
    else:
        with ScriptedServer(replies=REFUSED) as server:
            yield SmtpTransport(server.server)


def test_each_recipient_has_the_answer_that_was_given_to_it(choosy):
    """Of three recipients one is accepted, one rejected and one deferred, each with its own reply."""
    envelope = Envelope(reverse_path="ann@suite.example", recipients=("bob@example.org", *REFUSED))
    attempt = asyncio.run(choosy.submit(envelope, DATA))
    told = {str(who): (one.outcome, one.reply.code, one.reason) for who, one in attempt.recipients.items()}
    assert told == {
        "bob@example.org": (Outcome.ACCEPTED, 250, "accepted"),
        "eve@example.net": (Outcome.REJECTED, 550, "no_such_user"),
        "joe@example.com": (Outcome.DEFERRED, 450, "recipient_refused"),
    }
    assert attempt.outcome is Outcome.DEFERRED


def test_a_capture_keeps_nothing_where_nobody_is_accepted():
    """A mail that every recipient refuses is no mail that was taken."""
    capture = CaptureTransport(replies=REFUSED)
    envelope = Envelope(reverse_path="ann@suite.example", recipients=("eve@example.net",))
    attempt = asyncio.run(capture.submit(envelope, DATA))
    assert (attempt.outcome, capture.messages) == (Outcome.REJECTED, [])


def test_a_folder_that_cannot_be_written_to_is_a_fault_of_the_server(tmp_path):
    """A file where the folder should be defers the mail and says so."""
    (tmp_path / "mails").write_text("no folder")
    attempt = asyncio.run(FileTransport(tmp_path / "mails").submit(ENVELOPE, DATA))
    assert (attempt.outcome, attempt.fault, attempt.reason) == (Outcome.DEFERRED, "server", "server_fault")
    assert "File exists" in attempt.reply.text


def test_files_are_for_their_owner_alone_and_leave_no_trace_unfinished(tmp_path):
    """Folder and files are closed to others, and nothing but mails and envelopes lies there."""
    folder = tmp_path / "mails"
    attempt = asyncio.run(FileTransport(folder).submit(ENVELOPE, DATA))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {(one.name, one.stat().st_mode & 0o777) for one in folder.iterdir()} == {
        (f"{attempt.queue_id}.eml", 0o600),
        (f"{attempt.queue_id}.json", 0o600),
    }


def test_the_console_shows_the_mail_for_people():
    """Encoded words and parts are decoded, and nothing can move the terminal's cursor."""
    stream = io.StringIO()
    data = DATA.replace(b".a dot", b"\x1b[2J wiped")
    asyncio.run(ConsoleTransport(stream).submit(ENVELOPE, data))
    assert "Subject: Grüße" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()
    assert "[2J wiped" in stream.getvalue()


def test_the_console_shows_a_body_in_an_unknown_character_set_as_it_is():
    """Nothing is raised, and what was written can be read."""
    stream = io.StringIO()
    data = b"Subject: x\r\nContent-Type: text/plain; charset=x-nobody\r\n\r\nhello\r\n"
    attempt = asyncio.run(ConsoleTransport(stream).submit(ENVELOPE, data))
    assert attempt.outcome == Outcome.ACCEPTED
    assert "\nhello\n" in stream.getvalue()


@pytest.mark.parametrize("field", [b"From: <", b"To: =?utf-8?b?%[?=", b"Reply-To: .:", b"Reply-To: ,\t.]"])
def test_the_console_shows_a_header_that_cannot_be_parsed_as_it_is(field):
    """Python's own parser raises for some fields of a finished mail: then its lines are shown, and it is taken."""
    stream = io.StringIO()
    data = field + b"\r\nSubject: Hello\x1b[2J\r\n\r\nHello\r\n"
    attempt = asyncio.run(ConsoleTransport(stream).submit(ENVELOPE, data))
    shown = stream.getvalue()
    assert attempt.outcome is Outcome.ACCEPTED
    assert "RCPT TO:<bob@example.org>" in shown
    assert f"{field.decode()}\nSubject: Hello\ufffd[2J\n\nHello\n" in shown


def test_a_closed_console_is_a_fault_of_the_server():
    """A stream that is closed defers the mail."""
    stream = io.StringIO()
    stream.close()
    attempt = asyncio.run(ConsoleTransport(stream).submit(ENVELOPE, DATA))
    assert (attempt.outcome, attempt.reason) == (Outcome.DEFERRED, "server_fault")


@pytest.mark.parametrize(
    ("server", "kind"),
    [
        (Server(host="127.0.0.1", port=25), SmtpTransport),
        (Server(kind=ServerKind.MEMORY), CaptureTransport),
        (Server(kind=ServerKind.FILE, folder="/nowhere"), FileTransport),
        (Server(kind=ServerKind.CONSOLE), ConsoleTransport),
    ],
)
def test_each_kind_of_server_has_its_transport(server, kind):
    """open_transport picks by kind and connects nothing."""
    assert type(open_transport(server)) is kind


@pytest.mark.parametrize("url", ["memory:", "console:", "file:///nowhere"])
def test_what_is_not_reached_by_smtp_is_told_where_to_go(url):
    """SmtpTransport refuses a server of another kind and names open_transport."""
    with pytest.raises(InvalidSettings, match="is not reached by SMTP") as caught:
        SmtpTransport(Server.from_url(url))
    assert "open_transport" in caught.value.advice
