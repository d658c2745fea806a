"""Quotes that the shell took away from a query, told of where it finds nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mailsend.cli.output import Output

__all__ = ["tell_lost_quotes"]

# A key with the beginning of its value, and the words behind it up to what is a key, a sign or an operator.
_LOST: Final = re.compile(
    r'(?P<before>(?:^|\s)-?[A-Za-z][A-Za-z-]*:)(?P<value>[^\s"()]+(?:\s+(?!OR\b|AND\b|-)[^\s"():]+(?!\S))+)'
)


def tell_lost_quotes(output: Output, typed: Sequence[str] | None) -> None:
    """Warn of a value with spaces in one word of the shell; what stands in words of its own is meant so.

    It is for whoever found nothing: ``customer:Kunde 3`` asks for the customer Kunde, and the word 3.
    """
    for one in typed or ():
        meant = _LOST.sub(lambda found: f'{found["before"]}"{found["value"]}"', one)
        if meant != one:
            output.warn(
                f"{one}: without quotes the value ends at the first space, and the shell takes quotes away;"
                f" for one value write '{meant}'"
            )
