"""The stored Message: what was asked for, its template and values replaced by what they became.

From it a mail can be prepared anew without templates or values (house rule 3): for its release from
test mode, and to be sent again.
"""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from mailsend.errors import StoreError
from mailsend.model.address import Address, Mailbox
from mailsend.model.attachment import Attachment
from mailsend.model.content import Content
from mailsend.model.message import Invitation, Message
from mailsend.model.message_fields import NOTHING
from mailsend.model.original import Original
from mailsend.store.mails.written import as_octets

__all__ = ["read_asked", "template_of", "write_asked"]

VERSION: Final = 1

# What is kept as it is, with what goes without saying.
_PLAIN: Final[Mapping[str, Any]] = {
    "customer": None,
    "business_unit": None,
    "template": None,
    "locale": None,
    "headers": NOTHING,
    "tags": (),
    "metadata": NOTHING,
    "kind": "transactional",
    "actor": None,
    "auto_submitted": None,
    "require_tls": False,
    "reply_to_verified": False,
    "idempotency_key": None,
    "priority": 0,
}
_READ: Final = frozenset((*_PLAIN, "subject", "text", "html", "sensitive", "essential")) - {"template"}
_MAILBOXES: Final = ("to", "cc", "bcc", "reply_to")
_TIMES: Final = ("send_at", "expires_at")


def write_asked(
    message: Message, content: Content, *, locale: str | None = None, whole: bool = False
) -> bytes:
    """Give the message as JSON, with the content that it had, unmarked, in the place of template and values.

    ``locale`` is the language that a template was rendered in. Attachments stand there by the SHA-256
    of their bytes; with ``whole`` the bytes themselves do. The template's name stays, for people.
    """
    kept: dict[str, Any] = {"v": VERSION}
    for name, unsaid in _PLAIN.items():
        value = getattr(message, name)
        if value is not unsaid and value != unsaid:
            kept[name] = value
    for name in _MAILBOXES:
        if mailboxes := getattr(message, name):
            kept[name] = [(one.name, str(one.address)) for one in mailboxes]
    for name in _TIMES:
        if (time := getattr(message, name)) is not None:
            kept[name] = time.isoformat()
    if message.from_ is not None:
        kept["from_"] = (message.from_.name, str(message.from_.address))
    if message.bounce_to is not None:
        kept["bounce_to"] = str(message.bounce_to)
    if message.template is not None and locale is not None:
        kept["locale"] = locale
    if message.calendar is not None:
        kept["calendar"] = (message.calendar.ics, message.calendar.method)
    if content.related or message.attachments:
        kept["attachments"] = [
            _from_file(one, whole=whole) for one in (*content.related, *message.attachments)
        ]
    kept["sensitive"] = content.sensitive if message.sensitive is None else message.sensitive
    kept["essential"] = content.essential if message.essential is None else message.essential
    if message.original is None:
        kept["subject"], kept["text"], kept["html"] = content.subject, content.text, content.html
    else:
        # Its texts are views of its body, and no content of their own.
        kept["subject"], kept["original"] = message.subject, _from_original(message.original)
    return as_octets(kept)


def read_asked(data: bytes, blob: Callable[[str], bytes]) -> Message:
    """Give the Message that ``write_asked`` wrote; it prepares to the same content.

    ``blob`` gives the bytes of an attachment by their SHA-256. Raises StoreError for what was written
    by a later version.
    """
    kept = _read(data)
    fields: dict[str, Any] = {name: value for name, value in kept.items() if name in _READ}
    for name in _MAILBOXES:
        if name in kept:
            fields[name] = tuple([_mailbox(one) for one in kept[name]])
    for name in _TIMES:
        if name in kept:
            fields[name] = datetime.fromisoformat(kept[name])
    if "from_" in kept:
        fields["from_"] = _mailbox(kept["from_"])
    if "bounce_to" in kept:
        fields["bounce_to"] = Address.parse(kept["bounce_to"])
    if "attachments" in kept:
        fields["attachments"] = tuple([_to_file(one, blob) for one in kept["attachments"]])
    if "calendar" in kept:
        fields["calendar"] = Invitation(*kept["calendar"])
    if "original" in kept:
        fields["original"] = _to_original(kept["original"])
    return Message(**fields)


def template_of(data: bytes) -> str | None:
    """Give the name of the template that the content came from."""
    found: str | None = _read(data).get("template")
    return found


def _read(data: bytes) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(data.decode("utf-8", "surrogatepass"))
    if kept["v"] != VERSION:
        raise StoreError(
            f"a mail was stored in form {kept['v']}, and form {VERSION} is the newest that is known here",
            advice="Bring mailsend up to date where this was run.",
        )
    return kept


def _mailbox(pair: list[str]) -> Mailbox:
    return Mailbox(pair[0], Address.parse(pair[1]))


def _from_file(file: Attachment, *, whole: bool) -> dict[str, Any]:
    kept: dict[str, Any] = {"filename": file.filename, "content_type": file.content_type}
    if whole:
        kept["data"] = _text_of(file.data)
    else:
        kept["digest"] = file.digest
    if file.inline:
        kept["cid"] = file.cid
    return kept


def _to_file(kept: dict[str, Any], blob: Callable[[str], bytes]) -> Attachment:
    data = a2b_base64(kept["data"]) if "data" in kept else blob(kept["digest"])
    cid = kept.get("cid")
    return Attachment(kept["filename"], kept["content_type"], data, cid is not None, cid or "")


def _from_original(original: Original) -> dict[str, Any]:
    return {
        "content_fields": original.content_fields,
        "body": _text_of(original.body),
        "text": original.text,
        "html": original.html,
        "attachments": original.attachments,
        "date": original.date and original.date.isoformat(),
        "message_id": original.message_id,
        "findings": original.findings,
        "loop": original.loop,
    }


def _to_original(kept: dict[str, Any]) -> Original:
    return Original(
        content_fields=tuple([(name, value) for name, value in kept["content_fields"]]),
        body=a2b_base64(kept["body"]),
        text=kept["text"],
        html=kept["html"],
        attachments=tuple(kept["attachments"]),
        date=kept["date"] and datetime.fromisoformat(kept["date"]),
        message_id=kept["message_id"],
        findings=tuple(kept["findings"]),
        loop=kept["loop"],
    )


def _text_of(octets: bytes) -> str:
    return b2a_base64(octets, newline=False).decode()
