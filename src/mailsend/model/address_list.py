"""Lists of mailboxes as header fields hold them, divided without being decoded (RFC 5322, 3.4)."""

from __future__ import annotations

import re

from mailsend.model.address import Mailbox

__all__ = ["read_address_list"]

_ORDINARY = re.compile(r'[^"()<>,:;\\]+')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+\\?"?')


def read_address_list(value: str, *, field: str) -> tuple[Mailbox, ...]:
    """Give the mailboxes of an address list; groups give their members, empty places nothing.

    Names are decoded only after the list has been divided, so that no encoded comma or bracket makes
    an address. Raises InvalidAddress that tells the place as ``field[n]``.
    """
    return tuple(
        Mailbox.parse(piece, field=f"{field}[{number}]") for number, piece in enumerate(_divided(value))
    )


def _divided(value: str) -> list[str]:
    pieces: list[str] = []
    piece: list[str] = []
    comment = 0
    in_brackets = in_group = False

    def close() -> None:
        text = "".join(piece).strip()
        piece.clear()
        if text:
            pieces.append(text)

    at = 0
    while at < len(value):
        char = value[at]
        if found := (_ORDINARY.match(value, at) or (not comment and _QUOTED.match(value, at))):
            piece.append(found.group())
            at = found.end()
            continue
        if char == "\\":
            char = value[at : at + 2]
        elif char == "(":
            comment += 1
        elif char == ")":
            comment -= comment > 0
        elif not comment and char in "<>":
            in_brackets = char == "<"
        elif not comment and not in_brackets and (char == "," or (char == ";" and in_group)):
            in_group = in_group and char == ","
            close()
            at += 1
            continue
        elif char == ":" and not comment and not in_brackets and not in_group:
            # The name of a group names nobody (RFC 5322, section 3.4).
            in_group = True
            piece.clear()
            at += 1
            continue
        piece.append(char)
        at += len(char)
    close()
    return pieces
