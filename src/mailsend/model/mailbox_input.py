"""What callers may write where mailboxes are asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from typing import Any

from mailsend.errors import InvalidAddress, InvalidMessage
from mailsend.model.mailbox import Address, Mailbox

__all__ = ["read_mailbox", "read_mailboxes", "read_sender"]

_LIKE_AN_ADDRESS = re.compile(r'[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>"]+\Z')
_ADVICE = "Give text, (name, address), a Mailbox or an Address."


def read_mailbox(value: object, *, field: str = "") -> Mailbox:
    """Give the one mailbox that ``value`` means: text, ``(name, address)``, Mailbox or Address.

    Raises InvalidAddress for text that is none or more than one, InvalidMessage for other kinds.
    """
    if isinstance(value, Mailbox):
        return value
    if isinstance(value, Address):
        return Mailbox("", value)
    if isinstance(value, str):
        return Mailbox.parse(value, field=field)
    pair = _pair(value)
    if pair is None:
        why = f"a mailbox is asked for, not {type(value).__name__}"
        raise InvalidMessage(field, why, advice=_ADVICE)
    if _is_first_of_two(pair[0], field):
        why = "there are two addresses, and one is asked for"
        raise InvalidAddress(f"{pair[0]}, {pair[1]}", why, field=field, position=len(pair[0]))
    return _named(pair, field)


def read_sender(value: object, *, field: str = "") -> Mailbox:
    """Give the mailbox as ``read_mailbox`` does; senders are few, so their text is read once."""
    return _sender(value, field) if isinstance(value, str) else read_mailbox(value, field=field)


@lru_cache(maxsize=256)
def _sender(text: str, field: str) -> Mailbox:
    return Mailbox.parse(text, field=field)


def read_mailboxes(value: object, *, field: str = "") -> tuple[Mailbox, ...]:
    """Give the mailboxes that ``value`` means: one, or an iterable of these; ``""`` and None are none.

    A tuple of two texts is ``(name, address)`` unless its first part is itself an address. Raises
    InvalidAddress that tells the place as ``field[n]``, InvalidMessage for other kinds.
    """
    if value is None or (isinstance(value, (str, tuple)) and not value):
        return ()
    if isinstance(value, (str, Mailbox, Address)):
        return (read_mailbox(value, field=field),)
    pair = _pair(value)
    if pair is not None and not _is_first_of_two(pair[0], f"{field}[0]"):
        return (_named(pair, field),)
    if isinstance(value, (Mapping, Set)):
        why = f"mailboxes need an order, and a {type(value).__name__} has none"
        raise InvalidMessage(field, why, advice="Give a list or a tuple.")
    if not isinstance(value, Iterable) or isinstance(value, (bytes, bytearray, memoryview)):
        why = f"mailboxes are asked for, not {type(value).__name__}"
        raise InvalidMessage(field, why, advice=_ADVICE)
    several: Iterable[Any] = value
    return tuple(read_mailbox(one, field=f"{field}[{n}]") for n, one in enumerate(several))


def _pair(value: object) -> tuple[str, str] | None:
    if isinstance(value, tuple) and len(value) == 2:
        first, second = value
        if isinstance(first, str) and isinstance(second, str):
            return first, second
    return None


def _is_first_of_two(first: str, field: str) -> bool:
    """Whether a pair's first part is a mailbox of its own, not a name.

    What looks like an address and is none raises: as a name it would be a recipient lost.
    """
    try:
        Mailbox.parse(first, field=field)
    except InvalidAddress:
        if _LIKE_AN_ADDRESS.match(first):
            raise
        return False
    return True


def _named(pair: tuple[str, str], field: str) -> Mailbox:
    address = Address.parse(pair[1], field=field)
    try:
        return Mailbox(pair[0].strip(" "), address)
    except InvalidAddress as fault:
        raise fault.at(field) from None
