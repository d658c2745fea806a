"""Colours that stay readable: whatever primary colour a brand has, text on it reaches WCAG AA."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mailsend.errors import TemplateError

__all__ = ["contrast", "palette"]

AA = 4.5  # WCAG 2.2, 1.4.3: text of ordinary size
_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})\Z")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")

_DEFAULTS = {
    "primary": "#1d4ed8",
    "background": "#f1f4f8",
    "surface": "#ffffff",
    "panel": "#f6f8fb",
    "text": "#1b2430",
    "muted": "#566274",
    "border": "#dde3eb",
    "dark_background": "#0f1319",
    "dark_surface": "#191f28",
    "dark_panel": "#212834",
    "dark_text": "#eef1f5",
    "dark_muted": "#aab4c3",
    "dark_border": "#343d4b",
}


def _luminance(color: str) -> float:
    channels = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours (``#rrggbb``), from 1 to 21 (WCAG 2.2)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _mixed(color: str, other: str, share: float) -> str:
    pairs = zip(bytes.fromhex(color[1:]), bytes.fromhex(other[1:]), strict=True)
    return "#" + bytes(round(a + (b - a) * share) for a, b in pairs).hex()


def _readable(color: str, *grounds: str) -> str:
    """Give ``color``, drawn towards black or white until it can be read on each of ``grounds``."""
    end = max(("#000000", "#ffffff"), key=lambda pole: min(contrast(pole, ground) for ground in grounds))
    for step in range(20):
        mixed = _mixed(color, end, step / 20)
        if all(contrast(mixed, ground) >= AA for ground in grounds):
            return mixed
    return end


def palette(colors: Mapping[str, str]) -> dict[str, str]:
    """Give all colours of a brand as ``#rrggbb``: its own, the defaults, and those that follow.

    ``on_primary`` is the text on a button, ``link`` a link on the light surface, ``dark_link`` one
    on the dark surface; these three follow from ``primary`` unless given. Raises TemplateError for
    a colour that is none.
    """
    own: dict[str, str] = {}
    for name, value in colors.items():
        color = value.strip().lower() if isinstance(value, str) else ""
        if not _HEX.match(color) or not _NAME.match(name):
            raise TemplateError(
                "_base",
                f"branding: colour {ascii(name)[:50]} is not of the form #rrggbb",
                advice='Write it as in colors = { primary = "#0b5fff" }.',
            )
        own[name] = color if len(color) == 7 else "#" + "".join(digit * 2 for digit in color[1:])
    full = {**_DEFAULTS, **own}
    primary = full["primary"]
    derived = {
        "on_primary": max(("#ffffff", "#000000"), key=lambda pole: contrast(pole, primary)),
        "link": _readable(primary, full["surface"], full["panel"], full["background"]),
        "dark_link": _readable(primary, full["dark_surface"], full["dark_panel"], full["dark_background"]),
    }
    return {**derived, **full}
