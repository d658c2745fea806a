"""Assertions that say what came close when they fail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import TypeVar

from mailsend.errors import InvalidAddress
from mailsend.model.address import Mailbox
from mailsend.testing.outbox import OutboxMessage

__all__ = ["assert_sent"]

_SHOWN = 3

Expected = str | re.Pattern[str]


def assert_sent(
    outbox: Iterable[OutboxMessage],
    *,
    subject: Expected | None = None,
    to: str | Iterable[str] | None = None,
    from_: Expected | None = None,
    contains: Expected | Iterable[Expected] | None = None,
    attachment: str | None = None,
    count: int | None = None,
) -> OutboxMessage:
    """Give the first mail that fits everything asked for, else fail and show the nearest misses.

    Text is compared exactly for ``subject``, as an addr-spec in ``from_`` and ``to`` (To, Cc or
    Bcc; A-labels or not, without case), as a part of text or HTML in ``contains``; a compiled pattern
    is searched for.
    ``attachment`` is a file name. ``count`` asks for exactly so many fitting mails. Raises
    AssertionError.
    """
    wanted = _Wanted(
        subject=subject,
        to=_several(to),
        from_=from_,
        contains=_several(contains),
        attachment=attachment,
    )
    misses = [(one, wanted.missing_in(one)) for one in outbox]
    fitting = [one for one, missing in misses if not missing]
    if fitting and count in (None, len(fitting)):
        return fitting[0]
    raise AssertionError(_complaint(wanted, misses, len(fitting), count))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What a test asks for; None and nothing ask for nothing."""

    subject: Expected | None
    to: tuple[str, ...]
    from_: Expected | None
    contains: tuple[Expected, ...]
    attachment: str | None

    def __str__(self) -> str:
        asked = ((one.name, getattr(self, one.name)) for one in fields(self))
        told = [f"{name}={value!r}" for name, value in asked if value not in (None, ())]
        return ", ".join(told) or "any mail"

    def missing_in(self, message: OutboxMessage) -> list[str]:
        """Say what does not fit, one line for each thing asked for."""
        lines = []
        if self.subject is not None and not _fits(self.subject, message.subject, whole=True):
            lines.append(f"subject is {message.subject!r}")
        everyone = {_key(one): one for one in (*message.to, *message.cc, *message.bcc)}
        absent = [one for one in self.to if _key(one) not in everyone]
        if absent:
            lines.append(f"to is {', '.join(sorted(everyone.values()))}; not {', '.join(absent)}")
        if self.from_ is not None and not _is_from(self.from_, message.from_):
            lines.append(f"from is {message.from_!r}")
        bodies = f"{message.text or ''}\n{message.html or ''}"
        lines.extend(
            f"neither text nor HTML contains {_shown(one)}"
            for one in self.contains
            if not _fits(one, bodies, whole=False)
        )
        names = [one.filename for one in message.attachments]
        if self.attachment is not None and self.attachment not in names:
            lines.append(f"attachments are {', '.join(names) or 'none'}")
        return lines


T = TypeVar("T", bound=Expected)


def _several(given: T | Iterable[T] | None) -> tuple[T, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, (str, re.Pattern)) else tuple(given)


def _fits(wanted: Expected, found: str, *, whole: bool) -> bool:
    if isinstance(wanted, re.Pattern):
        return wanted.search(found) is not None
    return wanted == found if whole else wanted in found


def _is_from(wanted: Expected, found: str) -> bool:
    """Say whether it is a part of the sender as text, or the same address however it is written."""
    return _fits(wanted, found, whole=False) or (isinstance(wanted, str) and _key(wanted) == _key(found))


def _key(address: str) -> str:
    """Give what two writings of one address have in common; what is no address stands for itself."""
    try:
        return Mailbox.parse(address).address.key
    except InvalidAddress:
        return address.casefold()


def _shown(wanted: Expected) -> str:
    return f"/{wanted.pattern}/" if isinstance(wanted, re.Pattern) else repr(wanted)


def _complaint(
    wanted: _Wanted,
    misses: list[tuple[OutboxMessage, list[str]]],
    fitting: int,
    count: int | None,
) -> str:
    if fitting:
        return f"{fitting} mails fit {wanted}, and {count} were expected"
    if not misses:
        return f"no mail was sent; expected was {wanted}"
    lines = [f"none of {len(misses)} mails fits {wanted}; the nearest:"]
    for message, missing in sorted(misses, key=lambda one: len(one[1]))[:_SHOWN]:
        lines.append(f"  {message.subject!r} to {', '.join(message.to)}")
        lines.extend(f"    {line}" for line in missing)
    return "\n".join(lines)
