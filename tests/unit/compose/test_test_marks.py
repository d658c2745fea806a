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
        ("invite.vcs", "text/x-vcalendar", "text/x-vcalendar"),
        ("invite", 'application/ics; method="A;B"; x=1', "application/ics; x=1"),
        ("invite", "text/calendar; method*=utf-8''REQUEST", "text/calendar"),
        ("invite.ics", 'text/plain; x="a;method=\\"b"', 'text/plain; x="a\\"b"'),
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
        Attachment.from_bytes(b"BEGIN:VCALENDAR\nEND:VCALENDAR", filename="a.ics"),
    ],
)
def test_other_files_stay_as_they_are(file):
    """What is no calendar, or no text, is not touched."""
    assert harmless(file) is file


def test_an_invitation_in_latin_1_loses_its_method_and_nothing_else():
    """What is no UTF-8 is read octet by octet."""
    made = harmless(Attachment.from_bytes(ICS + b"X:\xfc\r\n", filename="a.ics"))
    assert made.data == b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\nX:\xfc\r\n"


def test_an_inline_invitation_stays_inline_under_its_cid():
    """The HTML still finds what it shows."""
    file = Attachment.from_bytes(ICS, filename="a.ics", inline=True, cid="x@inline")
    made = harmless(file)
    assert (made.inline, made.cid, b"METHOD" in made.data) == (True, "x@inline", False)


def test_an_attached_mail_is_a_mere_file_in_a_test_copy():
    """It may hold an invitation, and no program looks into a mere file for one."""
    file = Attachment.from_bytes(b"Subject: x\r\n\r\n", filename="a.eml", content_type="message/rfc822")
    assert harmless(file) == Attachment.from_bytes(
        file.data, filename="a.eml", content_type="application/octet-stream"
    )


def test_a_locale_without_words_of_its_own_gets_english():
    """The banner is in English or German."""
    content = Content(subject="Bonjour", text="Bonjour")
    marked = with_test_marks(content, ("bob@example.org",), "fr-CH")
    assert marked == Content(
        subject="[TEST] Bonjour",
        text=("Test copy: test mode is on. Without it, this mail would go to bob@example.org.\n\nBonjour"),
    )


BANNER = "Test copy: test mode is on. Without it, this mail would go to bob@example.org.</div>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('<html><body class="x">', "<p>Hi"),
        ("<BODY>", "<body>"),
        ("<!-- <body> --><body>", "x"),
        ("<!--><body>", "<!-- -->"),
        ("<!--[if !mso]><!--><body>", "<!--<![endif]-->"),
        ("<style>/* <body> */</style><title><body></title><body>", "x"),
        ("", "<p>no body"),
        ("", "<!-- <body> never closed"),
        ("", "<bodyguard>x"),
        ("", "<body " * 80000),
        ("", "<style <body>" * 9000),
    ],
)
def test_the_banner_stands_where_it_is_seen(before, after):
    """The banner follows the true start tag of the body, or stands first; never in a comment or a style."""
    marked = with_test_marks(Content(subject="s", html=before + after), ("bob@example.org",), "en")
    assert marked.html is not None
    start, _, rest = marked.html.partition('<div role="note"')
    assert (start, rest.partition(">")[2]) == (before, BANNER + after)
