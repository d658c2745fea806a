"""Which header fields a caller may set (M27)."""

from __future__ import annotations

import pytest

from mailsend.model.header_rules import HeaderFault, HeaderRefused, header_fault


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("From", "from_"),
        ("SENDER", "from_ (Sender is not written)"),
        ("Reply-To", "reply_to"),
        ("To", "to"),
        ("Cc", "cc"),
        ("Bcc", "bcc"),
        ("Subject", "subject"),
        ("Date", "send_at"),
        ("Message-ID", "nothing: mailsend makes it, and the report tells it"),
        ("MIME-Version", "nothing: mailsend writes it"),
        ("Content-Type", "text, html, attachments, locale"),
        ("Content-Anything", "text, html, attachments, locale"),
        ("Return-Path", "bounce_to"),
        ("Errors-To", "bounce_to"),
        ("Received", "nothing: servers write it"),
        ("Delivered-To", "nothing: servers write it"),
        ("Resent-From", "a new Message"),
        ("DKIM-Signature", "dkim_keys in the settings"),
        ("ARC-Seal", "nothing: relays write it"),
        ("Authentication-Results", "nothing: receivers write it"),
        ("Auto-Submitted", "auto_submitted"),
        ("X-Auto-Response-Suppress", "auto_submitted"),
        ("List-Unsubscribe", "nothing: transactional mail cannot be unsubscribed from"),
        ("List-Unsubscribe-Post", "nothing: transactional mail cannot be unsubscribed from"),
        ("Disposition-Notification-To", "nothing: transactional mail asks for no receipts"),
        ("Return-Receipt-To", "nothing: transactional mail asks for no receipts"),
        ("X-Mailsend-Id", "metadata"),
    ],
)
def test_a_reserved_field_names_what_to_use_instead(name, instead):
    """Each field that mailsend or a server writes is refused with the field to use."""
    assert header_fault(name, "x") == HeaderFault(
        name=name, reason=HeaderRefused.HEADER_RESERVED, instead=instead
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("References", "<a@b.example>"),
        ("References", "<a@b.example> <c@d.example>"),
        ("References", "<a@b.example>\t<c@d.example>"),
        ("In-Reply-To", "<a@b.example>"),
        ("Importance", "High"),
        ("X-Priority", "1"),
        ("X-Priority", "1 (Highest)"),
        ("Feedback-ID", "1:2:3:shop"),
        ("List-Id", "<orders.suite.example>"),
        ("List-Id", "Orders <orders.suite.example>"),
        ("List-Help", "<mailto:help@suite.example>"),
        ("List-Help", "<https://suite.example/help>, <mailto:help@suite.example>"),
        ("List-Post", "NO"),
        ("List-Post", "<mailto:post@suite.example>"),
        ("List-Owner", "<mailto:owner@suite.example>"),
        ("List-Archive", "<https://suite.example/archive>"),
        ("Comments", "anything at all – ä"),
        ("Keywords", "order, shop"),
        ("Organization", "Acme"),
        ("Thread-Topic", "Order"),
        ("X-Order", "4711"),
        ("x-order", "ä"),
    ],
)
def test_an_allowed_field_with_a_sound_value_passes(name, value):
    """What M27 lists may be set."""
    assert header_fault(name, value) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("References", "a@b.example"),
        ("References", "<a@b.example>,<c@d.example>"),
        ("In-Reply-To", "<a b@c.example>"),
        ("Importance", "urgent"),
        ("X-Priority", "0"),
        ("X-Priority", "12"),
        ("Feedback-ID", "a b"),
        ("Feedback-ID", "x" * 201),
        ("List-Id", "orders.suite.example"),
        ("List-Help", "mailto:help@suite.example"),
        ("List-Post", "no"),
        ("List-Owner", "<mailto:a@b.example> <mailto:c@d.example>"),
        ("List-Archive", "<>"),
        ("X-Order", ""),
        ("X-Order", "  "),
        ("Comments", " "),
    ],
)
def test_a_value_against_the_fields_syntax_is_refused(name, value):
    """Each structured field is checked by its own syntax, and none may be empty."""
    assert header_fault(name, value) == HeaderFault(name=name, reason=HeaderRefused.HEADER_SYNTAX)


@pytest.mark.parametrize(
    "character", ["\r", "\n", "\x00", "\x0b", "\x1f", "\x7f", "\ud800", "\u2028", "\u2029"]
)
@pytest.mark.parametrize("name", ["X-Order", "Comments", "References"])
def test_a_control_character_in_a_value_is_refused(name, character):
    """No value can end its line."""
    assert header_fault(name, f"a{character}Bcc: x@y.example") == HeaderFault(
        name=name, reason=HeaderRefused.HEADER_CONTROL_CHARACTERS
    )


@pytest.mark.parametrize("name", ["", "X Order", "X-Order:", "X-Ördner", "X-A\r\nBcc", "X" * 77, "X-Order\n"])
def test_a_name_that_is_none_is_refused(name):
    """A field's name is printable ASCII without a colon (RFC 5322, 3.6.8)."""
    assert header_fault(name, "x") == HeaderFault(name=name, reason=HeaderRefused.HEADER_NAME)


@pytest.mark.parametrize("name", ["Precedence", "Priority", "Foo", "X"])
def test_any_other_field_is_refused(name):
    """What is not listed may not be set."""
    assert header_fault(name, "x") == HeaderFault(name=name, reason=HeaderRefused.HEADER_UNKNOWN)
