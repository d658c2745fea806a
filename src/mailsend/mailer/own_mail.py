"""Mail of our own: the one door through which a notice becomes a finished mail (house rule 12, S3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mailsend.mailer.clock import utc_now
from mailsend.mailer.core import Core
from mailsend.mailer.gather import find_scope, gather
from mailsend.mailer.thinking import Thinking, ask_for_seal, ask_rules, ask_servers
from mailsend.model.message import Message
from mailsend.model.submission import Refusal, Submission
from mailsend.prepare import draft, seal

__all__ = ["think_of_our_own"]


def think_of_our_own(
    core: Core, message: Message, *, id: str, suppressed: Mapping[str, str]
) -> Thinking[Submission | Refusal]:
    """Prepare a notice; it takes the line of every mail, past the interceptors of the application.

    ``id`` is our own id for it; ``suppressed`` is what the lists say of its recipient. Its sender is
    used as it is named.
    """
    asked = (message.customer, message.business_unit)
    rules = core.known_rules(asked) or (yield from ask_rules(asked))
    if isinstance(rules, Refusal):
        return rules
    scope = find_scope(message.customer, message.business_unit, rules)
    if isinstance(scope, Refusal):
        return scope
    own = (yield from ask_servers(scope)) if core.states.asks(scope) else None
    found = gather(
        message, scope, rules, now=utc_now(), id=id, test_mode=core.test_mode.status(scope), own=own
    )
    drafted = draft(message, replace(found, of_our_own=True, suppressed=suppressed))
    if isinstance(drafted, Refusal):
        return drafted
    return (yield from ask_for_seal(drafted)) if drafted.keys else seal(drafted)
