"""A customer's look: exactly the fields that customised mails have (H4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["Branding", "Logo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """A picture for the head of every mail: its bytes, and the file name that it goes out under."""

    data: bytes = field(repr=False)
    filename: str = "logo.png"
    content_type: str = "image/png"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branding:
    """A customer's look; ``None`` where a scope leaves a field to the scope around it."""

    enabled: bool | None = None
    partner_name: str | None = None
    contact: str | None = None
    legal_notice: str | None = None
    support_phone: str | None = None
    support_email: str | None = None
    logo: Logo | None = None
    colors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
