"""What notices say to people, in their language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from mailsend.compose.report_parts import diagnostic
from mailsend.model.given_up import OPEN, GivenUp, GivenUpRecipient
from mailsend.model.report import Outcome
from mailsend.model.words import catalogue, phrase

__all__ = ["digest_subject", "digest_text", "notice_subject", "notice_text"]

_MOST_LINES: Final = 100
_LONGEST_SUBJECT: Final = 120


def notice_subject(mail: GivenUp, locale: str) -> str:
    """Give the subject of a notice of one mail; it repeats the mail's where that may be shown."""
    if mail.sensitive or not mail.subject:
        return _say("mail.subject_untold", locale)
    return _say("mail.subject", locale, subject=_shortened(mail.subject))


def notice_text(mail: GivenUp, locale: str) -> str:
    """Give the text of a notice of one mail."""
    open_ = [one for one in mail.recipients if one.outcome in OPEN]
    unknown = [one for one in mail.recipients if one.outcome is Outcome.UNKNOWN]
    lines = [_say("mail.opening", locale), ""]
    for one in mail.failed:
        lines.extend(_failed(one, locale))
    lines.extend(_others("mail.open", open_, locale))
    lines.extend(_others("mail.unknown", unknown, locale))
    lines += ["", f"{_say('mail.about', locale)}:"]
    if mail.subject and not mail.sensitive:
        lines.append(f"  {_say('mail.about_subject', locale, subject=_shortened(mail.subject))}")
    lines.append(f"  {_say('mail.about_arrived', locale, arrived=_time(mail.arrived))}")
    lines.append(f"  {_say('mail.about_id', locale, id=mail.id)}")
    lines += ["", _say("mail.closing", locale), ""]
    return "\n".join(lines)


def digest_subject(count: int, locale: str) -> str:
    """Give the subject of a notice of several mails."""
    return _say("digest.subject", locale, count=count)


def digest_text(mails: Sequence[GivenUp], locale: str) -> str:
    """Give the text of a notice of several mails."""
    lines = [_say("digest.opening", locale, count=len(mails)), ""]
    for mail in mails[:_MOST_LINES]:
        shown = "" if mail.sensitive else _shortened(mail.subject)
        subject = shown or _say("digest.untold", locale)
        lines.append(_say("digest.line", locale, arrived=_time(mail.arrived), subject=subject, id=mail.id))
        lines += [line for one in mail.failed for line in _failed(one, locale)]
    if len(mails) > _MOST_LINES:
        lines += ["", _say("digest.more", locale, count=len(mails) - _MOST_LINES)]
    lines += ["", _say("digest.closing", locale), ""]
    return "\n".join(lines)


def _failed(one: GivenUpRecipient, locale: str) -> Iterator[str]:
    why = f"why.{one.reason}"
    if one.outcome is Outcome.EXPIRED:
        why = "why.expired"
    elif f"notice.{why}" not in catalogue(locale):
        why = "why.rejected"
    yield f"  {_say('mail.recipient', locale, address=one.address.unicode, why=_say(why, locale))}"
    if said := diagnostic(one):
        yield f"    {_say('mail.said', locale, server=one.server, reply=said)}"


def _others(key: str, several: Iterable[GivenUpRecipient], locale: str) -> Iterator[str]:
    shown = [f"  {one.address.unicode}" for one in several]
    if shown:
        yield from ("", _say(key, locale), *shown)


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _shortened(subject: str) -> str:
    return subject if len(subject) <= _LONGEST_SUBJECT else f"{subject[: _LONGEST_SUBJECT - 1]}…"


def _say(key: str, locale: str, **facts: Any) -> str:
    return phrase(f"notice.{key}", facts, locale)
