"""What a test tells the scripted server, it does; what it cannot do is refused when it is told."""

from __future__ import annotations

import asyncio

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt
from mailsend.testing import ScriptedServer
from mailsend.transport import SmtpTransport


def submit(server: ScriptedServer, recipient: str) -> Attempt:
    """Send one mail to ``recipient``."""

    async def main() -> Attempt:
        transport = SmtpTransport(server.server)
        envelope = Envelope(reverse_path="ann@suite.example", recipients=(recipient,))
        try:
            return await transport.submit(envelope, b"Subject: Hello\r\n\r\nHello\r\n")
        finally:
            await transport.aclose()

    return asyncio.run(main())


@pytest.mark.parametrize("written", ["bob@example.org", "bob@Example.ORG", "Bob@example.org"])
def test_a_reply_is_for_an_address_however_it_is_written(written: str) -> None:
    """Addresses are compared without case, as everywhere."""
    with ScriptedServer(replies={written: "550 5.1.1 No such user"}) as server:
        assert submit(server, "bob@example.org").reason == "no_such_user"


def test_a_reply_is_for_a_domain_beyond_ascii() -> None:
    """A name in letters is the same as its A-label, which is what goes over the wire."""
    with ScriptedServer(replies={"bob@bücher.example": "550 5.1.1 No such user"}) as server:
        assert submit(server, "bob@bücher.example").reason == "no_such_user"


def test_what_is_no_address_is_for_nobody() -> None:
    """A key that is no address concerns no recipient."""
    with ScriptedServer(replies={"bob": "550 5.1.1 No such user"}) as server:
        assert submit(server, "bob@example.org").reason == "accepted"


def test_a_reply_that_takes_the_recipient_is_said_as_it_stands() -> None:
    """251 is what the recipient is answered, and the mail goes to him (RFC 5321, section 3.4)."""
    with ScriptedServer(replies={"bob@example.org": "251 2.1.5 Will forward"}) as server:
        attempt = submit(server, "bob@example.org")
        assert attempt.outcome == "accepted"
        assert "251 2.1.5 Will forward" in [one.line for one in attempt.conversation]
        assert [one.recipients for one in server.messages] == [("bob@example.org",)]


@pytest.mark.parametrize("mode", ["startls", "none", "opportunistic", ""])
def test_another_way_of_tls_is_refused(mode: str) -> None:
    """There are two ways, and None for none."""
    with pytest.raises(InvalidSettings, match="tls: there is no TLS called") as caught:
        ScriptedServer(tls=mode)
    assert "implicit" in caught.value.advice


def test_another_certificate_is_refused() -> None:
    """What is wrong with a certificate is said by one of the known words."""
    with pytest.raises(
        InvalidSettings, match="certificate: there is no certificate called 'expried'"
    ) as caught:
        ScriptedServer(tls="starttls", certificate="expried")
    assert "expired" in caught.value.advice
    with pytest.raises(InvalidSettings, match="certificate"):
        ScriptedServer(certificate="expried")
