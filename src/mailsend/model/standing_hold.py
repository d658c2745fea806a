"""Standing holds: a query that also catches mail which is yet to come (M43)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailsend.model.kind import Kind, is_own
from mailsend.model.mail_state import MailState
from mailsend.model.query import All, AnyOf, Key, Match, Not, Pattern, Query

__all__ = ["MailFacts", "StandingHold", "cannot_stand", "catches"]

_SENDERS: Final = frozenset({Key.FROM, Key.REQUESTED, Key.SENDER})
_ADDRESSED: Final = frozenset({Key.TO, Key.CC, Key.BCC})
_ONE_TEXT: Final = _SENDERS | {Key.CUSTOMER, Key.UNIT, Key.TEMPLATE, Key.KIND}
_WITH_CASE: Final = _SENDERS | {Key.CUSTOMER}
_CAN_STAND: Final = _ONE_TEXT | _ADDRESSED | {Key.RCPT, Key.DOMAIN, Key.TAG}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFacts:
    """What is known of a mail before anything has become of it.

    ``recipients`` are ``(field, address)`` with the field ``to``, ``cc``, ``bcc`` or ``archive``; texts
    are empty where there is nothing.
    """

    customer: str = ""
    unit: str = ""
    template: str = ""
    kind: str = ""
    requested: str = ""
    sender: str = ""
    tags: tuple[str, ...] = ()
    recipients: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingHold:
    """One standing hold; times are UTC, ``until`` is None where it stands until somebody lifts it.

    ``customer`` is None where it concerns all.
    """

    id: int
    query: Query
    customer: str | None
    reason: str
    by: str
    at: datetime
    until: datetime | None

    def catches(self, facts: MailFacts) -> bool:
        """Whether it keeps a mail back; never mail of our own (house rule 12)."""
        return (
            not is_own(facts.kind) and self.customer in (None, facts.customer) and catches(self.query, facts)
        )

    @property
    def waiting(self) -> Query:
        """What finds the queued mails that it catches."""
        parts = [
            self.query,
            Match(Key.STATE, _text(MailState.QUEUED)),
            Match(Key.KIND, _text(Kind.TRANSACTIONAL)),
        ]
        if self.customer is not None:
            parts.append(Match(Key.CUSTOMER, _text(self.customer)))
        return All(tuple(parts))

    def __str__(self) -> str:
        until = "" if self.until is None else f" until {self.until:%Y-%m-%d %H:%M} UTC"
        whose = "" if self.customer is None else f" of {self.customer}"
        return f"standing hold {self.id}{whose}: {self.query}{until}, by {self.by}: {self.reason}"


def _text(exact: str) -> Pattern:
    return Pattern((exact,))


def cannot_stand(query: Query) -> str | None:
    """Give the first part of a query that asks what a mail to come does not have; None where there is none."""
    match query:
        case Not():
            return cannot_stand(query.part)
        case All() | AnyOf():
            return next((found for one in query.parts if (found := cannot_stand(one))), None)
        case Match() if query.key in _CAN_STAND:
            return None
        case _:
            return str(query)


def catches(query: Query, facts: MailFacts) -> bool:
    """Say whether a mail is like that, as a search says it of the stored mail.

    What cannot be known of it yet is not.
    """
    match query:
        case Not():
            return not catches(query.part, facts)
        case All():
            return all(catches(one, facts) for one in query.parts)
        case AnyOf():
            return any(catches(one, facts) for one in query.parts)
        case Match() if query.key in _CAN_STAND:
            return _matches(query.key, query.pattern, facts)
        case _:
            return False


def _matches(key: Key, pattern: Pattern, facts: MailFacts) -> bool:
    if key in _ONE_TEXT:
        fits = _is_text if key in _WITH_CASE else _has_text
        return any(fits(pattern, one) for one in _texts(key, facts))
    if key is Key.TAG:
        several, fits = facts.tags, _has_text
    else:
        several, fits = _recipients(key, facts), _is_text
    if pattern.exact == "":  # there is none
        return not several
    return any(fits(pattern, one) for one in several)


def _texts(key: Key, facts: MailFacts) -> tuple[str, ...]:
    match key:
        case Key.FROM:
            return facts.requested.casefold(), facts.sender.casefold()
        case Key.REQUESTED:
            return (facts.requested.casefold(),)
        case Key.SENDER:
            return (facts.sender.casefold(),)
        case Key.CUSTOMER:
            return (facts.customer,)
        case Key.UNIT:
            return (facts.unit,)
        case Key.TEMPLATE:
            return (facts.template,)
        case _:
            return (facts.kind,)


def _recipients(key: Key, facts: MailFacts) -> tuple[str, ...]:
    """Give what the recipients that a key asks for are compared by."""
    found = [who.casefold() for field, who in facts.recipients if key not in _ADDRESSED or field == key]
    return tuple(one.rpartition("@")[2] for one in found) if key is Key.DOMAIN else tuple(found)


def _is_text(pattern: Pattern, text: str) -> bool:
    """Compare; what it begins with, and what has no gap, with its case."""
    if pattern.exact is not None:
        return text == pattern.exact
    return text.startswith(pattern.parts[0]) and _has_text(pattern, text)


def _has_text(pattern: Pattern, text: str) -> bool:
    """Compare without case; anything may stand where the pattern has a gap, but there is something."""
    if pattern.is_anything:
        return text != ""
    text, parts = text.casefold(), [one.casefold() for one in pattern.parts]
    if len(parts) == 1:
        return text == parts[0]
    first, *inner, last = parts
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for one in inner:
        found = text.find(one, at, end)
        if found < 0:
            return False
        at = found + len(one)
    return True
