"""What an application asks for, checked for grammar when it is made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model.address import Address, Mailbox
from mailsend.model.attachment import Attachment
from mailsend.model.message import AddressReason, Message
from mailsend.model.submission import Refusal

FILE = Attachment.from_bytes(b"x", filename="a.txt")


def test_addresses_become_mailboxes_however_they_are_given():
    """Text, pairs, Mailbox, Address and sequences of these are taken."""
    message = Message(
        from_=("Ann Meier", "ann@customer.example"),
        to="Bob <bob@example.org>",
        cc=[Mailbox.parse("c@example.org"), Address.parse("d@example.org")],
        bcc=("e@example.org", "f@example.org"),
        reply_to=("Desk", "desk@customer.example"),
        bounce_to="b@customer.example",
    )
    assert message.from_ == Mailbox.parse("Ann Meier <ann@customer.example>")
    assert message.to == (Mailbox.parse("Bob <bob@example.org>"),)
    assert message.cc == (Mailbox.parse("c@example.org"), Mailbox.parse("d@example.org"))
    assert message.bcc == (Mailbox.parse("e@example.org"), Mailbox.parse("f@example.org"))
    assert message.reply_to == (Mailbox.parse("Desk <desk@customer.example>"),)
    assert message.bounce_to == Address.parse("b@customer.example")


def test_a_message_is_a_value():
    """Equal fields make equal messages, nothing can be set, and replace gives another one."""
    message = Message(to="bob@example.org", subject="a")
    assert message == Message(to=["bob@example.org"], subject="a")
    assert replace(message, subject="b") == Message(to="bob@example.org", subject="b")
    assert replace(message, bounce_to=Address.parse("b@c.example")).bounce_to is not None
    with pytest.raises(AttributeError):
        message.subject = "b"


def test_single_things_may_stand_for_sequences():
    """One attachment and one tag need no list."""
    message = Message(attachments=FILE, tags="order")
    assert (message.attachments, message.tags) == ((FILE,), ("order",))


def test_mappings_are_kept_as_they_were():
    """A later change to the caller's dictionary changes no message."""
    values = {"a": 1}
    message = Message(values=values, headers={"X-A": "b"}, metadata={"c": "d"})
    values["a"] = 2
    assert (message.values, message.headers, message.metadata) == ({"a": 1}, {"X-A": "b"}, {"c": "d"})
    with pytest.raises(TypeError):
        message.values["a"] = 3


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"from_": "x"}, "from_"),
        ({"to": ["bob@example.org", "x"]}, "to[1]"),
        ({"bounce_to": "x"}, "bounce_to"),
        ({"to": "bob@example.org\r\nBcc: x@y.example"}, "to"),
        ({"from_": "a@b.example, c@d.example"}, "from_"),
        ({"from_": "<@a.example:b@c.example>"}, "from_"),
    ],
)
def test_what_is_no_address_is_named_with_its_field(fields, field):
    """Grammar raises, and says where."""
    with pytest.raises(InvalidAddress) as caught:
        Message(**fields)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"subject": b"x"}, "subject: text is expected, not bytes"),
        ({"customer": 7}, "customer: text is expected, not int"),
        ({"values": [1]}, "values: a mapping is expected, not list"),
        ({"headers": {"X-A": 1}}, "headers['X-A']: names and values are text"),
        ({"metadata": {1: "a"}}, "metadata[1]: names and values are text"),
        ({"attachments": ["a.pdf"]}, "attachments[0]: an Attachment is expected, not str"),
        ({"send_at": datetime(2026, 1, 1)}, "send_at: a time without a time zone"),
        ({"expires_at": datetime(2026, 1, 1)}, "expires_at: a time without a time zone"),
    ],
)
def test_a_value_of_a_wrong_kind_is_named(fields, says):
    """InvalidMessage says which field expects what."""
    with pytest.raises(InvalidMessage) as caught:
        Message(**fields)
    assert str(caught.value) == says


def test_aware_times_are_kept():
    """send_at and expires_at keep their time zone."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    message = Message(send_at=at, expires_at=at)
    assert (message.send_at, message.expires_at) == (at, at)


def test_what_people_typed_becomes_a_message_or_a_refusal():
    """from_untrusted raises nothing for an address that is none."""
    assert Message.from_untrusted(to="bob@example.org") == Message(to="bob@example.org")
    refusal = Message.from_untrusted(to="bob@")
    assert isinstance(refusal, Refusal)
    assert (refusal.step, refusal.reason) == ("address", AddressReason.INVALID)
    assert {"field": "to", "text": "bob@"}.items() <= dict(refusal.facts).items()
    assert refusal.advice
    assert refusal.explain().startswith("Refused: to: 'bob@' is not a valid address: ")


def test_a_finished_mail_becomes_a_message():
    """from_mime takes bytes; From is the requested sender."""
    message = Message.from_mime(
        b"From: Ann <ann@customer.example>\r\nTo: bob@example.org\r\nSubject: Hello\r\n\r\nHello\r\n",
        customer="ratcatcher",
    )
    assert (str(message.from_), message.subject, message.customer) == (
        "Ann <ann@customer.example>",
        "Hello",
        "ratcatcher",
    )
