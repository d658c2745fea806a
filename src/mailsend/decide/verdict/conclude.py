"""From a reason to a verdict: what becomes of the recipients, and what may follow."""

from __future__ import annotations

from mailsend.decide.verdict.causes import CAUSES
from mailsend.decide.verdict.terms import Reason, Verdict
from mailsend.model.reply import Reply, Severity
from mailsend.model.report import Fault, Outcome

__all__ = ["conclude", "is_lasting"]

_CONNECTION_FAULTS = frozenset({Reason.NOT_CONNECTED, Reason.CONNECTION_LOST})
_SERVICE_CLOSING = 421  # RFC 5321, section 3.8: may answer any command
_ACCEPTED = Verdict(outcome=Outcome.ACCEPTED, fault=None, reason=Reason.ACCEPTED)
_UNKNOWN = Verdict(
    outcome=Outcome.UNKNOWN,
    fault=Fault.SERVER,
    reason=Reason.SILENCE_AFTER_DOT,
    advice="The server got the whole mail and did not answer: it may be on its way. Do not send it again"
    " blindly; ask who runs the server.",
)


def is_lasting(reason: str, reply: Reply | None) -> bool:
    """Say whether what ``reason`` names will not mend by itself; unknown codes go by the reply."""
    cause = CAUSES.get(Reason(reason)) if reason in _ALL_REASONS else None
    if cause is not None and cause.lasting is not None:
        return cause.lasting
    return reply is not None and reply.severity is Severity.PERMANENT


_ALL_REASONS = frozenset(str(one) for one in Reason)


def conclude(reason: Reason, reply: Reply | None = None) -> Verdict:
    """Give the verdict for a reason that is known already, such as a finding of our own."""
    if reason is Reason.ACCEPTED:
        return _ACCEPTED
    if reason is Reason.SILENCE_AFTER_DOT:
        return _UNKNOWN
    cause = CAUSES[reason]
    lasting = is_lasting(reason, reply)
    refused = lasting and cause.fault in (Fault.MESSAGE, Fault.RECIPIENT)
    return Verdict(
        outcome=Outcome.REJECTED if refused else Outcome.DEFERRED,
        fault=cause.fault,
        reason=reason,
        advice=cause.advice if lasting else cause.for_now or cause.advice,
        lasting=lasting,
        next_route=cause.fault in (Fault.SERVER, Fault.ACCOUNT) and not lasting,
        retry_now=reason in _CONNECTION_FAULTS or (reply is not None and reply.code == _SERVICE_CLOSING),
        too_many=reason is Reason.TOO_MANY_RECIPIENTS,
        slow_down=reason is Reason.RATE,
        lone_dot=reason is Reason.NO_RECIPIENTS,
    )
