"""A mapping that nobody changes, and that other processes can be given."""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar, final

__all__ = ["FrozenDict"]

K = TypeVar("K")
V = TypeVar("V")


@final
class FrozenDict(dict[K, V]):
    """A dict that keeps what it was made with.

    It equals every mapping with the same items, can be pickled, copied deeply and written as JSON
    where its values can; what would change it raises TypeError.
    """

    __slots__ = ()

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("this mapping is part of a value and cannot be changed")

    __setitem__ = _refuse
    __delitem__ = _refuse
    __ior__ = _refuse
    clear = _refuse
    pop = _refuse
    popitem = _refuse
    setdefault = _refuse
    update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        # Pickle and deepcopy would fill it item by item.
        return FrozenDict, (dict(self),)
