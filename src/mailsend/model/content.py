"""What a template became, or what the application wrote itself."""

from __future__ import annotations

from dataclasses import dataclass

from mailsend.model.attachment import Attachment
from mailsend.model.frozen import by_slots

__all__ = ["Content"]


@by_slots
@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Subject, text and HTML of one mail, and the inline parts that the HTML shows by ``cid:``."""

    subject: str = ""
    text: str | None = None
    html: str | None = None
    related: tuple[Attachment, ...] = ()
    template: str | None = None
    sensitive: bool = False
    essential: bool = False
