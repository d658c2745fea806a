"""Settings found and merged: keywords, environment, secret files, file."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mailsend.errors import InvalidSettings
from mailsend.settings.environment import (
    config_named,
    from_environment,
    from_secret_files,
    smarthost_of_others,
)
from mailsend.settings.files import with_files
from mailsend.settings.finding import Finding
from mailsend.settings.layers import Layer, folded, merged, read_toml
from mailsend.settings.saying import named

__all__ = ["Loaded", "file_to_read", "load_file", "load_mapping"]

_log = logging.getLogger("mailsend.settings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was read: the merged data, the layers that it comes from, and what was noticed."""

    data: Any = field(repr=False)
    layers: tuple[Layer, ...]
    findings: tuple[Finding, ...] = ()
    file: Path | None = None


def file_to_read() -> Path | None:
    """Give the settings file: MAILSEND_CONFIG's, else ``mailsend.toml`` or ``pyproject.toml`` here."""
    named = config_named()
    if named:
        return Path(named)
    own, shared = Path.cwd() / "mailsend.toml", Path.cwd() / "pyproject.toml"
    if own.exists():
        return own
    return shared if shared.is_file() and _toml(shared) else None


def load_mapping(data: Any) -> Loaded:
    """Take a mapping in the TOML's shape, and read the files that it names."""
    layer, findings = _with_files(Layer(origin="mapping", data=data), Path.cwd())
    return Loaded(data=layer.data, layers=(layer,), findings=findings)


def load_file(file: Path | None, keywords: Mapping[str, Any]) -> Loaded:
    """Merge keywords, environment, secret files and ``file``; log what variables mean nothing."""
    file_layer, findings = _from_file(file) if file is not None else (Layer(origin="", data={}), ())
    environment, unknown = from_environment(file_layer.data)
    secret_files, unknown_files = from_secret_files(file_layer.data)
    findings = (*unknown, *unknown_files, *findings)
    for one in (*unknown, *unknown_files):
        _log.warning("%s", one)
    layers = []
    for layer in (Layer(origin="keyword", data=keywords), environment, secret_files):
        with_content, noticed = _with_files(layer, Path.cwd())
        layers.append(with_content)
        findings = (*findings, *noticed)
    layers.append(file_layer)
    data = merged(layers)
    if _lacks_smarthost(data) and (of_others := smarthost_of_others()) is not None:
        layers.insert(0, of_others)  # above an empty list, which would hide it
        data = merged(layers)
    if not data:
        raise InvalidSettings(
            "",
            "there are no settings",
            advice=f"Write mailsend.toml in {Path.cwd()}, or name a file in MAILSEND_CONFIG.",
        )
    return Loaded(data=data, layers=tuple(layers), findings=findings, file=file)


def _lacks_smarthost(data: Mapping[str, Any]) -> bool:
    application = data.get("application")
    return isinstance(application, Mapping) and not (
        application.get("smarthost") or application.get("smarthosts")
    )


def _from_file(path: Path) -> tuple[Layer, tuple[Finding, ...]]:
    data = _toml(path)
    if not data and path.name == "pyproject.toml":
        raise InvalidSettings(
            str(path),
            "it has no table [tool.mailsend]",
            advice="Write [tool.mailsend.application] in it, or name a mailsend.toml.",
        )
    layer, findings = _with_files(Layer(origin=str(path), data=data), path.absolute().parent)
    return replace(layer, data=folded(layer.data)), findings


def _with_files(layer: Layer, base: Path) -> tuple[Layer, tuple[Finding, ...]]:
    try:
        read = with_files(layer.data, base)
    except InvalidSettings as fault:
        raise named(fault, layer) from None
    return replace(layer, data=read.data, files={**layer.files, **read.files}), tuple(read.findings)


def _toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; errors are raised outside of ``except``, for theirs hold the file's text."""
    advice = "Give it a name and a folder that this process may read."
    try:
        if path.is_file():
            return read_toml(path)
        why, advice = (
            "there is no such file" if not path.is_dir() else "it is a folder",
            "Look at --config, MAILSEND_CONFIG and the current folder.",
        )
    except OSError as fault:
        why = f"it cannot be read: {fault.strerror}"
    except UnicodeDecodeError:
        why, advice = "it is not text in UTF-8", "Save it as UTF-8, as TOML asks."
    except (ValueError, RecursionError, AttributeError) as fault:
        why = f"it is not valid TOML: {fault}"
        advice = 'Mend the line; text stands in quotes, as in name = "Acme".'
    raise InvalidSettings(str(path), why, advice=advice)
