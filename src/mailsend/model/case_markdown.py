"""A case file as a Markdown document; nothing that others wrote can become markup in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from mailsend.model.case_file import CaseFile, Found
from mailsend.model.report import Outcome
from mailsend.model.stored_mail import StoredAttempt, StoredRecipient
from mailsend.model.words.log import say

__all__ = ["written"]

_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>|#~!&])")
_SUMMARY: Final = (
    *("requested", "senders", "recipients", "servers", "ways", "templates", "actors", "providers"),
    "outcomes",
)


def written(case: CaseFile, locale: str) -> str:
    """Give the document; times are UTC."""
    return "\n".join(_Writer(case, locale).lines()) + "\n"


class _Writer:
    def __init__(self, case: CaseFile, locale: str) -> None:
        self._case = case
        self._locale = locale

    def lines(self) -> Iterator[str]:
        case = self._case
        yield f"# {self._say('title', query=_safe(case.query) or '*')}"
        yield ""
        number = case.number
        found = self._say("mails.one") if number == 1 else self._say("mails.many", number=f"{number:,}")
        yield self._say("made", at=_at(case.made_at), found=found)
        if number > len(case.found):
            yield self._say("cut", shown=len(case.found))
        if not case.found:
            yield ""
            yield self._say("nothing")
            return
        yield from self._heading("overview")
        yield from self._facts(self._overview())
        yield from self._heading("unseen")
        yield self._say("unseen.words")
        for one in case.found:
            yield from self._mail(one)

    def _overview(self) -> Iterator[tuple[str, str]]:
        case = self._case
        yield "first", _at(case.first)
        yield "last", _at(case.last)
        for name in _SUMMARY:
            words = ", ".join(_safe(one) for one in case.summary[name])
            yield name, words or self._say("unknown" if name == "providers" else "none")
        number = case.bounces
        yield "bounces", self._say("bounces.some", number=number) if number else self._say("bounces.none")

    def _mail(self, one: Found) -> Iterator[str]:
        mail = one.mail
        yield ""
        yield f"## {self._say('mail', id=_safe(mail.id))}"
        yield ""
        if mail.in_test_mode:
            yield f"**{self._say('test_copy')}**"
            yield ""
        yield from self._facts(self._facts_of(one))
        for who in mail.recipients:
            yield from self._recipient(who, one.providers.get(who.address, ""))
        yield from self._attempts(mail.attempts)
        if mail.decisions:
            yield from self._heading("decisions", 3)
            yield from (f"- {_safe(line)}" for line in mail.explain(self._locale).splitlines())
        if mail.events:
            yield from self._heading("events", 3)
            for event in mail.events:
                told = self._say("event", at=_at(event.at), act=_safe(event.act), by=_safe(event.by))
                why = ". ".join(_safe(part) for part in (event.reason, _in_words(event.facts)) if part)
                yield f"- {told}{f': {why}' if why else ''}"

    def _facts_of(self, one: Found) -> Iterator[tuple[str, str]]:
        mail = one.mail
        asked = mail.requested and mail.requested != mail.sender
        sender = _safe(mail.sender_mailbox)
        yield "subject", self._say("subject.hidden") if mail.sensitive else _safe(mail.subject)
        yield "queued", _at(mail.queued_at)
        yield "ended", _at(mail.done_at)
        yield (
            "state",
            _safe(
                " ".join(part for part in (mail.state, mail.reason, mail.why_it_waits(self._locale)) if part)
            ),
        )
        yield "message_id", _safe(mail.message_id)
        yield "customer", _safe(" / ".join(part for part in (mail.customer, mail.business_unit) if part))
        yield "from", f"{sender} ({self._say('asked')}: {_safe(mail.requested)})" if asked else sender
        yield "reply_to", _safe(mail.reply_to)
        yield "reverse_path", _safe(mail.reverse_path) or _safe(self._say("null_path"))
        yield "template", _safe(mail.template)
        yield "actor", _safe(mail.actor)
        yield "way", _safe(mail.how)
        yield "linked", _safe(mail.linked_to or "")
        yield "links", ", ".join(_safe(f"{link.id} ({link.how}, {link.state})") for link in one.links)

    def _recipient(self, who: StoredRecipient, provider: str) -> Iterator[str]:
        yield ""
        yield f"### {self._say('who', address=_safe(who.address))} ({who.field})"
        yield ""
        outcome = _outcome(who.outcome, who.reason)
        reply = " ".join(str(part) for part in (who.code, who.enhanced, who.reply) if part)
        yield from self._facts(
            (
                ("provider", _safe(provider) or self._say("unknown")),
                ("outcome", _safe(outcome)),
                ("reply", _safe(reply)),
            )
        )
        if who.outcome is Outcome.ACCEPTED:
            took = "took" if who.queue_id else "took.no_id"
            yield ""
            yield self._say(took, server=_safe(who.server), queue_id=_safe(who.queue_id))

    def _attempts(self, attempts: Iterable[StoredAttempt]) -> Iterator[str]:
        yield from self._heading("attempts", 3)
        some = False
        for one in attempts:
            some = True
            source = _safe(one.source_ip) or self._say("source.unknown")
            outcome = _outcome(one.outcome, one.reason)
            told = {"at": _at(one.started), "server": _safe(one.server), "source": source}
            yield f"- {self._say('attempt', **told, outcome=_safe(outcome))}"
            if one.conversation:
                yield ""
                yield from (f"      {_plain(str(line))}" for line in one.conversation)
                yield ""
        if not some:
            yield self._say("no_attempts")

    def _heading(self, name: str, level: int = 2) -> Iterator[str]:
        yield from ("", f"{'#' * level} {self._say(name)}", "")

    def _facts(self, facts: Iterable[tuple[str, str]]) -> Iterator[str]:
        for name, text in facts:
            if text:
                yield f"- **{self._say(name)}**: {text}"

    def _say(self, name: str, **facts: object) -> str:
        return say(f"case.{name}", self._locale, **facts)


def _plain(text: str) -> str:
    """Give text as one line, without what would move a cursor or turn a direction."""
    return "".join(one if one.isprintable() else " " for one in text)


def _safe(text: str) -> str:
    return _MARKS.sub(r"\\\1", _plain(text))


def _at(time: datetime | None) -> str:
    return "" if time is None else f"{time:%Y-%m-%d %H:%M:%S} UTC"


def _outcome(outcome: str, reason: str) -> str:
    return outcome if reason in ("", outcome) else f"{outcome} {reason}"


def _in_words(facts: object) -> str:
    return json.dumps(facts, ensure_ascii=False, sort_keys=True) if facts else ""
