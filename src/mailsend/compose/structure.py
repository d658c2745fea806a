"""The nesting of a mail's parts: mixed(alternative(text, related(html, images), calendar), files)."""

from __future__ import annotations

from functools import cache

from mailsend.compose.bodies import base64_lines, encode_text, is_utf8
from mailsend.compose.calendar import FILENAME, calendar_octets, method_fault
from mailsend.compose.entity import Entity, boundary_digest, multipart
from mailsend.compose.headers import structured
from mailsend.compose.letter import Letter
from mailsend.compose.parameters import filename_parameters, parameterised
from mailsend.errors import InvalidMessage
from mailsend.model.attachment import Attachment
from mailsend.model.lines import crlf, is_seven_bit
from mailsend.model.message import Invitation

__all__ = ["content_of"]

_OCTETS = "application/octet-stream"


def content_of(letter: Letter) -> Entity:
    """Give a letter's content; a level of nesting that would hold one part is left out."""
    text = [_text("plain", letter.text)] if letter.text is not None else []
    html = [_text("html", letter.html)] if letter.html is not None else []
    related = [_file(one, "inline") for one in letter.related] if html else []
    calendar: list[Entity] = []
    files = list(letter.attachments) if html else [*letter.related, *letter.attachments]
    attached = [_file(one, "attachment") for one in files]
    if letter.calendar is not None:
        calendar, invitation = _invitation(letter.calendar)
        attached.append(invitation)
    if not (text or html or calendar or attached):
        text = [_text("plain", "")]

    digest = boundary_digest(letter.boundary_seed, (*text, *html, *related, *attached))
    shown = _joined("related", f"=_rel_{digest}", [*html, *related])
    readable = _joined("alternative", f"=_alt_{digest}", [*text, *shown, *calendar])
    (whole,) = _joined("mixed", f"=_mix_{digest}", [*readable, *attached])
    return whole


def _joined(subtype: str, boundary: str, parts: list[Entity]) -> list[Entity]:
    return parts if len(parts) < 2 else [multipart(subtype, boundary, parts)]


def _text(subtype: str, text: str) -> Entity:
    encoding, octets = encode_text("text" if subtype == "plain" else subtype, text)
    return Entity(_text_fields(subtype, encoding), (octets,), plain=encoding == "7bit")


@cache
def _text_fields(subtype: str, encoding: str) -> bytes:
    fields = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n"
    return fields.encode()


def _invitation(calendar: Invitation) -> tuple[list[Entity], Entity]:
    """Give the part that calendar programs act on and the same bytes as a file (M31)."""
    fault = method_fault(calendar)
    if fault:
        raise InvalidMessage("calendar", fault, advice="Give METHOD and method the same value.")
    octets = base64_lines(calendar_octets(calendar.ics))
    parameters = [("charset", "utf-8")]
    if calendar.method:
        parameters.append(("method", calendar.method.upper()))
    encoding = "Content-Transfer-Encoding: base64\r\n"
    part = parameterised("Content-Type", "text/calendar", parameters) + encoding
    file = f"Content-Type: application/ics\r\n{encoding}" + parameterised(
        "Content-Disposition", "attachment", filename_parameters(FILENAME)
    )
    return [Entity(part.encode(), (octets,))], Entity(file.encode(), (octets,))


def _file(attachment: Attachment, disposition: str) -> Entity:
    media_type = attachment.media_type
    content_type = attachment.content_type
    carried = _carried(attachment.data) if media_type.startswith("message/") else None
    if carried is None and media_type.startswith(("message/", "multipart/")):
        # Neither may be in base64 (RFC 2046, 5.1 and 5.2.1), so it goes as a mere file.
        content_type = _OCTETS
    elif media_type.startswith("text/") and _is_unlabelled_utf8(attachment):
        content_type += "; charset=utf-8"
    encoding = "7bit" if carried is not None else "base64"
    fields = structured("Content-Type", content_type) + f"Content-Transfer-Encoding: {encoding}\r\n"
    if attachment.cid:
        fields += structured("Content-ID", f"<{attachment.cid}>")
    fields += parameterised("Content-Disposition", disposition, filename_parameters(attachment.filename))
    if carried is not None:
        return Entity(fields.encode(), (carried,), plain=True)
    body = attachment.encoded
    return Entity(fields.encode(), (body,), closed=bool(body))


def _carried(message: bytes) -> bytes | None:
    """Give an attached mail in CRLF lines where it can go as it is, else None."""
    lines = crlf(message)
    # LF or CRLF throughout can be told from a line end that is data.
    same = lines == message or b"\r" not in message
    return lines if same and is_seven_bit(lines) else None


def _is_unlabelled_utf8(attachment: Attachment) -> bool:
    return "charset=" not in attachment.content_type.lower() and is_utf8(attachment.data)
