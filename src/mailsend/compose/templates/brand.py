"""A customer's branding as templates see it: the fields of H4, a palette, and the logo by cid."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mailsend.compose.templates.palette import palette
from mailsend.model.attachment import Attachment
from mailsend.model.rules import Branding

__all__ = ["Brand", "brand_of"]

_FIELDS = ("partner_name", "contact", "legal_notice", "support_phone", "support_email")


@dataclass(frozen=True, slots=True)
class Brand:
    """What templates are given as ``brand``, and the logo as an inline part.

    Two brands are equal where the branding is. ``values`` is a plain dict: the sandbox keeps it
    from being changed, and looking things up in it is what costs least.
    """

    key: tuple[Any, ...]
    values: dict[str, Any] = field(compare=False, repr=False)
    logo: Attachment | None = field(compare=False, repr=False)


def brand_of(branding: Branding) -> Brand:
    """Give the brand; the same object for the same branding. Raises TemplateError for a bad colour."""
    logo = branding.logo
    return _brand(
        (
            *(getattr(branding, name) for name in _FIELDS),
            (logo.data, logo.filename, logo.content_type) if logo else None,
            tuple(sorted(branding.colors.items())),
        )
    )


@lru_cache(maxsize=512)
def _brand(key: tuple[Any, ...]) -> Brand:
    *fields, logo, colors = key
    attachment = None
    if logo is not None:
        data, filename, content_type = logo
        attachment = Attachment.from_bytes(data, filename=filename, content_type=content_type, inline=True)
    return Brand(
        key=key,
        values={
            **dict(zip(_FIELDS, fields, strict=True)),
            "logo": f"cid:{attachment.cid}" if attachment else None,
            "colors": palette(dict(colors)),
        },
        logo=attachment,
    )
