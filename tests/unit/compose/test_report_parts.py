"""A delivery status notice as content, read by the standard library's parser (RFC 3464, RFC 6522)."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest

from mailsend.compose.headers import structured
from mailsend.compose.report_parts import delivery_report, diagnostic, status_of
from mailsend.model.address import Address
from mailsend.model.given_up import GivenUp, GivenUpRecipient
from mailsend.model.reply import Reply
from mailsend.model.report import Outcome

ARRIVED = datetime(2026, 11, 22, 8, 30, 15, tzinfo=UTC)
TRIED = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
HEADER = b"From: ann@rat.example\r\nTo: bob@example.org\r\nSubject: Hello\r\n"


def recipient(address="bob@example.org", outcome=Outcome.REJECTED, **more):
    return GivenUpRecipient(address=Address.parse(address), outcome=outcome, **more)


def report(*recipients, header=HEADER, words="It failed.\n", **more):
    """Give the notice's content, parsed."""
    mail = GivenUp(id="01mail", recipients=recipients, header=header, arrived=ARRIVED, **more)
    original = delivery_report(mail, words, reporting="suite.example", seed="01notice")
    fields = b"".join(structured(name, value).encode() for name, value in original.content_fields)
    return message_from_bytes(
        b"MIME-Version: 1.0\r\n" + fields + b"\r\n" + original.body, policy=policy.default
    )


def groups(parsed):
    """Give the fields of the status part, group by group."""
    _, status, _ = parsed.iter_parts()
    return [dict(one.items()) for one in status.get_payload()]


def test_it_has_three_parts_in_their_order():
    """Words for people, fields for programs, the header fields of the mail; and no defect in any."""
    parsed = report(recipient())
    assert parsed.get_content_type() == "multipart/report"
    assert parsed.get_param("report-type") == "delivery-status"
    parts = list(parsed.iter_parts())
    assert [one.get_content_type() for one in parts] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    assert parts[0].get_content() == "It failed.\r\n"
    assert parts[2].get_payload(decode=True) == HEADER
    assert [one.defects for one in (parsed, *parts)] == [[], [], [], []]


def test_a_rejected_recipient_is_told_field_by_field():
    """Whose mail, who said what, and when."""
    parsed = report(
        recipient(
            reply=Reply(550, "User unknown\nask them", "5.1.1"), server="mx.example.org:587", tried=TRIED
        )
    )
    assert groups(parsed) == [
        {
            "Reporting-MTA": "dns; suite.example",
            "Original-Envelope-Id": "01mail",
            "Arrival-Date": "Sun, 22 Nov 2026 08:30:15 +0000",
        },
        {
            "Original-Recipient": "rfc822; bob@example.org",
            "Final-Recipient": "rfc822; bob@example.org",
            "Action": "failed",
            "Status": "5.1.1",
            "Remote-MTA": "dns; mx.example.org",
            "Diagnostic-Code": "smtp; 550 5.1.1 User unknown ask them",
            "Last-Attempt-Date": "Wed, 25 Nov 2026 08:30:00 +0000",
        },
    ]


def test_who_is_still_tried_is_delayed_and_who_has_it_is_not_told_of():
    """A mail may have ended for one recipient and not for another."""
    parsed = report(
        recipient(),
        recipient("later@example.org", Outcome.DEFERRED),
        recipient("silent@example.org", Outcome.UNKNOWN),
        recipient("good@example.org", Outcome.ACCEPTED),
        tried=ARRIVED,
        tried_until=TRIED,
    )
    assert groups(parsed)[2:] == [
        {
            "Original-Recipient": "rfc822; later@example.org",
            "Final-Recipient": "rfc822; later@example.org",
            "Action": "delayed",
            "Status": "4.0.0",
            "Last-Attempt-Date": "Sun, 22 Nov 2026 08:30:15 +0000",
            "Will-Retry-Until": "Wed, 25 Nov 2026 08:30:00 +0000",
        }
    ]


@pytest.mark.parametrize(
    ("outcome", "reply", "status"),
    [
        (Outcome.REJECTED, Reply(550, "no", "5.7.1"), "5.7.1"),
        (Outcome.REJECTED, Reply(550, "no"), "5.0.0"),
        (Outcome.REJECTED, Reply(250, "odd", "2.0.0"), "5.0.0"),
        (Outcome.REJECTED, None, "5.0.0"),
        (Outcome.EXPIRED, Reply(451, "later", "4.7.1"), "4.7.1"),
        (Outcome.EXPIRED, Reply(451, "later"), "4.4.7"),
        (Outcome.EXPIRED, None, "4.4.7"),
        (Outcome.DEFERRED, None, "4.0.0"),
    ],
)
def test_the_status_is_the_last_word_or_says_what_kind_of_end_it_was(outcome, reply, status):
    """An enhanced status code as it was said; without one the class, or that the time was over."""
    assert status_of(recipient(outcome=outcome, reply=reply)) == status


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (None, ""),
        (Reply(0, ""), ""),
        (Reply(550, "Empf\u00e4nger\r\nX-Evil: yes\x00"), "550 Empf nger X-Evil: yes"),
        (Reply(550, "x" * 5000), f"550 {'x' * 796}"),
    ],
)
def test_what_a_server_said_stands_in_one_line_of_ascii(reply, said):
    """No server writes a field of its own into a notice, nor one without an end."""
    assert diagnostic(recipient(reply=reply)) == said


def test_letters_beyond_ascii_are_written_out_in_7_bit():
    """RFC 6533, section 3: the address has a type of its own, and each such letter its number."""
    parsed = report(recipient("b\u00f6b+x=1@example.org", server="m\u00fc"))
    assert groups(parsed)[1]["Final-Recipient"] == r"utf-8; b\x{F6}b\x{2B}x\x{3D}1@example.org"
    assert groups(parsed)[1]["Remote-MTA"] == "dns; m?"


def test_a_header_that_is_not_7_bit_is_encoded():
    """Raw UTF-8 stands in a header only where an address needs it (RFC 6532)."""
    header = "From: b\u00f6b@example.org\r\n".encode()
    *_, last = report(recipient(), header=header).iter_parts()
    assert last["Content-Transfer-Encoding"] in ("quoted-printable", "base64")
    assert last.get_payload(decode=True) == header


def test_words_that_are_not_7_bit_are_encoded():
    """Notices are written in German, too."""
    first, *_ = report(recipient(), words="Nicht \u00fcbergeben.\n").iter_parts()
    assert first.get_content() == "Nicht \u00fcbergeben.\r\n"


def test_no_content_can_end_a_part():
    """A line in the header or the words that looks like the boundary makes another boundary."""
    plain = report(recipient())
    boundary = plain.get_boundary()
    again = report(recipient(), words=f"--{boundary}\n")
    assert again.get_boundary() != boundary
    assert len(list(again.iter_parts())) == 3
