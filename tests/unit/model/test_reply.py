"""Replies of servers (RFC 5321, 4.2; RFC 3463; RFC 2034)."""

from __future__ import annotations

import pytest

from mailsend.model.reply import Reply, Severity


@pytest.mark.parametrize(
    ("code", "text", "enhanced", "left"),
    [
        (250, "2.1.5 Recipient ok", "2.1.5", "Recipient ok"),
        (250, "2.1.5", "2.1.5", ""),
        (550, "5.1.1 Unknown\n5.1.1 Really", "5.1.1", "Unknown\nReally"),
        (550, "Unknown\n5.1.1 Really", "5.1.1", "Unknown\nReally"),
        (550, "5.1.1 a\n5.7.1 b", "5.1.1", "a\nb"),
        (550, "4.1.1 Unknown", None, "4.1.1 Unknown"),
        (550, "5.1.1234 Unknown", None, "5.1.1234 Unknown"),
        (550, "5.1.1x Unknown", None, "5.1.1x Unknown"),
        (250, "", None, ""),
    ],
)
def test_the_enhanced_code_is_read_off_the_front_of_a_line(code, text, enhanced, left):
    """The first enhanced code of the reply's own class counts, and is not repeated in the text."""
    assert Reply.of(code, text) == Reply(code, left, enhanced)


@pytest.mark.parametrize(
    ("code", "severity"),
    [
        (250, Severity.COMPLETION),
        (354, Severity.INTERMEDIATE),
        (421, Severity.TRANSIENT),
        (554, Severity.PERMANENT),
        (199, Severity.SENSELESS),
        (600, Severity.SENSELESS),
    ],
)
def test_the_first_digit_tells_the_severity(code, severity):
    """RFC 5321, 4.2.1 names the classes; anything else makes no sense."""
    assert Reply(code).severity is severity


def test_a_reply_is_shown_as_the_server_sent_it():
    """Code, enhanced code and text stand in a row; what is missing leaves no gap."""
    assert str(Reply(550, "Unknown", "5.1.1")) == "550 5.1.1 Unknown"
    assert str(Reply(250)) == "250"
