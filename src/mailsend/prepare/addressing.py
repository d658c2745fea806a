"""The first half of the line: from whom, to whom, through what, and back to whom."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailsend.decide.content import check_request
from mailsend.decide.recipients import NOBODY, RecipientsDecision, resolve_recipients
from mailsend.decide.reply_to import ReplyToDecision, resolve_reply_to
from mailsend.decide.return_path import ReturnPathDecision, choose_return_path
from mailsend.decide.route import RoutesDecision, choose_routes
from mailsend.decide.sender import SenderDecision, resolve_sender
from mailsend.decide.signing import choose_signatures
from mailsend.model.circumstances import Circumstances
from mailsend.model.decision import Decision
from mailsend.model.message import Message
from mailsend.model.submission import Refusal

__all__ = ["Addressed", "address", "decide"]


def decide(message: Message, circumstances: Circumstances) -> tuple[Decision | Refusal, ...]:
    """Give the decisions that can be made without content, and without recipients where there are none.

    They are those of ``prepare``, made by the same line; a Refusal can only be the last.
    """
    addressed = address(message, circumstances, recipients_needed=False)
    if isinstance(addressed, Refusal):
        return (*addressed.decisions, addressed)
    signatures, _ = choose_signatures(addressed.sender, addressed.routes, circumstances)
    return (*addressed.decisions, signatures)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """What the first half of the line has settled."""

    sender: SenderDecision
    reply_to: ReplyToDecision
    recipients: RecipientsDecision
    routes: RoutesDecision
    return_path: ReturnPathDecision

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decisions in the order in which they were made."""
        settled = (self.recipients,) if self.recipients else ()
        return (self.sender, self.reply_to, *settled, self.routes, self.return_path)


def address(
    message: Message, circumstances: Circumstances, *, recipients_needed: bool
) -> Addressed | Refusal:
    """Settle sender, Reply-To, recipients, routes and return path, or give what stands in the way."""
    made: list[Decision] = []

    def refused(refusal: Refusal) -> Refusal:
        return replace(refusal, decisions=tuple(made))

    made.append(sender := resolve_sender(message, circumstances))
    made.append(reply_to := resolve_reply_to(message, sender, circumstances))
    if (obstacle := check_request(message, circumstances)) is not None:
        return refused(obstacle)
    recipients = NOBODY
    if recipients_needed or message.to or message.cc or message.bcc:
        settled = resolve_recipients(message, circumstances)
        if isinstance(settled, Refusal):
            return refused(settled)
        made.append(recipients := settled)
    routes = choose_routes(message, sender, recipients.reached, circumstances)
    if isinstance(routes, Refusal):
        return refused(routes)
    return Addressed(
        sender=sender,
        reply_to=reply_to,
        recipients=recipients,
        routes=routes,
        return_path=choose_return_path(message, sender, reply_to, recipients, routes, circumstances),
    )
