"""How far commands go ahead of their replies on the wire, and what is learnt where a server loses step."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from recording_relay import RecordingRelay

from mailsend.model.envelope import Envelope
from mailsend.model.server import Pipelining
from mailsend.testing.server import ScriptedServer
from mailsend.transport import SmtpTransport
from mailsend.transport.smtp import pool

OFFERED = ("PIPELINING",)
ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=("a@example.org", "b@example.org"))
MAIL, A, B = "MAIL FROM:<ann@suite.example>", "RCPT TO:<a@example.org>", "RCPT TO:<b@example.org>"


def data(number):
    """Give a mail that its number tells from every other, with a dot to be doubled."""
    return f"Subject: {number}\r\n\r\n.a dot\r\n".encode()


def content(number):
    """Give what of the mail goes over the wire."""
    return f"Subject: {number}\r\n\r\n..a dot\r\n.\r\n"


def sent(pieces):
    """Give what a client sent after EHLO, without the parameters of MAIL, by piece."""
    return ["".join(_bare(line) for line in piece.decode().splitlines(keepends=True)) for piece in pieces[1:]]


def _bare(line):
    return f"{line.partition('> ')[0]}>\r\n" if line.startswith("MAIL") else line


def group(*commands):
    """Give commands as they stand in one piece."""
    return "".join(f"{one}\r\n" for one in commands)


async def send_all(transport, numbers, envelope=ENVELOPE):
    """Send at once, close, and give what each was told."""
    attempts = await asyncio.gather(*(transport.submit(envelope, data(one)) for one in numbers))
    await transport.aclose()
    return [str(one.outcome) for one in attempts]


def talk(level, mails, *, offered=OFFERED, envelope=ENVELOPE, **changes):
    """Send ``mails`` over one connection; give the pieces and the subjects that the server has."""
    with ScriptedServer(extensions=offered) as server, RecordingRelay(server.port) as relay:
        known = replace(server.server, port=relay.port, pipelining=level, max_connections=1, **changes)
        told = asyncio.run(send_all(SmtpTransport(known), range(mails), envelope))
        assert (told, server.connections) == (["accepted"] * mails, 1)
        assert [one.data for one in server.messages] == [data(number) for number in range(mails)]
    return sent(relay.pieces[0])


@pytest.mark.parametrize("level", [Pipelining.ACROSS, None])
def test_across_the_next_mails_commands_come_in_one_piece_with_the_content(level):
    """Content, final dot, and MAIL, RCPT and DATA of the next mail are one piece; it is the default."""
    envelope = group(MAIL, A, B, "DATA")
    assert talk(level, 3) == [
        envelope,
        content(0) + envelope,
        content(1) + envelope,
        content(2),
        "QUIT\r\n",
    ]


def test_within_a_mail_its_commands_are_one_piece_and_the_next_waits():
    """The group of the next mail comes only when the dot of the one before is answered."""
    envelope = group(MAIL, A, B, "DATA")
    assert talk(Pipelining.WITHIN, 2) == [envelope, content(0), envelope, content(1), "QUIT\r\n"]


@pytest.mark.parametrize(("level", "offered"), [(Pipelining.OFF, OFFERED), (Pipelining.ACROSS, ())])
def test_switched_off_or_not_offered_each_command_waits_for_its_reply(level, offered):
    """Nothing goes ahead of anything (RFC 2920, section 3)."""
    one_by_one = [f"{line}\r\n" for line in (MAIL, A, B, "DATA")]
    assert talk(level, 2, offered=offered) == [
        *one_by_one,
        content(0),
        *one_by_one,
        content(1),
        "QUIT\r\n",
    ]


def test_a_question_whether_anybody_is_there_ends_its_group(monkeypatch):
    """NOOP is the last of its group (RFC 2920, section 3.1): the mail's commands wait for its reply."""
    monkeypatch.setattr(pool, "_LONG_IDLE", -1.0)
    envelope = group(MAIL, A, B, "DATA")
    with ScriptedServer(extensions=OFFERED) as server, RecordingRelay(server.port) as relay:
        transport = SmtpTransport(replace(server.server, port=relay.port))

        async def go():
            await transport.submit(ENVELOPE, data(0))
            return await send_all(transport, [1])

        assert asyncio.run(go()) == ["accepted"]
    assert sent(relay.pieces[0])[-5:] == [content(0), "NOOP\r\n", envelope, content(1), "QUIT\r\n"]


LOWERED = [
    ("group-503:1", [Pipelining.ACROSS, Pipelining.WITHIN]),
    ("group-close:1", [Pipelining.ACROSS, Pipelining.WITHIN]),
]


def levels(pieces):
    """Say by how its pieces look at which level each connection was used."""
    return [_level(sent(one)) for one in pieces]


def _level(pieces):
    if any(piece.startswith("Subject") and "MAIL" in piece for piece in pieces):
        return Pipelining.ACROSS
    if any(piece.startswith("MAIL") and "RCPT" in piece for piece in pieces):
        return Pipelining.WITHIN
    return Pipelining.OFF


@pytest.mark.parametrize("fault", ["group-503", "group-554", "group-503-all", "group-drop", "group-close"])
def test_a_server_that_loses_step_gets_less_ahead_and_every_mail(fault):
    """Each mail arrives once at the first attempt; what went ahead is less with each connection until it holds."""
    with ScriptedServer(extensions=OFFERED, faults=[fault]) as server, RecordingRelay(server.port) as relay:
        known = replace(server.server, port=relay.port, max_connections=1)
        told = asyncio.run(send_all(SmtpTransport(known), range(5)))
        first = levels(relay.pieces)
        assert told == ["accepted"] * 5
        assert sorted(one.data for one in server.messages) == [data(number) for number in range(5)]
        assert first[-1] is Pipelining.OFF
        # Another transport of this process knows it from the first mail on.
        assert asyncio.run(send_all(SmtpTransport(known), [5])) == ["accepted"]
        assert levels(relay.pieces)[len(first) :] == [Pipelining.OFF]


def test_a_server_that_forgets_what_was_sent_ahead_gets_its_mail_at_the_next_attempt():
    """It offers PIPELINING and reads one command: what it falls silent to is not sent ahead again."""
    with ScriptedServer(extensions=OFFERED, faults=["group-forgotten"]) as server:
        known = replace(server.server, timeout=0.5)
        told = [asyncio.run(send_all(SmtpTransport(known), [number])) for number in range(2)]
        assert told == [["deferred"], ["accepted"]]
        assert [one.data for one in server.messages] == [data(1)]


def test_one_that_minds_only_what_stands_behind_content_is_used_within_a_mail():
    """A server that loses step once, across, goes on within."""
    with (
        ScriptedServer(extensions=OFFERED, faults=["mail-503+1:1"]) as server,
        RecordingRelay(server.port) as relay,
    ):
        known = replace(server.server, port=relay.port, max_connections=1)
        assert asyncio.run(send_all(SmtpTransport(known), range(4))) == ["accepted"] * 4
        assert sorted(one.data for one in server.messages) == [data(number) for number in range(4)]
        assert levels(relay.pieces) == [Pipelining.ACROSS, Pipelining.WITHIN]
