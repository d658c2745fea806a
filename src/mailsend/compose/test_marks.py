"""What a test copy says of itself: a banner, a mark in the subject, and the true recipients (M35)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape

from mailsend.compose.calendar import ATTACHED_MAILS, is_calendar, without_method
from mailsend.model.attachment import Attachment
from mailsend.model.content import Content

__all__ = ["SUBJECT_MARK", "harmless", "with_test_marks"]

SUBJECT_MARK = "[TEST]"

_METHOD = re.compile(r';\s*method(?:\*[0-9*]*)?=(?:"(?:[^"\\]|\\.)*"|[^;"\\]*)', re.IGNORECASE)
# Comments and raw texts come first, so that no <body> in them is taken for the real one.
_BODY = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))"
    r"|<(style|script|title|textarea)\b.*?(?:</\1\b|\Z)"
    r"|(?P<body><body\b[^<>]*+>)",
    re.IGNORECASE | re.DOTALL,
)
_BANNER: Mapping[str, str] = {
    "en": "Test copy: test mode is on. Without it, this mail would go to {recipients}.",
    "de": "Testkopie: Der Testmodus ist eingeschaltet. Ohne ihn ginge diese Mail an {recipients}.",
}
_STYLE = (
    "margin:0;padding:12px 16px;background-color:#fff4ce;color:#3d2f00;border-bottom:2px solid #c98a00;"
    "font:14px/20px Arial,Helvetica,sans-serif;"
)


def with_test_marks(content: Content, recipients: tuple[str, ...], locale: str) -> Content:
    """Give the content with the mark and the banner; ``recipients`` are the real ones, as text."""
    words = _BANNER.get(locale.partition("-")[0], _BANNER["en"])
    banner = words.format(recipients=", ".join(recipients))
    return replace(
        content,
        subject=f"{SUBJECT_MARK} {content.subject}".rstrip(),
        text=None if content.text is None else f"{banner}\n\n{content.text}",
        html=None if content.html is None else _into_html(content.html, banner),
    )


def harmless(file: Attachment) -> Attachment:
    """Give a calendar file without METHOD, so that no program answers it; most others as they are.

    An attached mail may hold an invitation, and goes as a mere file.
    """
    if file.media_type in ATTACHED_MAILS:
        return replace(file, content_type="application/octet-stream")
    if not is_calendar(file.media_type, (file.filename,)):
        return file
    charset = _charset(file.data)
    data = without_method(file.data.decode(charset)).encode(charset)
    content_type = _METHOD.sub("", file.content_type)
    if (data, content_type) == (file.data, file.content_type):
        return file
    return replace(file, data=data, content_type=content_type)


def _charset(data: bytes) -> str:
    try:
        data.decode()
    except UnicodeDecodeError:
        return "latin-1"  # whatever it is, METHOD is found and all else comes back unchanged
    return "utf-8"


def _into_html(html: str, banner: str) -> str:
    box = f'<div role="note" style="{_STYLE}">{escape(banner)}</div>'
    at = next((found.end() for found in _BODY.finditer(html) if found["body"]), 0)
    return html[:at] + box + html[at:]
