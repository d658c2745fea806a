"""The log written out: CSV with a row for each recipient, or JSON Lines with a mail on each."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final

from mailsend.model.mail_document import mail_document
from mailsend.model.plain_json import plain_json
from mailsend.model.stored_mail import StoredMail, StoredRecipient

__all__ = ["COLUMNS", "Format", "as_csv", "as_jsonl"]


class Format(StrEnum):
    """What the log can be written out as."""

    CSV = "csv"
    JSONL = "jsonl"


COLUMNS: Final = (
    *("id", "message_id", "queued_at", "tried_at", "done_at", "state", "customer", "business_unit"),
    *(
        "requested",
        "sender",
        "reply_to",
        "reverse_path",
        "subject",
        "template",
        "actor",
        "tags",
        "how",
        "kind",
    ),
    *("in_test_mode", "size", "attempts_made", "source_ip", "field", "recipient", "envelope_address"),
    *("outcome", "reason", "code", "enhanced", "reply", "server", "queue_id", "linked_to"),
)
_OBEYED: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
# What a spreadsheet would take for the beginning of a formula, full-width forms too.
_FORMULA: Final = tuple(
    "=+-@\t\r\n\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)


def as_csv(mails: Iterable[StoredMail], told: Callable[[int], object]) -> Iterator[str]:
    """Give a header row, and a row for each mail and recipient (RFC 4180).

    What a spreadsheet would compute has an apostrophe before it, and what a terminal would obey is
    replaced. ``told`` is told how many mails are done.
    """
    yield _row(COLUMNS)
    for number, mail in enumerate(mails, 1):
        for who in mail.recipients or (None,):
            yield _row(_cells(mail, who))
        told(number)


def as_jsonl(mails: Iterable[StoredMail], told: Callable[[int], object]) -> Iterator[str]:
    """Give each mail with its recipients and attempts as one line of JSON."""
    for number, mail in enumerate(mails, 1):
        document = mail_document(mail)
        del document["decisions"], document["events"]  # which lists do not read
        yield plain_json(json.dumps(document, ensure_ascii=False, separators=(",", ":"))) + "\n"
        told(number)


def _cells(mail: StoredMail, who: StoredRecipient | None) -> Iterator[str]:
    values: dict[str, object] = {name: getattr(mail, name) for name in COLUMNS if hasattr(mail, name)}
    values["subject"] = "" if mail.sensitive else mail.subject
    values["tags"] = ", ".join(mail.tags)
    values["source_ip"] = mail.attempts[-1].source_ip if mail.attempts else ""
    if who is not None:
        values |= {name: getattr(who, name) for name in COLUMNS if hasattr(who, name)}
        values["recipient"] = who.address
    return (_cell(values.get(name)) for name in COLUMNS)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.isoformat()
    text = "" if value is None else _OBEYED.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return f"'{text}" if text.startswith(_FORMULA) else text


def _row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
