"""Assertions that say what came close when they fail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

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
    Bcc), as a part of text or HTML in ``contains``; a compiled pattern is searched for.
    ``attachment`` is a file name. ``count`` asks for exactly so many fitting mails. Raises
    AssertionError.
    """
    asked = {
        "subject": subject,
        "to": (to,) if isinstance(to, str) else to and tuple(to),
        "from_": from_,
        "contains": (contains,) if isinstance(contains, (str, re.Pattern)) else contains and tuple(contains),
        "attachment": attachment,
    }
    wanted = {name: value for name, value in asked.items() if value is not None}
    sent = tuple(outbox)
    misses = [(one, _missing(one, wanted)) for one in sent]
    fitting = [one for one, missing in misses if not missing]
    if fitting and count in (None, len(fitting)):
        return fitting[0]
    raise AssertionError(_complaint(wanted, misses, len(fitting), count))


def _missing(message: OutboxMessage, wanted: Mapping[str, object]) -> list[str]:
    """Say what does not fit, one line for each thing asked for."""
    lines = []
    for name, value in wanted.items():
        match name:
            case "subject" if not _fits(value, message.subject, whole=True):
                lines.append(f"subject is {message.subject!r}")
            case "to":
                everyone = {one.casefold() for one in (*message.to, *message.cc, *message.bcc)}
                missing = [one for one in value if one.casefold() not in everyone]  # type: ignore[attr-defined]
                if missing:
                    lines.append(f"to is {', '.join(sorted(everyone))}; not {', '.join(missing)}")
            case "from_" if not _fits(value, message.from_, whole=False):
                lines.append(f"from is {message.from_!r}")
            case "contains":
                bodies = f"{message.text or ''}\n{message.html or ''}"
                lines.extend(
                    f"neither text nor HTML contains {_shown(one)}"
                    for one in value  # type: ignore[attr-defined]
                    if not _fits(one, bodies, whole=False)
                )
            case "attachment" if value not in [one.filename for one in message.attachments]:
                names = ", ".join(one.filename for one in message.attachments) or "none"
                lines.append(f"attachments are {names}")
    return lines


def _fits(wanted: object, found: str, *, whole: bool) -> bool:
    if isinstance(wanted, re.Pattern):
        return wanted.search(found) is not None
    return wanted == found if whole else str(wanted) in found


def _shown(wanted: object) -> str:
    return f"/{wanted.pattern}/" if isinstance(wanted, re.Pattern) else repr(wanted)


def _complaint(
    wanted: Mapping[str, object],
    misses: list[tuple[OutboxMessage, list[str]]],
    fitting: int,
    count: int | None,
) -> str:
    asked = ", ".join(f"{name}={value!r}" for name, value in wanted.items()) or "any mail"
    if fitting:
        return f"{fitting} mails fit {asked}, and {count} were expected"
    if not misses:
        return f"no mail was sent; expected was {asked}"
    lines = [f"none of {len(misses)} mails fits {asked}; the nearest:"]
    for message, missing in sorted(misses, key=lambda one: len(one[1]))[:_SHOWN]:
        lines.append(f"  {message.subject!r} to {', '.join(message.to)}")
        lines.extend(f"    {line}" for line in missing)
    return "\n".join(lines)
