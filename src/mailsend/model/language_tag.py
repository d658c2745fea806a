"""Language tags: the one spelling of what a mail's language may be called."""

from __future__ import annotations

import re

__all__ = ["LANGUAGE_TAG_ADVICE", "language_tag"]

LANGUAGE_TAG_ADVICE = 'Write it as "de", "de-CH" or "zh-Hant-TW".'

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?\Z")


def language_tag(text: str) -> str | None:
    """Give the tag (RFC 5646: language, script, region) as ``de-CH`` is written, None for no tag."""
    found = _TAG.match(text)
    if found is None:
        return None
    language, script, region = found.groups()
    parts = (language.lower(), script and script.title(), region and region.upper())
    return "-".join(part for part in parts if part)
