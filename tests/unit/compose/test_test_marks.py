"""What a test copy says of itself, and what it takes the sting from (M35)."""

from __future__ import annotations

import pytest

from mailsend.compose.test_marks import harmless, with_test_marks
from mailsend.model.attachment import Attachment
from mailsend.model.content import Content

ICS = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize(
    ("filename", "content_type", "left"),
    [
        ("invite.ics", "text/calendar; method=REQUEST; charset=utf-8", "text/calendar; charset=utf-8"),
        ("invite.ics", "application/octet-stream", "application/octet-stream"),
        ("invite", "text/calendar", "text/calendar"),
    ],
)
def test_an_attached_invitation_loses_its_method(filename, content_type, left):
    """A calendar file of a test copy asks nobody for an answer, by content or by type."""
    made = harmless(Attachment.from_bytes(ICS, filename=filename, content_type=content_type))
    assert (made.data, made.filename, made.content_type) == (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n",
        filename,
        left,
    )


@pytest.mark.parametrize(
    "file",
    [
        Attachment.from_bytes(b"METHOD:REQUEST", filename="a.txt"),
        Attachment.from_bytes(b"\xff\xfe", filename="a.ics"),
    ],
)
def test_other_files_stay_as_they_are(file):
    """What is no calendar, or no text, is not touched."""
    assert harmless(file) is file


def test_a_locale_without_words_of_its_own_gets_english():
    """The banner is in English or German."""
    content = Content(subject="Bonjour", text="Bonjour")
    marked = with_test_marks(content, ("bob@example.org",), "fr-CH")
    assert marked == Content(
        subject="[TEST] Bonjour",
        text=("Test copy: test mode is on. Without it, this mail would go to bob@example.org.\n\nBonjour"),
    )
