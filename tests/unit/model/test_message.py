"""What an application asks for, checked for grammar when it is made."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model.address import Address, Mailbox
from mailsend.model.attachment import Attachment
from mailsend.model.message import AddressReason, Invitation, Message
from mailsend.model.secret import Secret
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
        ({"to": 5}, "to: mailboxes are asked for, not int"),
        ({"bounce_to": 5}, "bounce_to: a mailbox is asked for, not int"),
        ({"subject": b"x"}, "subject: text is expected, not bytes"),
        ({"customer": 7}, "customer: text is expected, not int"),
        ({"kind": None}, "kind: text is expected, not None"),
        ({"values": [1]}, "values: a mapping is expected, not list"),
        ({"values": None}, "values: a mapping is expected, not None"),
        ({"values": {1: "a"}}, "values[1]: names are text"),
        ({"headers": [("X-A", "1")]}, "headers: a mapping is expected, not list"),
        ({"headers": {"X-A": 1}}, "headers['X-A']: text is expected, not int"),
        ({"metadata": {1: "a"}}, "metadata[1]: names are text"),
        ({"metadata": {"a": 1}}, "metadata['a']: text is expected, not int"),
        ({"tags": 5}, "tags: tags are expected, not int"),
        ({"tags": {"a": "b"}}, "tags: tags are expected, not dict"),
        ({"tags": ["a", 5]}, "tags[1]: text is expected, not int"),
        ({"attachments": None}, "attachments: attachments are expected, not None"),
        ({"attachments": "a.pdf"}, "attachments: attachments are expected, not str"),
        ({"attachments": ["a.pdf"]}, "attachments[0]: an Attachment is expected, not str"),
        ({"calendar": "BEGIN:VCALENDAR"}, "calendar: an Invitation is expected, not str"),
        ({"original": b"From: x"}, "original: an Original is expected, not bytes"),
        ({"sensitive": "no"}, "sensitive: True or False is expected, not str"),
        ({"essential": 1}, "essential: True or False is expected, not int"),
        ({"auto_submitted": "no"}, "auto_submitted: True or False is expected, not str"),
        ({"require_tls": None}, "require_tls: True or False is expected, not None"),
        ({"reply_to_verified": 1}, "reply_to_verified: True or False is expected, not int"),
        ({"priority": "high"}, "priority: a whole number is expected, not str"),
        ({"priority": True}, "priority: a whole number is expected, not bool"),
        ({"send_at": "tomorrow"}, "send_at: a datetime is expected, not str"),
        ({"expires_at": 5}, "expires_at: a datetime is expected, not int"),
        ({"send_at": datetime(2026, 1, 1)}, "send_at: a time without a time zone"),
        ({"expires_at": datetime(2026, 1, 1)}, "expires_at: a time without a time zone"),
        ({"send_at": datetime(9999, 12, 31, tzinfo=UTC)}, "send_at: the year 9999"),
        ({"locale": 5}, "locale: text is expected, not int"),
        (
            {"idempotency_key": "k" * 256},
            "idempotency_key: 256 characters are too many for a key, 255 are the most",
        ),
        ({"locale": ""}, "locale: '' is no language tag"),
        ({"locale": "../../x"}, "locale: '../../x' is no language tag"),
        ({"locale": "de\r\nX-Evil: 1"}, r"locale: 'de\r\nX-Evil: 1' is no language tag"),
        ({"locale": "x" * 300}, f"locale: '{'x' * 59}… is no language tag"),
    ],
)
def test_a_value_of_a_wrong_kind_is_named(fields, says):
    """InvalidMessage says which field expects what, and what to give instead."""
    with pytest.raises(InvalidMessage) as caught:
        Message(**fields)
    assert str(caught.value) == says
    assert caught.value.advice


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((b"BEGIN:VCALENDAR",), "calendar.ics: text is expected, not bytes"),
        (("BEGIN:VCALENDAR", None), "calendar.method: text is expected, not None"),
    ],
)
def test_an_invitation_is_text(parts, says):
    """A calendar object and its method are text."""
    with pytest.raises(InvalidMessage) as caught:
        Invitation(*parts)
    assert (str(caught.value), bool(caught.value.advice)) == (says, True)


@pytest.mark.parametrize(
    "bounce_to",
    [
        "b@customer.example",
        "Bounces <b@customer.example>",
        ("Bounces", "b@customer.example"),
        Mailbox.parse("Bounces <b@customer.example>"),
        Address.parse("b@customer.example"),
    ],
)
def test_bounces_go_to_an_address(bounce_to):
    """Of a mailbox, a pair or text with a name the address alone is kept."""
    assert Message(bounce_to=bounce_to).bounce_to == Address.parse("b@customer.example")


def test_a_language_has_its_usual_spelling():
    """The locale is a tag as RFC 5646 writes it, however it was typed."""
    assert Message(locale="zh_hant_tw").locale == "zh-Hant-TW"


@pytest.mark.parametrize("travel", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy])
def test_a_message_travels(travel):
    """Pickled or copied deeply a message is equal, and its mappings are as frozen as before."""
    message = Message(
        from_=("Ann", "ann@customer.example"),
        to="bob@example.org",
        template="welcome",
        values={"order": {"number": 4711}},
        headers={"X-A": "b"},
        metadata={"c": "d"},
        attachments=[FILE],
        calendar=Invitation("BEGIN:VCALENDAR"),
        send_at=datetime(2026, 1, 1, tzinfo=UTC),
    )

    arrived = travel(message)

    assert arrived == message
    with pytest.raises(TypeError):
        arrived.values["a"] = 3


def test_a_secret_among_the_values_does_not_travel():
    """What holds a secret is not written down."""
    with pytest.raises(TypeError, match="a Secret is not written down"):
        pickle.dumps(Message(values={"token": Secret("hunter2")}))


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


def test_a_field_that_people_filled_wrongly_becomes_a_refusal():
    """from_untrusted raises nothing for a value of a wrong kind either."""
    refusal = Message.from_untrusted(to="bob@example.org", locale="../x")
    assert refusal == Refusal(
        step="address",
        reason=AddressReason.INVALID_FIELD,
        facts={"field": "locale", "why": "'../x' is no language tag"},
        advice='Write it as "de", "de-CH" or "zh-Hant-TW".',
    )
    assert refusal.explain() == "Refused: locale: '../x' is no language tag."
    assert refusal.explain("de") == "Abgelehnt: locale: '../x' is no language tag."


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
