"""Only a log-in that was tried can be refused: a 535 before it, which needs no TLS to say, closes no gate (M12)."""

from __future__ import annotations

import asyncio

import pytest

from mailsend.model.envelope import Envelope
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server
from mailsend.transport.smtp import SmtpTransport

ENVELOPE = Envelope(reverse_path="ann@rat.example", recipients=("bob@elsewhere.example",))
REFUSED = b"535 5.7.8 no\r\n"


@pytest.mark.parametrize(
    "answers",
    [[REFUSED], [b"220 hello\r\n", REFUSED], [b"220 hello\r\n", b"250-hello\r\n250 STARTTLS\r\n", REFUSED]],
    ids=["greeting", "EHLO", "STARTTLS"],
)
def test_a_535_in_clear_pauses_nobody(answers):
    """The next mail asks the server again, and no password was ever said."""
    heard = []

    async def answer(reader, writer):
        try:
            for one in answers:
                writer.write(one)
                heard.append(await reader.readline())
        finally:
            writer.close()

    async def two_mails():
        listening = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with listening:
            server = Server(
                host="127.0.0.1",
                port=listening.sockets[0].getsockname()[1],
                credentials=Credentials(user="ann", password=Secret("pass")),
                timeout=5.0,
            )
            transport = SmtpTransport(server)
            attempts = [await transport.submit(ENVELOPE, b"Subject: x\r\n\r\nx\r\n") for _ in range(2)]
            await transport.aclose()
        return [one.reply.code if one.reply else one.reason for one in attempts]

    assert asyncio.run(two_mails()) == [535, 535]
    assert not any(b"AUTH" in line for line in heard)
