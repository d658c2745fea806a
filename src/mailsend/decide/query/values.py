"""What may stand behind each key of a query, and the one spelling in which it is compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import tzinfo
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final

from mailsend.decide.query.quantities import span_of
from mailsend.decide.query.times import when_of
from mailsend.decide.query.tokens import Term
from mailsend.errors import InvalidAddress, InvalidQuery
from mailsend.model.address import Address, Domain
from mailsend.model.kind import Kind
from mailsend.model.mail_state import MailState
from mailsend.model.query import Key, Match, Pattern, Query, Word
from mailsend.model.report import Outcome

__all__ = ["condition_of"]

_ADDRESSES: Final = frozenset({Key.FROM, Key.REQUESTED, Key.SENDER, Key.TO, Key.CC, Key.BCC, Key.RCPT})
_TIMES: Final = frozenset({Key.BEFORE, Key.AFTER, Key.ON})
_QUANTITIES: Final = frozenset({Key.AGE, Key.SIZE})
_CODES: Final[Mapping[Key, tuple[str, ...]]] = MappingProxyType(
    {Key.STATE: tuple(MailState), Key.OUTCOME: tuple(Outcome), Key.KIND: tuple(Kind)}
)
_YES_OR_NO: Final[Mapping[str, str]] = MappingProxyType(
    {"yes": "yes", "true": "yes", "1": "yes", "no": "no", "false": "no", "0": "no"}
)
# As header fields have ids and addresses.
_IN_BRACKETS: Final = re.compile(r'<[^\s<>@()"\\]+@[^\s<>@()"\\]+>(?=[\s()]|\Z)')
_CODE: Final = re.compile(r"[2-5](?:[0-9]{2}|[0-9]?\*)\Z")
_ENHANCED: Final = re.compile(r"[245](?:\.[0-9]{1,3}){2}\Z|[245*][0-9.*]*\*[0-9.*]*\Z|\*[0-9.*]*\Z")


def condition_of(term: Term, text: str, zone: tzinfo) -> Query:
    """Give what a term of the query ``text`` asks for; raises InvalidQuery."""
    key, pattern = term.key, term.pattern
    if key is None:
        if pattern.exact == "" or pattern.is_anything:
            raise _fault(text, term, "there is nothing to look for", "Write a word.")
        return Word(_without(pattern, "<", ">") if _IN_BRACKETS.match(text, term.place) else pattern)
    if key in _TIMES:
        return when_of(key, term, text, zone)
    if key in _QUANTITIES:
        return span_of(key, term, text)
    if key in _ADDRESSES:
        return Match(key, _addresses(pattern))
    return Match(key, _spelling(key, term, text))


def _spelling(key: Key, term: Term, text: str) -> Pattern:
    pattern = term.pattern
    match key:
        case Key.DOMAIN:
            return _domains(pattern)
        case Key.MESSAGE_ID:
            return _without(pattern, "<", ">")
        case Key.STATE | Key.OUTCOME | Key.KIND:
            return _one_of(_CODES[key], term, text)
        case Key.FROZEN:
            answer = _YES_OR_NO.get(str(pattern).lower())
            if answer is None:
                raise _fault(text, term, "frozen: is yes or no", "Write frozen:yes or frozen:no.")
            return Pattern((answer,))
        case Key.CODE:
            if not _CODE.match("*".join(pattern.parts)):
                raise _fault(
                    text,
                    term,
                    "a reply's code has three digits, from 200 to 599",
                    "Write code:550 or code:5*.",
                )
        case Key.ENHANCED:
            if not _ENHANCED.match("*".join(pattern.parts)):
                why = "an enhanced status code is three numbers with dots between them"
                raise _fault(text, term, why, "Write enhanced:5.1.1 or enhanced:5.7.*.")
        case Key.SOURCE_IP:
            return _networks(pattern)
        case Key.REASON | Key.HOST | Key.PROVIDER:
            return _folded(pattern)
    return pattern


def _one_of(codes: tuple[str, ...], term: Term, text: str) -> Pattern:
    pattern = _folded(term.pattern)
    if pattern.exact is not None and pattern.exact not in codes:
        raise _fault(
            text, term, f"{term.key}: cannot be {pattern.exact[:30]!a}", f"It is one of {', '.join(codes)}."
        )
    return pattern


def _addresses(pattern: Pattern) -> Pattern:
    """Give the key that addresses are compared by; without @ it is a local part, after one a domain."""
    *_, last = parts = pattern.parts
    if pattern.exact is not None:
        if not last:
            return pattern
        if "@" not in last or last.endswith("@"):
            return Pattern((f"{last.rstrip('@').casefold()}@", ""))
        if not last.startswith("@"):
            return Pattern((_address(last),))
        parts = ("", last)
    folded = tuple(one.casefold() for one in parts[:-1])
    local_part, at, domain = last.rpartition("@")
    return Pattern((*folded, f"{local_part.casefold()}{at}{_domain(domain) if at else domain.casefold()}"))


def _address(text: str) -> str:
    try:
        return Address.parse(text).key
    except InvalidAddress:
        local_part, _, domain = text.rpartition("@")
        return f"{local_part.casefold()}@{_domain(domain)}"


def _domains(pattern: Pattern) -> Pattern:
    if pattern.exact is not None:
        return Pattern((_domain(pattern.exact.lstrip("@")),))
    return _folded(pattern)


def _domain(text: str) -> str:
    try:
        return Domain.parse(text).ascii
    except InvalidAddress:
        return text.lower()


def _networks(pattern: Pattern) -> Pattern:
    if pattern.exact is not None:
        try:
            return Pattern((ip_address(pattern.exact).compressed,))
        except ValueError:
            pass  # where it is none, nothing is found
    return _folded(pattern)


def _folded(pattern: Pattern) -> Pattern:
    return Pattern(tuple(one.lower() for one in pattern.parts))


def _without(pattern: Pattern, before: str, behind: str) -> Pattern:
    first, *others = pattern.parts
    parts = [first.lstrip(before), *others]
    parts[-1] = parts[-1].rstrip(behind)
    return Pattern(tuple(parts))


def _fault(text: str, term: Term, why: str, advice: str) -> InvalidQuery:
    return InvalidQuery(text, why, position=term.place, advice=advice)
