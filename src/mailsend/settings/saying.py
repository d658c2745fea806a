"""Which variable or file says a setting that is wrong, so that people need not look for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from mailsend.errors import InvalidSettings
from mailsend.settings.layers import Layer, leaves
from mailsend.settings.provenance import dotted, keys_by_layer, origin_of

__all__ = ["SaidBy", "named", "said_by"]

SaidBy = Callable[[str], str]

_INDEX: Final = re.compile(r"\[([0-9]+)\]")
_NAMED_ORIGINS: Final = ("environment: ", "secret files: ")


def said_by(data: Mapping[str, Any], layers: Sequence[Layer]) -> SaidBy:
    """Give what tells, for a dotted key, the variable and the file that say its value.

    It gives nothing for what stands in the settings file itself, and where several say parts of it.
    """

    @cache
    def known() -> list[tuple[str, str]]:
        by_layer = keys_by_layer(layers)
        files = {_plain(key): path for one in reversed(layers) for key, path in one.files.items()}
        keys = {key: _plain(dotted(key)) for key, _ in leaves(data) if key}
        return [(one, _told(origin_of(key, by_layer), _file(one, files))) for key, one in keys.items()]

    def tell(where: str) -> str:
        wanted = _plain(where)
        touched = {told for one, told in known() if _lies_in(wanted, one)}
        touched = touched or {told for one, told in known() if _lies_in(one, wanted)}
        return touched.pop() if len(touched) == 1 else ""

    return tell


def named(fault: InvalidSettings, layer: Layer) -> InvalidSettings:
    """Give ``fault`` with the variable or file of ``layer`` that says what is wrong."""
    name = said_by(layer.data, (layer,))(fault.where)
    return InvalidSettings(fault.where, f"{fault.why} (in {name})", advice=fault.advice) if name else fault


def _told(origin: str, file: str) -> str:
    names = [origin.removeprefix(one) for one in _NAMED_ORIGINS if origin.startswith(one)]
    return ", ".join([*names, *([file] if file else [])])


def _file(key: str, files: Mapping[str, str]) -> str:
    """Give the file that a key, or the table around it, was read from."""
    return next((path for named, path in files.items() if _lies_in(key, named)), "")


def _plain(path: str) -> str:
    """Give a dotted key with each index as a name, as variables write it."""
    return _INDEX.sub(r".\1", path)


def _lies_in(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")
