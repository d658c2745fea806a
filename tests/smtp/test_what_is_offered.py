"""What EHLO says is read whole, also where a server says a thing twice or more than it was asked (RFC 5321, 4954)."""

from __future__ import annotations

import asyncio

import pytest

from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt
from mailsend.model.server import Server
from mailsend.transport import SmtpTransport

ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=("bob@example.org",))
DATA = b"Subject: Hello\r\n\r\nHello\r\n"


def submit(
    offered: bytes, options: str, *, greeting: bytes = b"220 hello\r\n"
) -> tuple[Attempt, list[bytes]]:
    """Send one mail to a server that offers this; give the attempt, and the commands that it heard."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        while command := (await reader.readline()).strip():
            heard.append(command)
            if command.startswith(b"EHLO"):
                writer.write(offered)
            elif command.startswith(b"AUTH"):
                writer.write(b"235 welcome\r\n")
            elif command == b"DATA":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 ok\r\n")
            else:
                writer.write(b"250 ok\r\n")
        writer.close()

    async def main() -> Attempt:
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            transport = SmtpTransport(
                Server.from_url(f"smtp://ann:pw@127.0.0.1:{port}?tls=none&timeout=5{options}")
            )
            attempt = await transport.submit(ENVELOPE, DATA)
            await transport.aclose()
            return attempt

    return asyncio.run(main()), heard


@pytest.mark.parametrize("method", ["plain", "login"])
@pytest.mark.parametrize(
    "lines",
    [
        ("250-AUTH PLAIN CRAM-MD5", "250-AUTH=LOGIN"),
        ("250-AUTH=LOGIN", "250-AUTH CRAM-MD5 PLAIN"),
        ("250-AUTH LOGIN", "250-AUTH PLAIN"),
    ],
)
def test_methods_in_two_lines_are_offered_both(lines: tuple[str, str], method: str) -> None:
    """Older servers say AUTH in a second line for older clients, and not the same behind it."""
    offered = "\r\n".join(("250-hello", *lines, "250 8BITMIME", "")).encode()
    attempt, heard = submit(offered, f"&auth={method}")
    assert attempt.outcome == "accepted"
    assert any(one.startswith(f"AUTH {method.upper()}".encode()) for one in heard)


def test_words_that_nobody_asked_for_are_told() -> None:
    """Where a server greets twice, nothing is sent, and the conversation says why."""
    attempt, heard = submit(b"250 hello\r\n", "", greeting=b"220 hello\r\n220 once more\r\n")
    assert (attempt.outcome, attempt.reason, heard) == ("deferred", "connection_lost", [])
    assert [one.line for one in attempt.conversation][-1] == "(said without being asked: 220 once more)"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", b"EHLO [127.0.0.1]"),
        ("app.suite.example", b"EHLO app.suite.example"),
        ("192.0.2.1", b"EHLO [192.0.2.1]"),
        ("2001:db8::1", b"EHLO [IPv6:2001:db8::1]"),
    ],
)
def test_an_address_in_place_of_our_name_is_a_literal(written: str, said: bytes) -> None:
    """Bare it would be no name, and servers that look at it refuse it (RFC 5321, sections 4.1.1.1 and 4.1.3)."""
    attempt, heard = submit(
        b"250-hello\r\n250 AUTH PLAIN\r\n", f"&local_hostname={written}" if written else ""
    )
    assert (attempt.outcome, heard[0]) == ("accepted", said)
