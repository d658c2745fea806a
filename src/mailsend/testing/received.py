"""What the scripted server took, and what it heard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["Heard", "Received"]

_MOST: Final = 1_048_576  # octets that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One mail that the server took: its final dot was answered with 250, or was to be.

    ``data`` is the content as it was before dot-stuffing; ``user`` is who logged in, ``tls`` whether
    the connection was encrypted, ``connection`` its number (from 1); ``parameters`` are those of MAIL
    and RCPT.
    """

    reverse_path: str
    recipients: tuple[str, ...]
    data: bytes = field(repr=False)
    user: str | None
    tls: bool
    connection: int = 1
    mail_parameters: tuple[str, ...] = ()
    rcpt_parameters: tuple[str, ...] = ()


class Heard:
    """What came over all connections, secrets and content too, its first MiB: for proofs of absence."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def add(self, octets: bytes) -> None:
        """Keep what came, as far as there is room."""
        self._octets += octets[: _MOST - len(self._octets)]

    def __contains__(self, octets: bytes) -> bool:
        return octets in self._octets

    def __bytes__(self) -> bytes:
        return bytes(self._octets)

    def __repr__(self) -> str:
        return f"Heard({len(self._octets)} octets)"
