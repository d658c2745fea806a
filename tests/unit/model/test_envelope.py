"""The envelope (RFC 5321, 2.3.1)."""

from __future__ import annotations

import pytest

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model.address import Address
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


def test_an_envelope_has_at_least_one_recipient():
    """No recipients is an error that says so."""
    with pytest.raises(InvalidMessage, match="recipients: an envelope needs at least one recipient"):
        Envelope(reverse_path=ANN, recipients=())


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
