"""The first half of the line: from whom, to whom, through what, and back to whom."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailsend.decide.content import check_request
from mailsend.decide.recipients import NOBODY, RecipientsDecision, resolve_recipients
from mailsend.decide.reply_to import resolve_reply_to
from mailsend.decide.return_path import choose_return_path
from mailsend.decide.route import choose_routes
from mailsend.decide.sender import resolve_sender
from mailsend.decide.signing import choose_signatures
from mailsend.model.circumstances import Circumstances
from mailsend.model.decision import Decision
from mailsend.model.frozen import by_slots
from mailsend.model.message import Message
from mailsend.model.submission import Refusal
from mailsend.prepare.settled import Settled, keep, known

__all__ = ["Addressed", "address", "decide"]


def decide(message: Message, circumstances: Circumstances) -> tuple[Decision | Refusal, ...]:
    """Give the decisions that can be made without content, and without recipients where there are none.

    They are those of ``prepare``, made by the same line; a Refusal can only be the last.
    """
    addressed = address(message, circumstances, recipients_needed=False)
    if isinstance(addressed, Refusal):
        return (*addressed.decisions, addressed)
    return (*addressed.decisions, addressed.settled.signatures)


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """What the first half of the line has settled, and the keys that are to sign."""

    settled: Settled
    recipients: RecipientsDecision

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions in the order in which they were made, without that on signatures."""
        made, recipients = self.settled, (self.recipients,) if self.recipients else ()
        return (made.sender, made.reply_to, *recipients, made.routes, made.return_path)


def address(
    message: Message, circumstances: Circumstances, *, recipients_needed: bool
) -> Addressed | Refusal:
    """Settle sender, Reply-To, recipients, routes and return path, or give what stands in the way."""
    before = known(message, circumstances)
    sender = before.sender if before else resolve_sender(message, circumstances)
    reply_to = before.reply_to if before else resolve_reply_to(message, sender, circumstances)
    if (obstacle := check_request(message, circumstances)) is not None:
        return replace(obstacle, decisions=(sender, reply_to))
    recipients = NOBODY
    if recipients_needed or message.to or message.cc or message.bcc:
        settled = resolve_recipients(message, circumstances)
        if isinstance(settled, Refusal):
            return replace(settled, decisions=(sender, reply_to))
        recipients = settled
    if before:
        return Addressed(settled=before, recipients=recipients)
    routes = choose_routes(message, sender, recipients.reached, circumstances)
    if isinstance(routes, Refusal):
        return replace(routes, decisions=(sender, reply_to, recipients) if recipients else (sender, reply_to))
    return_path = choose_return_path(message, sender, reply_to, recipients, routes, circumstances)
    signatures, keys = choose_signatures(sender, routes, circumstances)
    now = Settled(
        sender=sender,
        reply_to=reply_to,
        routes=routes,
        return_path=return_path,
        signatures=signatures,
        keys=keys,
    )
    keep(message, circumstances, now)
    return Addressed(settled=now, recipients=recipients)
