"""From a step and its reply to a verdict: the enhanced code decides, the step where there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mailsend.decide.verdict.conclude import conclude
from mailsend.decide.verdict.rules import RULES, Given
from mailsend.decide.verdict.terms import Reason, Step, Verdict
from mailsend.model.reply import Reply, Severity

__all__ = ["judge"]

_COMPLETED = frozenset({250, 251, 252})

# What each step waits for (RFC 5321, section 4.3.2; 3207; 4954).
_DUE: Final[Mapping[Step, frozenset[int]]] = MappingProxyType(
    {
        Step.GREETING: frozenset({220}),
        Step.EHLO: frozenset({250}),
        Step.STARTTLS: frozenset({220}),
        Step.AUTH: frozenset({235}),
        Step.MAIL: _COMPLETED,
        Step.RCPT: _COMPLETED,
        Step.DATA: frozenset({354}),
        Step.DOT: _COMPLETED,
    }
)

_READ = 1000  # characters of a reply: what is worth reading stands in front, and looking is not free
_REFUSING = (Severity.TRANSIENT, Severity.PERMANENT)
# A mailbox or host called "relay" or "client" says nothing about the reason.
_NAMES = re.compile(r"\S+@\S+|\b[a-z0-9-]+(?:\.[a-z0-9-]+)+")
# Reply.of leaves a code in the text whose class is not the reply's.
_OTHER_CLASS = re.compile(r"[245](\.\d{1,3}\.\d{1,3})(?:\s+|\Z)")
_OUTLOOK = re.compile(r"(?:\A|\.)protection\.outlook\.com\b", re.IGNORECASE)


def judge(
    step: Step,
    reply: Reply | None,
    *,
    accepted_before: bool = False,
    logged_in: bool = False,
    repeated: bool = False,
    by_token: bool = False,
    host: str = "",
) -> Verdict:
    """Judge what was answered at ``step``; ``None`` is silence, a time-out or a cut.

    ``accepted_before``: a recipient of this transaction was accepted. ``logged_in``: we are a user
    of this server. ``repeated``: the same X.7.x was given to a recipient of another domain just
    before. ``by_token``: the log-in is by an access token. ``host`` is the server's name. The rules
    are M18, M19 and M20 (RFC 5321, 3463).
    """
    if reply is None:
        return conclude(_SILENCE.get(step, Reason.CONNECTION_LOST))
    if step is Step.DATA and reply.code in _DUE[step] and not accepted_before:
        return conclude(Reason.NO_RECIPIENTS, reply)
    if reply.code in _DUE.get(step, ()):
        return conclude(Reason.ACCEPTED)
    if reply.severity not in _REFUSING:
        unreadable_after_dot = step is Step.DOT and reply.severity is Severity.SENSELESS
        return conclude(Reason.SILENCE_AFTER_DOT if unreadable_after_dot else Reason.SENSELESS_REPLY, reply)
    read = _agreed(reply)
    said = read.text[:_READ]
    facts = frozenset(
        fact
        for fact, given in (
            (Given.ACCEPTED_BEFORE, accepted_before),
            (Given.LOGGED_IN, logged_in),
            (Given.REPEATED, repeated),
            (Given.BY_TOKEN, by_token),
            (Given.OUTLOOK, _OUTLOOK.search(host) or _OUTLOOK.search(said)),
        )
        if given
    )
    words = _NAMES.sub("", said)
    return conclude(next(rule.reason for rule in RULES if rule.fits(step, read, words, facts)), reply)


def _agreed(reply: Reply) -> Reply:
    """Read a refusal whose two codes disagree: the enhanced one says about what it is, the other how lasting."""
    other = None if reply.enhanced else _OTHER_CLASS.match(reply.text)
    if other is None:
        return reply
    return Reply(reply.code, reply.text[other.end() :], f"{reply.code // 100}{other[1]}")


_SILENCE: Final[Mapping[Step, Reason]] = MappingProxyType(
    {
        Step.CONNECT: Reason.NOT_CONNECTED,
        Step.DOT: Reason.SILENCE_AFTER_DOT,
    }
)
