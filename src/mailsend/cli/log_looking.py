"""``mailsend log search`` and ``show``: mails in a list, and one mail whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from mailsend.cli.content_showing import content_document, tell_content
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.log_asking import joined
from mailsend.cli.output import Output, shortened
from mailsend.cli.shell_quotes import tell_lost_quotes
from mailsend.cli.viewing import write_file
from mailsend.cli.wrong_option import check_place
from mailsend.mailer import Mailer
from mailsend.model.mail_document import listed_document, mail_document
from mailsend.model.report import Outcome
from mailsend.model.stored_mail import StoredAttempt, StoredEvent, StoredMail, StoredRecipient
from mailsend.model.words import why_it_waits

__all__ = [
    "COLUMNS",
    "HIDDEN",
    "columns_named",
    "head",
    "search_in",
    "show_one",
    "tell_mail",
    "told_moment",
    "told_time",
]

_SHOWN: Final = "%Y-%m-%d %H:%M"
_USUAL: Final = "queued,id,state,from,to,subject,outcome"
HIDDEN: Final = "(sensitive)"
_Cell = Callable[[StoredMail, ZoneInfo], str]

COLUMNS: Final[Mapping[str, _Cell]] = {
    "id": lambda mail, _: mail.id,
    "message-id": lambda mail, _: mail.message_id,
    "queue-id": lambda mail, _: mail.queue_id,
    "queued": lambda mail, zone: told_time(mail.queued_at, zone),
    "tried": lambda mail, zone: told_time(mail.tried_at, zone),
    "done": lambda mail, zone: told_time(mail.done_at, zone),
    "state": lambda mail, _: "frozen" if mail.frozen else str(mail.state),
    "reason": lambda mail, _: ", ".join(_reasons(mail)),
    "outcome": lambda mail, _: ", ".join(_outcomes(mail)),
    "code": lambda mail, _: ", ".join(
        _each(f"{one.code} {one.enhanced}".strip() for one in mail.recipients if one.code)
    ),
    "customer": lambda mail, _: mail.customer or "",
    "unit": lambda mail, _: mail.business_unit or "",
    "from": lambda mail, _: mail.sender,
    "requested": lambda mail, _: mail.requested,
    "reply-to": lambda mail, _: shortened(mail.reply_to),
    "to": lambda mail, _: _several([one.address for one in mail.recipients]),
    "subject": lambda mail, _: HIDDEN if mail.sensitive else shortened(mail.subject),
    "template": lambda mail, _: mail.template,
    "actor": lambda mail, _: shortened(mail.actor),
    "tags": lambda mail, _: shortened(", ".join(mail.tags)),
    "kind": lambda mail, _: mail.kind,
    "how": lambda mail, _: mail.how,
    "size": lambda mail, _: f"{mail.size:,}",
    "attempts": lambda mail, _: str(mail.attempts_made),
    "server": lambda mail, _: mail.server,
    "source-ip": lambda mail, _: mail.attempts[-1].source_ip if mail.attempts else "",
}


def columns_named(columns: str | None) -> list[str]:
    """Give the columns that were asked for, else the usual ones; raises CommandFailed."""
    names = [one.strip() for one in (columns or _USUAL).split(",") if one.strip()]
    wrong = [one for one in names if one not in COLUMNS]
    if wrong:
        raise CommandFailed(
            Exit.USAGE, f"there is no column {', '.join(wrong)}", advice=f"There are: {', '.join(COLUMNS)}."
        )
    return names


def search_in(
    output: Output,
    mailer: Mailer,
    typed: Sequence[str] | None,
    *,
    limit: int,
    after: str | None,
    columns: str | None,
) -> int:
    """Show the mails that a query finds; on a terminal page by page."""
    names, query = columns_named(columns), joined(typed)
    zone = mailer.journal.zone()
    check_place(after)
    shown = 0
    while True:
        page = mailer.journal.search(query, limit=limit, after=after, attempts="source-ip" in names)
        output.document({"mails": [listed_document(one) for one in page.mails], "next": page.next})
        rows = [[COLUMNS[name](mail, zone) for name in names] for mail in page.mails]
        if rows:
            output.table([head(name, zone) for name in names], rows)
        shown += len(rows)
        if not shown:
            output.line("The log has nothing like this.")
            tell_lost_quotes(output, typed)
        if page.next is None:
            return Exit.OK
        if not _watched(output):
            output.line(f"There are more; the next ones: --after {page.next}")
            return Exit.OK
        if not _wants_more():
            return Exit.OK
        after = page.next


def show_one(
    output: Output,
    mailer: Mailer,
    id: str,
    *,
    conversation: bool,
    content: bool,
    eml: Path | None,
    locale: str,
    by: str,
) -> int:
    """Show one mail: what was decided, tried and done, and its content where that is asked for."""
    seen = mailer.journal.content(id, by=by) if content or eml is not None else None
    mail = mailer.journal.get(id)
    document = mail_document(mail)
    document["explained"] = mail.explain(locale).splitlines()
    if seen is not None and content:
        document["content"] = content_document(seen)
    if seen is not None and eml is not None:
        write_file(eml, seen.data)
        document["file"] = str(eml)
    output.document(document)
    tell_mail(output, mail, zone=mailer.journal.zone(), locale=locale, conversation=conversation)
    if seen is not None and content:
        tell_content(output, seen)
    if eml is not None:
        output.marked(True, f"The mail is in {eml}.")
    return Exit.OK


def tell_mail(
    output: Output, mail: StoredMail, *, zone: ZoneInfo, locale: str = "en", conversation: bool = False
) -> None:
    """Say all that is known of a mail but its content."""
    asked = f" (asked for: {mail.requested})" if mail.requested not in ("", mail.sender) else ""
    why = " ".join(part for part in (mail.reason, mail.why_it_waits(locale)) if part)
    facts = (
        ("id", mail.id),
        ("Message-ID", mail.message_id),
        ("state", f"{mail.state}{', frozen' if mail.frozen else ''}{f': {why}' if why else ''}"),
        ("queued", f"{told_moment(mail.queued_at, zone)} by {mail.how}"),
        ("ended", told_moment(mail.done_at, zone)),
        ("due", told_moment(mail.due_at, zone)),
        ("customer", " / ".join(part for part in (mail.customer, mail.business_unit) if part)),
        ("subject", HIDDEN if mail.sensitive else mail.subject),
        ("from", f"{mail.sender_mailbox}{asked}"),
        ("reply-to", mail.reply_to),
        ("bounces to", mail.reverse_path or "nobody (null reverse-path)"),
        ("template", mail.template),
        ("actor", mail.actor),
        ("tags", ", ".join(mail.tags)),
        ("test mode", "yes: it goes to the test address" if mail.in_test_mode else ""),
        ("size", f"{mail.size:,} bytes"),
        ("servers", ", ".join(name for _, name in mail.routes)),
        ("made from", mail.linked_to or ""),
    )
    for name, text in facts:
        if text:
            output.labelled(name, text)
    output.heading("Recipients")
    for who in mail.recipients:
        good = None if _is_open(who) else who.outcome is Outcome.ACCEPTED
        why = why_it_waits(who.reason, locale) if who.reason != mail.reason else ""
        output.marked(good, f"{who.field} {who.address}: {_told(who)}{f'. {why}' if why else ''}")
    if any(who.outcome is Outcome.ACCEPTED for who in mail.recipients):
        output.line("What follows once a server has accepted a mail is outside our view.", "dim")
    if mail.attempts:
        output.heading("Attempts")
    for tried in mail.attempts:
        _tell_attempt(output, tried, zone, conversation=conversation)
    if mail.decisions:
        output.heading("Decisions")
        output.block(mail.explain(locale))
    if mail.events:
        output.heading("Events")
    for event in mail.events:
        about = "".join(f" {who}" for who in _whom(mail, event))
        why = f": {event.reason}" if event.reason else ""
        output.line(f"{told_moment(event.at, zone)} {event.act}{about} by {event.by}{why}")


def _tell_attempt(output: Output, tried: StoredAttempt, zone: ZoneInfo, *, conversation: bool) -> None:
    source = f" from {tried.source_ip}" if tried.source_ip else ""
    reply = " ".join(str(part) for part in (tried.code, tried.enhanced, tried.reply) if part)
    reply = reply or ("" if tried.reason == tried.outcome else tried.reason)
    text = f"{told_moment(tried.started, zone)} {tried.outcome} by {tried.server}{source}"
    output.marked(tried.outcome is Outcome.ACCEPTED, f"{text}{f' ({reply})' if reply else ''}")
    if conversation:
        for line in tried.conversation:
            output.line(f"  {line}", "dim")


def _whom(mail: StoredMail, event: StoredEvent) -> list[str]:
    """Give the recipients that an event concerns, where it tells their places."""
    places = event.facts.get("recipients", ())
    return [who.address for place, who in enumerate(mail.recipients) if place in places]


def _wants_more() -> bool:
    try:
        return not input("Enter for more, q to end: ").strip().lower().startswith("q")
    except EOFError:  # Ctrl-D
        return False


def _watched(output: Output) -> bool:
    return output.on_terminal and sys.stdin.isatty() and sys.stdout.isatty()


def head(name: str, zone: ZoneInfo) -> str:
    """Give what stands over a column."""
    if name == "size":
        return "size (bytes)"
    return f"{name} ({zone.key})" if name in ("queued", "tried", "due", "done") else name


def told_time(time: datetime | None, zone: ZoneInfo) -> str:
    """Give a time as a column tells it, whose head names the zone."""
    return "" if time is None else time.astimezone(zone).strftime(_SHOWN)


def told_moment(time: datetime | None, zone: ZoneInfo) -> str:
    """Give a time that stands alone, to the second and with its zone."""
    return "" if time is None else time.astimezone(zone).strftime(f"{_SHOWN}:%S %Z")


def _is_open(who: StoredRecipient) -> bool:
    return who.outcome in (Outcome.PENDING, Outcome.DEFERRED, Outcome.HELD, Outcome.UNKNOWN)


def _told(who: StoredRecipient) -> str:
    reply = " ".join(str(part) for part in (who.code, who.enhanced, who.reply) if part)
    by = f" by {who.server}" if who.server else ""
    queue_id = f", queue id {who.queue_id}" if who.queue_id else ""
    said = reply or ("" if who.reason == who.outcome else who.reason)
    instead = f", sent to {who.envelope_address}" if who.envelope_address not in ("", who.address) else ""
    return f"{who.outcome}{by}{queue_id}{instead}{f' ({said})' if said else ''}"


def _outcomes(mail: StoredMail) -> list[str]:
    return _each(str(one.outcome) for one in mail.recipients)


def _reasons(mail: StoredMail) -> list[str]:
    return _each((mail.reason, *(one.reason for one in mail.recipients if one.reason != one.outcome)))


def _each(texts: Any) -> list[str]:
    return list(dict.fromkeys(one for one in texts if one))


def _several(addresses: list[str]) -> str:
    if len(addresses) < 2:
        return "".join(addresses)
    return f"{addresses[0]} and {len(addresses) - 1} more"
