"""The envelope: whom the servers see (RFC 5321, section 2.3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final

from mailsend.errors import InvalidMessage
from mailsend.model.address import Address, Mailbox

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
    """A reverse-path and at least one recipient; both may be given as text, a Mailbox gives its address.

    Raises InvalidAddress for text that is no address and InvalidMessage for no recipients or values
    of another kind.
    """

    reverse_path: ReversePath
    recipients: tuple[Address, ...]

    def __init__(
        self,
        *,
        reverse_path: Address | Mailbox | NullReversePath | str,
        recipients: Iterable[Address | Mailbox | str] | Address | Mailbox | str,
    ) -> None:
        path = reverse_path if isinstance(reverse_path, Address) else _reverse_path(reverse_path)
        several = _several(recipients)
        if not several:
            raise InvalidMessage(
                "recipients", "an envelope needs at least one recipient", advice="Name who shall get it."
            )
        object.__setattr__(self, "reverse_path", path)
        object.__setattr__(
            self,
            "recipients",
            tuple(
                [
                    one if isinstance(one, Address) else _address(one, f"recipients[{n}]", _RECIPIENT)
                    for n, one in enumerate(several)
                ]
            ),
        )

    @property
    def needs_smtputf8(self) -> bool:
        """Whether a local part is not ASCII, so that only SMTPUTF8 carries it (RFC 6531)."""
        return any(
            isinstance(one, Address) and one.needs_smtputf8 for one in (self.reverse_path, *self.recipients)
        )


_REVERSE_PATH: Final = "Give an Address or text; NULL_REVERSE_PATH is for delivery status notices alone."
_RECIPIENT: Final = "Give each recipient as an Address or as text."


def _reverse_path(given: object) -> ReversePath:
    if isinstance(given, NullReversePath) or (isinstance(given, str) and given in ("", "<>")):
        return NULL_REVERSE_PATH
    return _address(given, "reverse_path", _REVERSE_PATH)


def _several(given: object) -> tuple[object, ...]:
    if isinstance(given, tuple):
        return given
    if isinstance(given, (str, Address, Mailbox)):
        return (given,)
    if isinstance(given, Iterable) and not isinstance(given, (bytes, bytearray, memoryview)):
        return tuple(given)
    raise InvalidMessage("recipients", f"addresses are expected, not {_kind(given)}", advice=_RECIPIENT)


def _address(given: object, field: str, advice: str) -> Address:
    if isinstance(given, Mailbox):
        return given.address
    if isinstance(given, str):
        return Address.parse(given, field=field)
    raise InvalidMessage(field, f"an address is expected, not {_kind(given)}", advice=advice)


def _kind(given: object) -> str:
    return "None" if given is None else type(given).__name__
