"""Traits that what a server says speaks for (M8; RFC 1870, 2920, 9422)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from mailsend.model.server import Pipelining, Server
from mailsend.model.server_limits import limits_in
from mailsend.model.server_presets import preset_for, preset_for_greeting
from mailsend.transport.probe.report import Proposal

__all__ = ["preset_name", "proposals_for", "size_limit"]

_MOST_DIGITS: Final = 15


def proposals_for(server: Server, extensions: Mapping[str, str]) -> tuple[Proposal, ...]:
    """Give what might be set for ``server`` after it has said what it offers."""
    return tuple(_proposals(server, extensions))


def preset_name(host: str, greeting: str) -> str:
    """Give the name of the provider that the host name tells, else the greeting; empty where none does."""
    preset = preset_for(host) or preset_for_greeting(greeting)
    return "" if preset is None else preset.name


def size_limit(extensions: Mapping[str, str]) -> int | None:
    """Give the largest mail that the server takes, in octets; None where it does not say (RFC 1870)."""
    written = extensions.get("SIZE", "")
    if not (written.isascii() and written.isdigit() and len(written) <= _MOST_DIGITS):
        return None
    return int(written) or None


def _proposals(server: Server, extensions: Mapping[str, str]) -> Iterator[Proposal]:
    size = size_limit(extensions)
    if size is not None:
        yield Proposal(trait="max_message_size", value=size, because=f"SIZE {size}")
    limits = limits_in(extensions)
    for name, trait, most, stated in (
        ("MAILMAX", "max_messages", limits.mailmax, server.max_messages),
        ("RCPTMAX", "max_recipients", limits.rcptmax, server.max_recipients),
    ):
        if most is not None and (not stated or most < stated):
            yield Proposal(trait=trait, value=most, because=f"LIMITS {name}={most}")
    if "PIPELINING" not in extensions and server.pipelining is not Pipelining.OFF:
        yield Proposal(trait="pipelining", value=str(Pipelining.OFF), because="PIPELINING is not offered")
