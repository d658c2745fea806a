"""Layers of settings, merged: the sole door of pydantic_settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["LISTS_OF_TABLES", "Key", "Layer", "folded", "leaves", "merged", "read_toml"]

Key = tuple[str, ...]

LISTS_OF_TABLES = ("dkim_keys", "servers", "smarthosts")
_SHORT_FOR = {"smarthost": "smarthosts", "server": "servers", "domain": "domains"}
_PARTNER = {**_SHORT_FOR, **{several: one for one, several in _SHORT_FOR.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Settings from one source; ``origins`` tells more closely where single keys come from.

    ``files`` gives the file whose content is the value of a dotted key.
    """

    origin: str
    data: Mapping[str, Any] = field(repr=False)
    origins: Mapping[Key, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """Merge layers, the most important first, key by key; a list counts as one value.

    A layer may still say something about one table of a list, by its index.
    """
    from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

    visible = [dict(one.data) for one in layers]
    for index in range(1, len(visible)):
        for upper in visible[:index]:
            visible[index] = _not_hidden(visible[index], upper)

    class Merged(BaseSettings):
        data: dict[str, Any] = {}

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **__: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(InitSettingsSource(settings_cls, {"data": one}) for one in visible)

    unfolded: dict[str, Any] = _unfolded(Merged().data)
    return unfolded


def read_toml(path: Path) -> dict[str, Any]:
    """Give the settings that a TOML file holds; of ``pyproject.toml`` its table ``tool.mailsend``.

    Raises OSError, ValueError and RecursionError as reading and parsing do.
    """
    from pydantic_settings import (
        BaseSettings,
        PyprojectTomlConfigSettingsSource,
        SettingsConfigDict,
        TomlConfigSettingsSource,
    )

    class Described(BaseSettings):
        model_config = SettingsConfigDict(extra="allow", pyproject_toml_table_header=("tool", "mailsend"))

    kind = PyprojectTomlConfigSettingsSource if path.name == "pyproject.toml" else TomlConfigSettingsSource
    data: dict[str, Any] = kind(Described, path).toml_data
    return data


def folded(value: Any) -> Any:
    """Write lists of tables as tables by index, so that merging reaches into them."""
    if isinstance(value, Mapping):
        return {
            name: _by_index(one) if name in LISTS_OF_TABLES else folded(one) for name, one in value.items()
        }
    return value


def leaves(value: Any, key: Key = ()) -> Iterable[tuple[Key, Any]]:
    """Give every single value under its key; an index counts as a name."""
    if isinstance(value, Mapping) and value:
        for name, one in value.items():
            yield from leaves(one, (*key, str(name)))
    elif isinstance(value, (list, tuple)) and any(isinstance(one, Mapping) for one in value):
        for index, one in enumerate(value):
            yield from leaves(one, (*key, str(index)))
    else:
        yield key, value


def _not_hidden(data: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what ``upper`` says under its other name: ``smarthost`` hides ``smarthosts``."""
    kept: dict[str, Any] = {}
    for name, one in data.items():
        above = upper.get(name)
        if isinstance(one, Mapping) and isinstance(above, Mapping):
            kept[name] = _not_hidden(one, above)
        elif above is not None or isinstance(one, Mapping) or _PARTNER.get(name) not in upper:
            kept[name] = one
    return kept


def _by_index(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        return {str(index): folded(one) for index, one in enumerate(value)}
    return folded(value)


def _unfolded(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: _as_list(one) if name in LISTS_OF_TABLES else _unfolded(one) for name, one in value.items()}


def _as_list(value: Any) -> Any:
    if isinstance(value, Mapping) and value and all(str(name).isdecimal() for name in value):
        return [_unfolded(value[name]) for name in sorted(value, key=int)]
    return _unfolded(value)
