"""A mapping by address that can be asked with text as well."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Generic, TypeVar, final, overload

from mailsend.errors import InvalidAddress
from mailsend.model.mailbox import Address, Mailbox

__all__ = ["ByAddress"]

V = TypeVar("V")
D = TypeVar("D")


@final
class ByAddress(Mapping[Address, V], Generic[V]):
    """Values by address, in the order given, never changed.

    ``mapping["bob@example.org"]``, an Address and a Mailbox find the same value; text that is no
    address is simply not in it.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[Address, V] | None = None) -> None:
        self._values: dict[Address, V] = dict(values or {})

    def __getitem__(self, key: Address | Mailbox | str) -> V:
        if isinstance(key, Mailbox):
            return self._values[key.address]
        if isinstance(key, str):
            try:
                return self._values[Address.parse(key)]
            except InvalidAddress:
                raise KeyError(key) from None
        return self._values[key]

    @overload
    def get(self, key: Address | Mailbox | str) -> V | None: ...
    @overload
    def get(self, key: Address | Mailbox | str, default: V) -> V: ...
    @overload
    def get(self, key: Address | Mailbox | str, default: D) -> V | D: ...
    def get(self, key: Address | Mailbox | str, default: object = None) -> object:
        """Give the value, or ``default`` where there is none."""
        try:
            return self[key]
        except KeyError:
            return default

    def __contains__(self, key: object) -> bool:
        try:
            self[key]  # type: ignore[index]  # any object may be asked for; only some can be found
        except (KeyError, TypeError):
            return False
        return True

    # The views that Mapping would give ask for each value by its key, and every mail is read by them.
    def keys(self) -> KeysView[Address]:
        """Give the addresses."""
        return self._values.keys()

    def values(self) -> ValuesView[V]:
        """Give the values."""
        return self._values.values()

    def items(self) -> ItemsView[Address, V]:
        """Give the addresses with their values."""
        return self._values.items()

    def __iter__(self) -> Iterator[Address]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ByAddress):
            return self._values == other._values
        if not isinstance(other, Mapping):
            return NotImplemented
        return len(self) == len(other) and all(
            key in self and self[key] == value for key, value in other.items()
        )

    def __hash__(self) -> int:
        return hash(frozenset(self._values))

    def __repr__(self) -> str:
        return repr({str(address): value for address, value in self._values.items()})
