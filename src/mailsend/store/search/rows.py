"""What each key of a query asks of a mail's recipients and attempts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, and_, literal_column, or_, select

from mailsend.errors import InvalidAddress
from mailsend.model.domain import Domain
from mailsend.model.providers import BY_DOMAIN
from mailsend.model.query import Key, Pattern
from mailsend.model.report import Outcome
from mailsend.store.schema.mails import attempt, recipient
from mailsend.store.schema.upkeep import provider
from mailsend.store.search.text import begins_with, like

__all__ = [
    "ANYTHING",
    "Condition",
    "Named",
    "has_text",
    "in_address",
    "is_text",
    "of_attempt",
    "of_recipient",
]

Condition: TypeAlias = ColumnElement[bool]
Named: TypeAlias = Callable[[ColumnElement[Any]], ColumnElement[Any]]

ANYTHING: Final = Pattern(("", ""))

# Written out, so that SQLite sees that a partial index holds all that is asked for.
_NOT_ACCEPTED: Final = recipient.c.outcome != literal_column(f"'{Outcome.ACCEPTED}'")


def is_text(column: ColumnElement[str], pattern: Pattern) -> Condition:
    """Say that a text is of this pattern; what it begins with is compared with its case."""
    if pattern.exact is not None:
        return column == pattern.exact
    if pattern.is_anything:
        return column != ""
    first = pattern.parts[0]
    if pattern.parts[1:] == ("",):
        return begins_with(column, first)
    return and_(begins_with(column, first), like(column, pattern)) if first else like(column, pattern)


def has_text(column: ColumnElement[str], pattern: Pattern) -> Condition:
    """Say that a text is of this pattern, in any case."""
    if pattern.exact == "":
        return column == ""
    return column != "" if pattern.is_anything else like(column, pattern)


def in_address(column: ColumnElement[str], pattern: Pattern) -> Condition:
    """Say that a piece of an address, as addresses are compared, is of this pattern, in any case."""
    return or_(*[like(column, one, within=True) for one in _spellings(pattern)])


def _spellings(word: Pattern) -> Iterable[Pattern]:
    """Give how a word would stand in an address: domains are A-labels there."""
    yield Pattern(tuple(one.casefold() for one in word.parts))
    local_part, at, domain = (word.exact or "").rpartition("@")
    if not domain.isascii():
        with suppress(InvalidAddress):
            yield Pattern((f"{local_part.casefold()}{at}{Domain.parse(domain)}",))


def of_recipient(key: Key, pattern: Pattern, named: Named) -> Condition:
    """Say that a row of ``mailsend_recipient`` is what ``key`` asks for; ``named`` names its columns."""
    first = pattern.parts[0]
    match key:
        case Key.RCPT:
            return is_text(named(recipient.c.key), pattern)
        case Key.TO | Key.CC | Key.BCC:
            return and_(recipient.c.field == str(key), is_text(named(recipient.c.key), pattern))
        case Key.DOMAIN:
            return is_text(named(recipient.c.domain), pattern)
        case Key.PROVIDER:
            # The dated table goes before what was looked up, as in the statistics.
            listed = [domain for domain, one in BY_DOMAIN.items() if _fits(pattern, one)]
            known = select(provider.c.domain).where(
                has_text(provider.c.provider, pattern), provider.c.domain.not_in(list(BY_DOMAIN))
            )
            return or_(named(recipient.c.domain).in_(listed), named(recipient.c.domain).in_(known))
        case Key.CODE:
            # Who was accepted has had no 4xx or 5xx last.
            digits = int(first.ljust(3, "0")), int(first.ljust(3, "9"))
            return _missed(recipient.c.code.between(*digits), certain=first[0] in "45")
        case Key.ENHANCED:
            return _missed(has_text(recipient.c.enhanced, pattern), certain=first[:1] in ("4", "5"))
        case Key.OUTCOME:
            missed = pattern.exact not in (None, Outcome.ACCEPTED)
            return _missed(has_text(recipient.c.outcome, pattern), certain=missed)
        case Key.REASON:
            return _missed(has_text(recipient.c.reason, pattern), certain=True)
    raise ValueError(f"no recipient has {key}")


def _fits(pattern: Pattern, text: str) -> bool:
    """Compare as ``has_text`` does."""
    return re.fullmatch(".*".join(map(re.escape, pattern.parts)), text, re.IGNORECASE) is not None


def _missed(asked: Condition, *, certain: bool) -> Condition:
    return and_(_NOT_ACCEPTED, asked) if certain else asked


def _names_of_host(host: Pattern) -> Iterable[Pattern]:
    """Give what a server at this host is called: by the host alone, or with its port behind."""
    first, *rest = host.parts
    yield host
    yield _with_port(host)
    if ":" in first and not first.startswith("["):  # an address of IPv6 stands in brackets before a port
        yield _with_port(
            Pattern((f"[{first}", *rest[:-1], f"{rest[-1]}]")) if rest else Pattern((f"[{first}]",))
        )


def _with_port(host: Pattern) -> Pattern:
    return Pattern((*host.parts[:-1], f"{host.parts[-1]}:", ""))


def of_attempt(key: Key, pattern: Pattern, named: Named) -> Condition:
    """Say that a row of ``mailsend_attempt`` is what ``key`` asks for; ``named`` names its columns."""
    match key:
        case Key.QUEUE_ID:
            return is_text(named(attempt.c.queue_id), pattern)
        case Key.SERVER:
            return is_text(named(attempt.c.server), pattern)
        case Key.HOST:
            server = named(attempt.c.server)
            return or_(*[is_text(server, one) for one in _names_of_host(pattern)])
        case Key.SOURCE_IP:
            return is_text(named(attempt.c.source_ip), pattern)
    raise ValueError(f"no attempt has {key}")
