"""What a stored mail says: its finished bytes, and the parts that people read."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailsend.model.attachment import Attachment

__all__ = ["StoredContent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredContent:
    """The content of one mail. ``data`` are the bytes that go out, lines ended by CRLF.

    ``attachments`` hold the files that were given and the images that the HTML shows.
    """

    subject: str
    text: str | None = field(repr=False)
    html: str | None = field(repr=False)
    attachments: tuple[Attachment, ...]
    data: bytes = field(repr=False)

    @property
    def header(self) -> str:
        """The header section as it stands in the bytes, without its empty line."""
        return self.data.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
