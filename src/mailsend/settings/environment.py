"""The environment and secret files: names with ``__`` between their levels, read by the schema."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mailsend.errors import InvalidSettings
from mailsend.model.reading import Loose, nearest
from mailsend.model.reading_tables import Listed, Named
from mailsend.model.rules_reader import SCHEMA
from mailsend.settings.files import read_text
from mailsend.settings.finding import Finding
from mailsend.settings.layers import Key, Layer

__all__ = ["config_named", "from_environment", "from_secret_files", "smarthost_of_others"]

_PREFIX: Final = "MAILSEND_"
_CONFIG: Final = "MAILSEND_CONFIG"
_SECRETS_DIR: Final = "MAILSEND_SECRETS_DIR"
_USUAL_SECRETS_DIR: Final = Path("/run/secrets")
_URLS_OF_OTHERS: Final = ("SMTP_URL", "EMAIL_URL", "MAILER_DSN")
# What other libraries call the schemes that we know (django-environ, dj-email-url, marrow.mailer).
_SCHEMES_OF_OTHERS: Final = {
    "smtp+tls": "smtp",
    "smtp+ssl": "smtps",
    "consolemail": "console",
    "filemail": "file",
    "memorymail": "memory",
}


def config_named() -> str | None:
    """Give the settings file that MAILSEND_CONFIG names."""
    return _variables().get(_CONFIG) or None


def from_environment(below: Mapping[str, Any]) -> tuple[Layer, tuple[Finding, ...]]:
    """Read the variables ``MAILSEND_…``; ``below`` tells the customers' names as files write them.

    An empty variable counts as none. Variables that mean nothing are findings.
    """
    found = {
        name: value
        for name, value in _variables().items()
        if name.upper().startswith(_PREFIX) and name not in (_CONFIG, _SECRETS_DIR) and value
    }
    return _layer("environment", found, below, {name: name for name in found})


def from_secret_files(below: Mapping[str, Any]) -> tuple[Layer, tuple[Finding, ...]]:
    """Read the files ``mailsend_…`` in MAILSEND_SECRETS_DIR, else in ``/run/secrets``."""
    named = _variables().get(_SECRETS_DIR)
    folder = Path(named) if named else _USUAL_SECRETS_DIR
    if named and not folder.is_dir():
        raise InvalidSettings(
            _SECRETS_DIR, f"there is no folder {folder}", advice="Name the folder with the secret files."
        )
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    ours = {one.name: one for one in files if one.name.upper().startswith(_PREFIX)}
    texts = {name: read_text(path, where=str(path)).rstrip("\r\n") for name, path in ours.items()}
    return _layer("secret files", texts, below, {name: str(path) for name, path in ours.items()})


def smarthost_of_others() -> Layer | None:
    """Read the server that SMTP_URL, EMAIL_URL, MAILER_DSN or SMTP_HOST names, the first of these."""
    for name in _URLS_OF_OTHERS:
        url = _variable(name)
        if url:
            return _one_smarthost(_in_our_words(url), _used(name))
    host = _variable("SMTP_HOST")
    if not host:
        return None
    port = _variable("SMTP_PORT") or "587"
    if not (port.isascii() and port.isdecimal()):
        raise InvalidSettings(
            _used("SMTP_PORT"), "expected a port as a number", advice="Write digits, as in 587."
        )
    server: dict[str, Any] = {"url": f"{'smtps' if port == '465' else 'smtp'}://{_bracketed(host)}:{port}"}
    for name, key in (("SMTP_USER", "user"), ("SMTP_PASSWORD", "password")):
        value = _variable(name)
        if value:
            server[key] = Loose(value)
    if host in ("localhost", "127.0.0.1", "::1"):
        server["tls"] = "opportunistic"  # nothing leaves this machine
    return _one_smarthost(server, _used("SMTP_HOST"))


def _layer(
    origin: str, texts: Mapping[str, str], below: Mapping[str, Any], shown: Mapping[str, str]
) -> tuple[Layer, tuple[Finding, ...]]:
    data: dict[str, Any] = {}
    origins: dict[Key, str] = {}
    files: dict[str, str] = {}
    findings = []
    for name in sorted(texts, key=lambda one: (one.count("__"), one)):
        parts = name[len(_PREFIX) :].lower().split("__")
        key = _key(parts, below)
        of_file = _key_of_file(parts, below)
        if key is None and of_file is None:
            findings.append(_unknown(name, parts))
            continue
        if of_file is not None:
            base = name[: -len("_FILE")]
            if any(other.upper() == base.upper() for other in texts):
                raise InvalidSettings(
                    ".".join(of_file), f"{base} and {name} are both set", advice="Set one of the two."
                )
            key, value = of_file, _content(of_file, texts[name], name)
            files[".".join(key)] = texts[name]
        else:
            value = _typed(key or (), texts[name])
        assert key is not None  # one of the two was found
        _put(data, key, value, name)
        origins[key] = f"{origin}: {shown[name]}"
    return Layer(origin=origin, data=data, origins=origins, files=files), tuple(findings)


def _content(key: Key, path: str, name: str) -> Any:
    """Give what NAME_FILE stands for; a picture is read where all paths of pictures are."""
    if key[-1] == "logo":
        return path
    return Loose(read_text(Path(path), where=name).rstrip("\r\n"))


def _typed(key: Key, text: str) -> Any:
    """Give text as the table that it writes in JSON, where a table stands; else as loose text."""
    converter: Any = SCHEMA
    for name in key:
        converter = converter.inner(name)
    if hasattr(converter, "inner") and not isinstance(converter, Listed) and text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            pass
    return Loose(text)


def _key(parts: list[str], below: Any) -> Key | None:
    """Give the key in the schema that the parts of a name mean, or None."""
    converter: Any = SCHEMA
    key: list[str] = []
    for part in parts:
        name = _spelled(part, below) if isinstance(converter, Named) else part
        inner = getattr(converter, "inner", None)
        converter = inner(name) if inner is not None and name else None
        if converter is None:
            return None
        below = below.get(name) if isinstance(below, Mapping) else None
        key.append(name)
    return tuple(key)


def _key_of_file(parts: list[str], below: Any) -> Key | None:
    """Give the key whose value stands in a file that a name ending in _FILE names, or None."""
    if not parts[-1].endswith("_file"):
        return None
    return _key([*parts[:-1], parts[-1].removesuffix("_file")], below)


def _spelled(part: str, below: Any) -> str:
    """Give a name of the user's choice as a file spells it: variables know neither case nor hyphen."""
    known = below if isinstance(below, Mapping) else {}
    alike = (one for one in known if str(one).casefold().replace("-", "_") == part)
    return next(alike, part)


