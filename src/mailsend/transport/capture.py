"""Mails kept in memory: for tests, previews and ``memory:``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mailsend.decide.verdict import Reason, Step, judge
from mailsend.model.address import Address, ByAddress
from mailsend.model.envelope import Envelope
from mailsend.model.reply import Reply
from mailsend.model.report import Attempt, Outcome
from mailsend.transport.base import (
    NO_OPTIONS,
    SubmitOptions,
    attempt_from,
    may_go_out,
    result_of,
    same_for_all,
    wire_data,
)
from mailsend.transport.clock import utc_now

__all__ = ["CaptureTransport", "Captured"]

_KEPT = Reply(250, "kept in memory", "2.0.0")


class Captured(NamedTuple):
    """One mail as a server would have got it: the envelope of those who were accepted, and the bytes."""

    envelope: Envelope
    data: bytes


class CaptureTransport:
    """Remembers every mail in ``.messages`` and accepts it, where ``replies`` do not say otherwise.

    ``replies`` maps a recipient to what the server answers to its RCPT, as in ``"550 5.1.1 Unknown"``.
    """

    def __init__(self, name: str = "memory:", *, replies: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.messages: list[Captured] = []
        self._replies = ByAddress({Address.parse(who): _reply(line) for who, line in (replies or {}).items()})

    async def submit(
        self, envelope: Envelope, data: bytes, *, options: SubmitOptions = NO_OPTIONS
    ) -> Attempt:
        """Keep the mail; the attempt's recipients were told what ``replies`` say.

        Raises InvalidMessage for what is no mail: a CR or LF that stands alone, or no bytes at all.
        """
        data = wire_data(data)
        started = utc_now()
        results = {}
        for who in envelope.recipients:
            reply = self._replies.get(who, _KEPT)
            verdict = judge(Step.RCPT, reply)
            results[who] = result_of(verdict, reply, server=self.name, address=who)
        accepted = [who for who, one in results.items() if one.outcome is Outcome.ACCEPTED]
        if accepted and not await may_go_out(options, self.name, accepted):
            results |= same_for_all(accepted, Reason.TAKEN_OVER, None, server=self.name)
            accepted = []
        if accepted:
            self.messages.append(
                Captured(Envelope(reverse_path=envelope.reverse_path, recipients=accepted), data)
            )
        return attempt_from(
            results,
            server=self.name,
            queue_id=str(len(self.messages)) if accepted else None,
            started=started,
            ended=utc_now(),
        )

    async def aclose(self) -> None:
        """Keep what was remembered; there is nothing to close."""


def _reply(line: str) -> Reply:
    code, _, text = line.partition(" ")
    return Reply.of(int(code), text)
