"""What callers may write where mailboxes are asked for."""

from __future__ import annotations

import pytest

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model.address import Address, Mailbox, read_mailbox, read_mailboxes

ANN = Mailbox("", Address.parse("ann@x.example"))
BOB = Mailbox("Bob", Address.parse("bob@y.example"))


@pytest.mark.parametrize(
    ("value", "mailbox"),
    [
        ("ann@x.example", ANN),
        (ANN.address, ANN),
        (ANN, ANN),
        ("Bob <bob@y.example>", BOB),
        (("Bob", "bob@y.example"), BOB),
        ((" Bob ", "<bob@y.example>"), BOB),
        (("", "ann@x.example"), ANN),
        (("Meier, Ann @ work", "ann@x.example"), Mailbox("Meier, Ann @ work", ANN.address)),
    ],
)
def test_one_mailbox_is_read(value: object, mailbox: Mailbox) -> None:
    """Text, a pair, a Mailbox and an Address say the same; as a list of one too."""
    assert read_mailbox(value, field="from_") == mailbox
    assert read_mailboxes(value, field="to") == (mailbox,)
    assert read_mailboxes([value], field="to") == (mailbox,)


@pytest.mark.parametrize("value", [None, "", (), [], iter(())])
def test_nothing_gives_no_mailboxes(value: object) -> None:
    """Every way of saying nothing is an empty tuple."""
    assert read_mailboxes(value, field="cc") == ()


@pytest.mark.parametrize(
    "value",
    [
        ["ann@x.example", "Bob <bob@y.example>"],
        ("ann@x.example", "Bob <bob@y.example>"),
        (one for one in ("ann@x.example", ("Bob", "bob@y.example"))),
        (ANN, BOB),
        (ANN.address, ("Bob", "bob@y.example")),
    ],
)
def test_several_mailboxes_are_read_in_order(value: object) -> None:
    """Any ordered iterable will do, and its kinds may be mixed."""
    assert read_mailboxes(value, field="to") == (ANN, BOB)


def test_two_texts_in_a_tuple_are_two_mailboxes_where_the_first_is_one() -> None:
    """A mailbox with a name in front is no name either."""
    assert read_mailboxes(("Bob <bob@y.example>", "ann@x.example"), field="to") == (BOB, ANN)


@pytest.mark.parametrize(
    ("value", "field", "position"),
    [
        ("a@x.example, b@y.example", "to", 11),
        (["ann@x.example", "nobody"], "to[1]", 6),
        (["ann@x.example", ""], "to[1]", 0),
        (["ann@x.example", ("Bob", "bob")], "to[1]", 3),
        (("Bob\n", "bob@y.example"), "to", 3),
        (("ann@x..example", "bob@y.example"), "to[0]", 4),
    ],
)
def test_a_fault_is_told_with_its_place(value: object, field: str, position: int) -> None:
    """The error names the field, the one of several and the character in it."""
    with pytest.raises(InvalidAddress) as caught:
        read_mailboxes(value, field="to")
    assert (caught.value.field, caught.value.position) == (field, position)


def test_two_addresses_are_not_one_sender() -> None:
    """A pair of addresses is never taken for a name and an address."""
    with pytest.raises(InvalidAddress) as caught:
        read_mailbox(("ann@x.example", "bob@y.example"), field="from_")
    assert str(caught.value) == (
        "from_: 'ann@x.example, bob@y.example' is not a valid address (at character 13): "
        "there are two addresses, and one is asked for"
    )


@pytest.mark.parametrize("value", [7, None, b"ann@x.example", ["ann@x.example"], ("Bob", 7), ("a", "b", "c")])
def test_one_mailbox_is_of_no_other_kind(value: object) -> None:
    """Other kinds of values are told by their name."""
    with pytest.raises(InvalidMessage) as caught:
        read_mailbox(value, field="from_")
    assert str(caught.value) == f"from_: a mailbox is asked for, not {type(value).__name__}"
    assert caught.value.advice == "Give text, (name, address), a Mailbox or an Address."


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (7, "to: mailboxes are asked for, not int"),
        (b"ann@x.example", "to: mailboxes are asked for, not bytes"),
        ({"ann@x.example"}, "to: mailboxes need an order, and a set has none"),
        ({"ann@x.example": "Ann"}, "to: mailboxes need an order, and a dict has none"),
        ([["ann@x.example"]], "to[0]: a mailbox is asked for, not list"),
    ],
)
def test_several_mailboxes_are_of_no_other_kind(value: object, why: str) -> None:
    """What has no order would give other bytes each time; what is no mailbox is told."""
    with pytest.raises(InvalidMessage) as caught:
        read_mailboxes(value, field="to")
    assert str(caught.value) == why
