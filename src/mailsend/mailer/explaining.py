"""Decisions without a mail: what would be chosen, as far as it can be said yet."""

from __future__ import annotations

from mailsend.decide.recipients import RecipientsDecision, resolve_recipients
from mailsend.decide.reply_to import resolve_reply_to
from mailsend.decide.return_path import choose_return_path
from mailsend.decide.route import choose_routes
from mailsend.decide.sender import resolve_sender
from mailsend.decide.signing import choose_signatures
from mailsend.mailer.clock import utc_now
from mailsend.mailer.gather import find_scope, gather
from mailsend.mailer.ids import new_id
from mailsend.mailer.sync_mailer import Mailer
from mailsend.model.circumstances import Circumstances
from mailsend.model.decision import Decision
from mailsend.model.message import Message
from mailsend.model.submission import Refusal

__all__ = ["decisions_for"]


def decisions_for(mailer: Mailer, message: Message) -> tuple[Decision | Refusal, ...]:
    """Give each decision that ``message`` lets be made, in their order; a Refusal can only be the last.

    Neither content nor recipients are needed: without recipients that decision is left out, and the
    others are those that any recipient would get. Content is looked at by ``Mailer.preview`` alone.
    Interceptors have their say before, as in a preview. Opens no socket.
    """
    core = mailer._core  # noqa: SLF001 - the same room; the mailer's public names make mails
    rules = mailer._rules((message.customer, message.business_unit))  # noqa: SLF001 - the same
    if isinstance(rules, Refusal):
        return (rules,)
    asked = core.interceptors.ask_before(message, rules)
    if isinstance(asked, Refusal):
        return (asked,)
    scope = find_scope(asked.customer, asked.business_unit, rules)
    if isinstance(scope, Refusal):
        return (scope,)
    circumstances = gather(
        asked, scope, rules, now=utc_now(), id=new_id(), test_mode=core.test_mode.status(scope)
    )
    return _decided(asked, circumstances)


def _decided(message: Message, circumstances: Circumstances) -> tuple[Decision | Refusal, ...]:
    sender = resolve_sender(message, circumstances)
    reply_to = resolve_reply_to(message, sender, circumstances)
    made: list[Decision | Refusal] = [sender, reply_to]
    recipients: RecipientsDecision | None = None
    if message.to or message.cc or message.bcc:
        settled = resolve_recipients(message, circumstances)
        made.append(settled)
        if isinstance(settled, Refusal):
            return tuple(made)
        recipients = settled
    addresses = () if recipients is None else recipients.envelope_addresses
    routes = choose_routes(message, sender, addresses, circumstances)
    made.append(routes)
    if isinstance(routes, Refusal):
        return tuple(made)
    made.append(choose_return_path(message, sender, reply_to, recipients, routes, circumstances))
    made.append(choose_signatures(sender, routes, circumstances)[0])
    return tuple(made)
