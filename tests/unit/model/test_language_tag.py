"""Language tags (RFC 5646: language, script, region)."""

from __future__ import annotations

import pytest

from mailsend.model.language_tag import language_tag


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("de", "de"),
        ("DE_ch", "de-CH"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("sr-latn", "sr-Latn"),
        ("es-419", "es-419"),
        ("", None),
        ("d", None),
        ("german", None),
        ("de-", None),
        ("de\n", None),
        ("../../x", None),
        ("x" * 300, None),
    ],
)
def test_a_tag_has_one_spelling(text, tag):
    """Hyphens part it, and each part has its usual case; what is no tag is None."""
    assert language_tag(text) == tag
