"""The envelope (RFC 5321, 2.3.1)."""

from __future__ import annotations

import pickle

import pytest

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model.address import Address, Mailbox
from mailsend.model.envelope import NULL_REVERSE_PATH, Envelope, NullReversePath

ANN = Address.parse("ann@example.com")
BOB = Address.parse("bob@example.org")


def test_an_envelope_takes_addresses_and_text():
    """Text becomes addresses; one recipient may stand alone."""
    assert Envelope(reverse_path="ann@example.com", recipients=["bob@example.org", ANN]) == Envelope(
        reverse_path=ANN, recipients=(BOB, ANN)
    )
    assert Envelope(reverse_path=ANN, recipients="bob@example.org").recipients == (BOB,)


@pytest.mark.parametrize("text", ["", "<>"])
def test_the_null_reverse_path_is_a_value(text):
    """An empty reverse-path is the null reverse-path, equal to any other one (5321, 4.5.5)."""
    envelope = Envelope(reverse_path=text, recipients=[BOB])
    assert envelope.reverse_path == NULL_REVERSE_PATH == NullReversePath()
    assert hash(envelope.reverse_path) == hash(NullReversePath())
    assert (str(envelope.reverse_path), repr(envelope.reverse_path)) == ("", "NULL_REVERSE_PATH")


@pytest.mark.parametrize("recipients", [BOB, Mailbox("Bob", BOB), [Mailbox("Bob", BOB)], iter([BOB])])
def test_a_mailbox_gives_its_address(recipients):
    """Names stand in no envelope; one recipient needs no list."""
    envelope = Envelope(reverse_path=Mailbox("Ann", ANN), recipients=recipients)
    assert envelope == Envelope(reverse_path=ANN, recipients=(BOB,))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"recipients": ()}, "recipients: an envelope needs at least one recipient"),
        ({"recipients": None}, "recipients: addresses are expected, not None"),
        ({"recipients": b"bob@example.org"}, "recipients: addresses are expected, not bytes"),
        ({"recipients": [BOB, 5]}, "recipients[1]: an address is expected, not int"),
        ({"recipients": [None]}, "recipients[0]: an address is expected, not None"),
        ({"reverse_path": None}, "reverse_path: an address is expected, not None"),
        ({"reverse_path": 5}, "reverse_path: an address is expected, not int"),
    ],
)
def test_what_is_no_address_is_named(fields, says):
    """InvalidMessage says what is wrong with an envelope, and what to give instead."""
    with pytest.raises(InvalidMessage) as caught:
        Envelope(**{"reverse_path": ANN, "recipients": [BOB], **fields})
    assert (str(caught.value), bool(caught.value.advice)) == (says, True)


def test_an_envelope_travels():
    """Pickled, an envelope is equal, with the null reverse-path too."""
    envelope = Envelope(reverse_path="", recipients=[BOB])
    assert pickle.loads(pickle.dumps(envelope)) == envelope


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"reverse_path": "x", "recipients": [BOB]}, "reverse_path"),
        ({"reverse_path": ANN, "recipients": [BOB, "x"]}, "recipients[1]"),
    ],
)
def test_a_wrong_address_is_named_with_its_place(fields, where):
    """InvalidAddress tells which field held what is no address."""
    with pytest.raises(InvalidAddress) as caught:
        Envelope(**fields)
    assert caught.value.field == where


def test_only_a_local_part_that_is_not_ascii_needs_smtputf8():
    """Domains go as A-labels; a non-ASCII local part needs RFC 6531."""
    idn = Address.parse("a@münchen.example")
    assert not Envelope(reverse_path=idn, recipients=[idn]).needs_smtputf8
    assert not Envelope(reverse_path="", recipients=[BOB]).needs_smtputf8
    assert Envelope(reverse_path="jörg@example.com", recipients=[BOB]).needs_smtputf8
    assert Envelope(reverse_path=ANN, recipients=["jörg@example.com"]).needs_smtputf8
