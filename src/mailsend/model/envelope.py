"""The envelope: whom the servers see (RFC 5321, section 2.3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final

from mailsend.errors import InvalidMessage
from mailsend.model.address import Address

__all__ = ["NULL_REVERSE_PATH", "Envelope", "NullReversePath", "ReversePath"]


@final
class NullReversePath:
    """The empty reverse-path ``<>`` of delivery status notices (RFC 5321, section 4.5.5)."""

    __slots__ = ()

    def __str__(self) -> str:
        return ""

    def __repr__(self) -> str:
        return "NULL_REVERSE_PATH"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NullReversePath)

    def __hash__(self) -> int:
        return hash(NullReversePath)


NULL_REVERSE_PATH: Final = NullReversePath()

ReversePath = Address | NullReversePath


@dataclass(frozen=True, slots=True, kw_only=True, init=False)
class Envelope:
    """A reverse-path and at least one recipient; both may be given as text.

    Raises InvalidAddress for text that is no address and InvalidMessage for no recipients.
    """

    reverse_path: ReversePath
    recipients: tuple[Address, ...]

    def __init__(
        self,
        *,
        reverse_path: Address | NullReversePath | str,
        recipients: Iterable[Address | str] | str,
    ) -> None:
        if isinstance(reverse_path, str):
            path: ReversePath = (
                NULL_REVERSE_PATH
                if reverse_path in ("", "<>")
                else Address.parse(reverse_path, field="reverse_path")
            )
        else:
            path = reverse_path
        several = (recipients,) if isinstance(recipients, str) else tuple(recipients)
        if not several:
            raise InvalidMessage("recipients", "an envelope needs at least one recipient")
        object.__setattr__(self, "reverse_path", path)
        object.__setattr__(
            self,
            "recipients",
            tuple(
                Address.parse(one, field=f"recipients[{n}]") if isinstance(one, str) else one
                for n, one in enumerate(several)
            ),
        )

    @property
    def needs_smtputf8(self) -> bool:
        """Whether a local part is not ASCII, so that only SMTPUTF8 carries it (RFC 6531)."""
        return any(
            isinstance(one, Address) and one.needs_smtputf8 for one in (self.reverse_path, *self.recipients)
        )