def _put(data: dict[str, Any], key: Key, value: Any, name: str) -> None:
    node: Any = data
    for part in key[:-1]:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise InvalidSettings(
                ".".join(key),
                f"{name} says a part of what another variable says whole",
                advice="Say it all in one variable, or each part in one of its own.",
            )
    node[key[-1]] = value


def _unknown(name: str, parts: list[str]) -> Finding:
    converter: Any = SCHEMA
    for part in parts[:-1]:
        inner = getattr(converter, "inner", None)
        converter = inner(part) if inner is not None else None
    known = getattr(converter, "entries", {})
    meant = nearest(parts[-1], known) if isinstance(known, Mapping) else None
    head = name[: len(name) - len(parts[-1])]
    return Finding(
        where=name,
        what="this variable means nothing here",
        advice=f"Did you mean {head}{meant.upper()}?" if meant else "Take it out.",
    )


def _variable(name: str) -> str | None:
    """Give a variable's value, or what is in the file that NAME_FILE names."""
    variables = _variables()
    value, path = variables.get(name), variables.get(f"{name}_FILE")
    if value and path:
        raise InvalidSettings(name, f"{name} and {name}_FILE are both set", advice="Set one of the two.")
    if path:
        return read_text(Path(path), where=f"{name}_FILE").strip()
    return value


def _used(name: str) -> str:
    """Give the variable that says it: NAME, or NAME_FILE where that is set."""
    return f"{name}_FILE" if _variables().get(f"{name}_FILE") else name


def _in_our_words(url: str) -> str:
    scheme, _, rest = url.partition(":")
    known = _SCHEMES_OF_OTHERS.get(scheme.lower())
    if known is None:
        return url
    return f"{known}:{rest.removeprefix('//') if known in ('console', 'memory') else rest}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _one_smarthost(server: Any, name: str) -> Layer:
    return Layer(
        origin=f"environment: {name}",
        data={"application": {"smarthosts": [server]}},
        origins={("application", "smarthosts"): f"environment: {name}"},
    )


def _variables() -> Mapping[str, str]:
    return os.environ  # noqa: TID251 - this is where the environment is read
