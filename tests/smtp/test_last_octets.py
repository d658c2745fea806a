"""Once the last octets of a mail are out nobody but the server knows what becomes of it: not a moment later."""

from __future__ import annotations

import asyncio

import pytest

from mailsend.model.address import Address
from mailsend.model.envelope import Envelope
from mailsend.model.report import Attempt, Outcome
from mailsend.testing import ScriptedServer
from mailsend.transport import SmtpTransport
from mailsend.transport.base import SubmitOptions

BOB = Address.parse("bob@example.org")
ENVELOPE = Envelope(reverse_path="ann@suite.example", recipients=(BOB,))
LONG = 20.0


@pytest.mark.parametrize("size", [1_000, 70_000, 200_000])
def test_a_send_that_is_cancelled_with_its_last_octets_on_their_way_is_unknown(size: int) -> None:
    """The server has the mail, so that nobody may be told to send it again."""
    data = b"Subject: Hello\r\n\r\n" + b"0123456789abcdef\r\n" * (size // 18)

    async def main(transport: SmtpTransport) -> list[Attempt]:
        async def cancel_behind_it(server: str, addresses: object) -> bool:
            # The cancellation is heard in the turn of the loop that follows the one in which content goes out.
            asyncio.get_running_loop().call_soon(sending.cancel)
            return True

        told: list[Attempt] = []
        options = SubmitOptions(before_content=cancel_behind_it, abandoned=told.append)
        sending = asyncio.ensure_future(transport.submit(ENVELOPE, data, options=options))
        await asyncio.wait([sending], timeout=LONG)
        assert sending.cancelled()
        await asyncio.wait_for(transport.aclose(), LONG)
        return told

    with ScriptedServer() as server:
        (attempt,) = asyncio.run(main(SmtpTransport(server.server)))
    assert [one.data for one in server.messages] == [data]
    assert (attempt.recipients[BOB].outcome, attempt.dot_out) == (Outcome.UNKNOWN, True)
