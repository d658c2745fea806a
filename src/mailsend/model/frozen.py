"""Values that nobody changes: a mapping, and dataclasses that are made soon."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, NoReturn, TypeVar, final

__all__ = ["FrozenDict", "by_slots"]

C = TypeVar("C", bound=type)
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


def by_slots(cls: C) -> C:
    """Give a frozen dataclass with slots an ``__init__`` that fills each slot itself.

    That of ``dataclass`` finds each by its name once more, and takes half as long again. It takes
    and makes the same; a field that it does not take may have no default.
    """
    names: dict[str, Any] = {"absent": MISSING}
    taken, body = ["self"], []
    for one in sorted((one for one in fields(cls) if one.init), key=lambda one: bool(one.kw_only)):
        parameter = value = one.name
        names[f"put_{one.name}"] = getattr(cls, one.name).__set__
        if one.default_factory is not MISSING:
            names[f"make_{one.name}"] = one.default_factory
            parameter += "=absent"
            value = f"make_{one.name}() if {one.name} is absent else {one.name}"
        elif one.default is not MISSING:
            names[f"default_{one.name}"] = one.default
            parameter += f"=default_{one.name}"
        if one.kw_only and "*" not in taken:
            taken.append("*")
        taken.append(parameter)
        body.append(f" put_{one.name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        body.append(" self.__post_init__()")
    exec(f"def __init__({', '.join(taken)}):\n" + "\n".join(body), names)  # noqa: S102 - our own names alone
    made, before = names["__init__"], vars(cls)["__init__"]
    for name in ("__module__", "__qualname__", "__annotations__"):
        setattr(made, name, getattr(before, name))
    type.__setattr__(cls, "__init__", made)
    return cls
