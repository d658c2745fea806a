"""Secrets: values that do their work and never show themselves."""

from __future__ import annotations

import hmac
from typing import Final, final

__all__ = ["SHORTEST_KEY", "Secret"]

SHORTEST_KEY: Final = 16
"""Characters of a secret key from which other keys are derived."""


@final
class Secret:
    """A password, a private key or a token.

    It compares in constant time, and neither ``repr``, ``str``, formatting nor pickling shows it;
    ``reveal()`` is the only way to its text, so that every use can be found by that word. Raises
    ValueError for bytes that are no UTF-8.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | bytes) -> None:
        self._text = _decoded(text) if isinstance(text, bytes) else text

    def reveal(self) -> str:
        """Give the secret itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        # An error of encoding would hold the text.
        return hmac.compare_digest(
            self._text.encode("utf-8", "surrogatepass"), other._text.encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not written down")


def _decoded(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        pass  # the error holds the octets
    raise ValueError("a secret is text in UTF-8")
