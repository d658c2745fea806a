"""Variable reverse-paths: a token behind the bounce address tells mail and recipient of a notice (M15)."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from typing import Final

from mailsend.errors import InvalidAddress
from mailsend.model.address import Address
from mailsend.model.bounce_tokens import DEFAULT_DELIMITER, BounceTokens

__all__ = ["LONGEST_TOKEN", "read_token", "reverse_path", "token"]

LONGEST_TOKEN: Final = 50  # octets

_DIGITS: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # base32 as our ids have it: no i, l, o, u
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_ID: Final = 26
_MARK: Final = 16  # digits for 80 bits
_MOST: Final = 32 ** (LONGEST_TOKEN - _ID - _MARK)
_TOKEN: Final = re.compile(
    rf"([{_DIGITS}]{{{_ID}}})([{_DIGITS}]{{1,{LONGEST_TOKEN - _ID - _MARK}}})([{_DIGITS}]{{{_MARK}}})\Z"
)
_OURS: Final = re.compile(rf"[{_DIGITS}]{{{_ID}}}\Z")
_LONGEST_READ: Final = 1000  # characters of what is given out for an address


def token(id: str, position: int, key: bytes) -> str:
    """Give the token of a recipient: our id of the mail, the recipient's position in it, 80 bits of HMAC.

    It is lower-case base32 of 43 octets and seldom more, and the same each time, since greylisting
    keys on it. Raises ValueError where ``id`` is none of ours or ``position`` is negative or huge.
    """
    if not _OURS.match(id) or not 0 <= position < _MOST:
        raise ValueError("a token is made of an id of ours and the place of a recipient")
    place = _base32(position)
    return f"{id}{place}{_mark(id, place, key)}"


def read_token(
    text: str, keys: Iterable[bytes], *, delimiter: str = DEFAULT_DELIMITER
) -> tuple[str, int] | None:
    """Give id and position that a token holds, where one of ``keys`` made it; None for anything else.

    ``text`` is an address, or its local part, as a notice names it: in any case, behind the bounce
    address and ``delimiter``, and behind what BATV (``prvs=``) and SRS put before it. Every key is
    tried, and compared in constant time.
    """
    if len(text) > _LONGEST_READ:
        return None
    local_part = text.strip().strip("<>").rpartition("@")[0] or text.strip()
    found = _TOKEN.match(local_part.strip('"').lower().rpartition(delimiter)[2])
    if found is None:
        return None
    mail, place, mark = found.groups()
    genuine = False
    for key in keys:
        genuine |= hmac.compare_digest(_mark(mail, place, key), mark)
    if not genuine or (len(place) > 1 and place[0] == "0"):
        return None
    position = 0
    for digit in place:
        position = 32 * position + _VALUES[digit]
    return mail, position


def reverse_path(address: Address, id: str, position: int, tokens: BounceTokens) -> Address:
    """Give the bounce address with the recipient's token; as it is where no token fits behind it."""
    try:
        made = token(id, position, bytes.fromhex(tokens.key.reveal()))
        return Address(f"{address.local_part}{tokens.delimiter}{made}", address.domain)
    except (InvalidAddress, ValueError):
        return address


def _base32(number: int) -> str:
    digits = _DIGITS[number % 32]
    while number := number // 32:
        digits = _DIGITS[number % 32] + digits
    return digits


def _mark(id: str, place: str, key: bytes) -> str:
    octets = hmac.digest(key, f"bounce\0{id}\0{place}".encode(), "sha256")[:10]
    number = int.from_bytes(octets)
    return "".join([_DIGITS[(number >> shift) & 31] for shift in range(75, -1, -5)])
