"""A mapping by address that can be asked with text."""

from __future__ import annotations

import copy
import pickle

import pytest

from mailsend.model.address import Address, ByAddress, Mailbox

ANN = Address.parse("ann@x.example")
BOB = Address.parse("bob@münchen.example")
VALUES = ByAddress({BOB: 1, ANN: 2})


def test_text_address_and_mailbox_find_the_same() -> None:
    """Whatever names the address finds its value, in any spelling of the domain."""
    assert VALUES[ANN] == VALUES["ann@X.example."] == VALUES[Mailbox("Ann", ANN)] == 2
    assert VALUES["bob@MÜNCHEN.example"] == VALUES.get("<bob@xn--mnchen-3ya.example>") == 1
    assert "ann@x.example" in VALUES
    assert ANN in VALUES


@pytest.mark.parametrize("key", ["Ann@x.example", "no address", "", Address.parse("c@x.example"), 4, []])
def test_what_is_not_in_it_is_not_found(key: object) -> None:
    """Text that is no address is simply not in it."""
    assert key not in VALUES


def test_a_missing_one_is_a_key_error() -> None:
    """Asking in brackets raises KeyError, asking with get gives the default."""
    for key in ("no address", "c@x.example"):
        with pytest.raises(KeyError):
            VALUES[key]
        assert VALUES.get(key) is None
        assert VALUES.get(key, 7) == 7


def test_the_order_given_is_kept() -> None:
    """Iterating gives the addresses as they came."""
    assert list(VALUES.items()) == [(BOB, 1), (ANN, 2)]
    assert len(VALUES) == 2
    assert len(ByAddress()) == 0


def test_it_equals_every_mapping_with_the_same_values() -> None:
    """Another one, a dict by address and a dict by text are equal; anything else is not."""
    assert ByAddress({ANN: 2, BOB: 1}) == VALUES
    assert hash(ByAddress({ANN: 2, BOB: 1})) == hash(VALUES)
    assert {ANN: 2, BOB: 1} == VALUES
    assert VALUES == {"ann@x.example": 2, "bob@münchen.example": 1}
    assert VALUES != {"ann@x.example": 2}
    assert VALUES != {"ann@x.example": 2, "c@x.example": 1}
    assert VALUES != {"ann@x.example": 2, "bob@münchen.example": 3}
    assert VALUES != 7


def test_it_shows_itself_as_a_dict_by_text() -> None:
    """People read addresses, not constructors."""
    assert repr(VALUES) == "{'bob@xn--mnchen-3ya.example': 1, 'ann@x.example': 2}"


def test_it_is_a_value() -> None:
    """It is copied and pickled like one, and does not follow the mapping it was made from."""
    source = {ANN: 1}
    made = ByAddress(source)
    source[ANN] = 2
    assert made == {ANN: 1}
    assert pickle.loads(pickle.dumps(VALUES)) == copy.deepcopy(VALUES) == VALUES
