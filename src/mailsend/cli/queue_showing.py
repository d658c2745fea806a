"""The queue, told: in lists, mail by mail, and in figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mailsend.cli.content_showing import content_document, tell_content
from mailsend.cli.exits import Exit
from mailsend.cli.log_looking import HIDDEN, head, tell_mail, told_moment, told_time
from mailsend.cli.output import Output, counted, shortened
from mailsend.cli.queue_holds import tell_holds
from mailsend.cli.server_asking import person
from mailsend.cli.shell_quotes import tell_lost_quotes
from mailsend.cli.viewing import viewable_html, write_file
from mailsend.cli.wrong_option import check_place
from mailsend.mailer.clock import utc_now
from mailsend.model.attachment import safe_filename
from mailsend.model.mail_document import listed_document, mail_document

if TYPE_CHECKING:
    from mailsend.mailer import Mailer
    from mailsend.model.stored_content import StoredContent
    from mailsend.model.stored_mail import StoredMail

__all__ = ["list_of", "show_one", "stats_of"]


def list_of(
    output: Output, mailer: Mailer, query: Sequence[str] | None, *, after: str | None, limit: int
) -> int:
    """List open mails."""
    outbox = mailer.outbox
    check_place(after)
    page = outbox.search(" ".join(query or ()), limit=limit, after=after)
    holds = tell_holds(output, mailer)
    mails = [listed_document(one) for one in page.mails]
    output.document({"mails": mails, "next": page.next, "standing_holds": holds})
    if not page.mails:
        output.line("Nothing is in the queue." if not query else "Nothing in the queue is like that.")
        tell_lost_quotes(output, query)
        return Exit.OK
    now, zone = utc_now(), mailer.journal.zone()
    output.table(
        [
            head(one, zone)
            for one in ("id", "state", "due", "age", "size", "customer", "from", "to", "subject")
        ],
        [_row(one, now, zone) for one in page.mails],
    )
    if page.next:
        output.line(f"{counted(len(page.mails), 'mail')}; the next ones: --after {page.next}")
    return Exit.OK


def show_one(
    output: Output,
    mailer: Mailer,
    id: str,
    *,
    content: bool,
    raw: bool,
    save: Path | None,
    locale: str,
    by: str | None,
) -> int:
    """Show one mail."""
    mail = mailer.outbox.get(id)
    seen = mailer.outbox.content(id, by=person(by)) if content or raw or save is not None else None
    if raw and seen is not None:
        output.document({**mail_document(mail), "raw": seen.data.decode("utf-8", "replace")})
        output.block(seen.data.decode("utf-8", "replace"))
        return Exit.OK
    told = mail_document(mail)
    if seen is not None and content:
        told["content"] = content_document(seen)
    output.document(told)
    tell_mail(output, mail, zone=mailer.journal.zone(), locale=locale, conversation=True)
    if seen is not None and content:
        tell_content(output, seen)
    if seen is not None and save is not None:
        for one in _saved(mail, seen, save):
            output.labelled("written", str(one))
    return Exit.OK


def stats_of(output: Output, mailer: Mailer) -> int:
    """Say how full the queue is."""
    stats = mailer.outbox.stats()
    output.document(
        {
            "standing_holds": tell_holds(output, mailer),
            "states": dict(stats.states),
            "reasons": dict(stats.reasons),
            "servers": dict(stats.servers),
            "customers": dict(stats.customers),
            "frozen": stats.frozen,
            "due": stats.due,
            "oldest_due": stats.oldest_due,
            "next_due": _iso(stats.next_due),
        }
    )
    for state, many in stats.states.items():
        output.labelled(state, str(many))
    output.labelled("frozen", str(stats.frozen))
    late = "" if stats.oldest_due is None else f", the first of them for {_span(stats.oldest_due)}"
    output.labelled("due", f"{stats.due}{late}")
    if stats.next_due is not None:
        output.labelled("next", told_moment(stats.next_due, mailer.journal.zone()))
    for title, counts in (("held because of", stats.reasons), ("queued for", stats.customers)):
        if counts:
            output.heading(title)
            for name, many in counts.items():
                output.labelled(name or "(application)", str(many), indent=2)
    return Exit.OK


def _saved(mail: StoredMail, seen: StoredContent, folder: Path) -> list[Path]:
    written = [folder / f"{mail.id}.eml"]
    write_file(written[0], seen.data)
    page = viewable_html(seen.html, seen.attachments)
    if page is not None:
        written.append(folder / f"{mail.id}.html")
        write_file(written[-1], page.encode())
    for number, one in enumerate(seen.attachments, start=1):
        written.append(folder / safe_filename(f"{mail.id}-{number}-{one.filename}"))
        write_file(written[-1], one.data)
    return written


def _row(mail: StoredMail, now: datetime, zone: ZoneInfo) -> tuple[str, ...]:
    reason = f" ({mail.reason})" if mail.reason else ""
    to = [one.address for one in mail.recipients if one.field != "archive"]
    return (
        mail.id,
        f"{mail.state}{reason}{' frozen' if mail.frozen else ''}",
        told_time(mail.due_at, zone),
        _span((now - mail.queued_at).total_seconds()),
        f"{mail.size:,}",
        mail.customer or "",
        mail.sender,
        f"{to[0]}{f' and {len(to) - 1} more' if len(to) > 1 else ''}" if to else "",
        HIDDEN if mail.sensitive else shortened(mail.subject),
    )


def _span(seconds: float) -> str:
    for unit, many in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= many:
            return f"{seconds / many:.1f} {unit}"
    return f"{seconds:.0f} s"


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
