"""The files in a finished mail that an application handed in whole."""

from __future__ import annotations

from mailsend.errors import InvalidAttachment
from mailsend.model.attachment import Attachment
from mailsend.model.mime_fields import HeaderField
from mailsend.model.mime_parts import Part, decoded, leaves, read_parts
from mailsend.model.original import Original

__all__ = ["files_in"]


def files_in(original: Original) -> tuple[Attachment, ...]:
    """Give what ``original.attachments`` names, in its order, each under the first of its names."""
    fields = tuple(HeaderField(name, value, b"") for name, value in original.content_fields)
    parts = leaves(read_parts(original.body, fields, 0))
    return tuple(_file(original.body, one) for one in parts if one.disposition == "attachment" or one.names)


def _file(body: bytes, part: Part) -> Attachment:
    name, octets = next(iter(part.names), ""), decoded(part.encoding, body[part.start : part.end])
    try:
        return Attachment.from_bytes(octets, filename=name, content_type=part.content_type)
    except InvalidAttachment:  # of a type that is none
        return Attachment.from_bytes(octets, filename=name, content_type="application/octet-stream")
